#!/usr/bin/env bash
# Downloads packages of Debian into .local/FOLDER/root, without installing them: fetch-debian.sh FOLDER NAME PACKAGES…
# Needs Debian 12 and apt-get. Packages that are installed are not downloaded.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.local/$1
name=$2
shift 2

mkdir -p "$home/debs/partial" "$home/root"
download() {
  apt-get install -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 \
    -o Dir::Cache::archives="$home/debs" "$@"
}
download "$@" >"$home/fetch.log" 2>&1 || { apt-get update && download "$@"; } >>"$home/fetch.log" 2>&1 ||
  { echo "Debian's packages of $name cannot be downloaded: see $home/fetch.log" >&2; exit 1; }
for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
rm -r "$home/debs"
