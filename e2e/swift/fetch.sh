#!/usr/bin/env bash
# Downloads Debian's OpenStack Swift packages into .local/swift/root, without installing them. Needs Debian 12, apt-get,
# and a temporary folder on a file system with extended attributes.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD/.local/swift/root

[ -x "$root/usr/bin/swift-proxy-server" ] ||
  scripts/fetch-debian.sh swift 'OpenStack Swift' swift-proxy swift-account swift-container swift-object memcached
PYTHONPATH=$root/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu \
  /usr/bin/python3 -c 'import os, tempfile, swift.proxy.server, swift.common.middleware.s3api.s3api
with tempfile.NamedTemporaryFile() as file: os.setxattr(file.name, "user.swift", b"")' ||
  { echo "OpenStack Swift does not run here" >&2; exit 1; }
