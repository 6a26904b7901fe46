#!/usr/bin/env bash
# Brings Debian's Ceph packages into .local/rgw/root, without installing them. Needs Debian 12 and apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/rgw

[ -x "$home/root/usr/bin/radosgw" ] && exit 0
mkdir -p "$home/debs/partial" "$home/root"
apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" \
  radosgw ceph-mon ceph-osd ceph-common >"$home/fetch.log" 2>&1 ||
  { apt-get update >>"$home/fetch.log" 2>&1 &&
    apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" \
      radosgw ceph-mon ceph-osd ceph-common >>"$home/fetch.log" 2>&1; } ||
  { echo "Debian's Ceph packages cannot be downloaded: see $home/fetch.log" >&2; exit 1; }
for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
