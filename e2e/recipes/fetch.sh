#!/usr/bin/env bash
# Brings curl, jq and Python 3 of Debian into .local/recipes/root if one of them is not installed. Needs Debian 12 and
# apt-get then.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/recipes

works() { curl --version && jq --version && python3 -c 'import datetime, re'; }
works >/dev/null 2>&1 && exit 0
mkdir -p "$home/debs/partial" "$home/root"
download() {
  apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" curl jq python3
}
download >"$home/fetch.log" 2>&1 || { apt-get update && download; } >>"$home/fetch.log" 2>&1 ||
  { echo "Debian's curl, jq and Python cannot be fetched: see $home/fetch.log" >&2; exit 1; }
for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
rm -r "$home/debs"
export PATH=$PATH:$home/root/usr/bin LD_LIBRARY_PATH=$home/root/usr/lib/x86_64-linux-gnu
works >"$home/fetch.log" 2>&1 || { echo "curl, jq and Python do not run: see $home/fetch.log" >&2; exit 1; }
