#!/usr/bin/env bash
# Brings promtool, a part of Debian's prometheus, into .local/operations, without installing it. The AWS CLI and jq have
# to be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/operations

for program in aws jq; do
  command -v "$program" >/dev/null || { echo "$program is not installed" >&2; exit 1; }
done
[ -x "$home/promtool" ] && exit 0
mkdir -p "$home"
cd "$home"
{ apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } >fetch.log 2>&1 ||
  { echo "Debian's prometheus cannot be downloaded: see $home/fetch.log" >&2; exit 1; }
dpkg --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool
rm prometheus_*.deb
