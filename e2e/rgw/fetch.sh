#!/usr/bin/env bash
# Downloads Debian's Ceph packages into .local/rgw/root, without installing them. Needs Debian 12 and apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .local/rgw/root/usr/bin/radosgw ] || scripts/fetch-debian.sh rgw Ceph radosgw ceph-mon ceph-osd ceph-common
