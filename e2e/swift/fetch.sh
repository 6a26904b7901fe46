#!/usr/bin/env bash
# Brings Debian's Swift packages into .local/swift/root, without installing them. Needs Debian 12 and apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/swift

[ -x "$home/root/usr/bin/swift-proxy-server" ] && exit 0
mkdir -p "$home/debs/partial" "$home/root"
apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" \
  swift-proxy swift-account swift-container swift-object memcached >"$home/fetch.log" 2>&1 ||
  { apt-get update >>"$home/fetch.log" 2>&1 &&
    apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" \
      swift-proxy swift-account swift-container swift-object memcached >>"$home/fetch.log" 2>&1; } ||
  { echo "Debian's Swift packages cannot be had: see $home/fetch.log" >&2; exit 1; }
for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
