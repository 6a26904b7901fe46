#!/usr/bin/env bash
# Downloads Debian's OpenStack Swift packages into .local/swift/root, without installing them. Needs Debian 12 and apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/swift
packages=(swift-proxy swift-account swift-container swift-object memcached)

[ -x "$home/root/usr/bin/swift-proxy-server" ] && exit 0
mkdir -p "$home/debs/partial" "$home/root"
download() {
  apt-get install -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 \
    -o Dir::Cache::archives="$home/debs" "${packages[@]}" >>"$home/fetch.log" 2>&1
}
download || { apt-get update >>"$home/fetch.log" 2>&1 && download; } ||
  { echo "Debian's Swift packages cannot be downloaded: see $home/fetch.log" >&2; exit 1; }
for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
