#!/usr/bin/env bash
# Brings promtool (in Debian's prometheus) and kubectl (in Debian's kubernetes-client) into .local/operations, without
# installing them. The AWS CLI, jq and systemd have to be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/operations

for program in aws jq systemctl systemd-analyze; do
  command -v "$program" >/dev/null || { echo "$program is not installed" >&2; exit 1; }
done
mkdir -p "$home"
cd "$home"

# bring PACKAGE PROGRAM
bring() {
  if [ -x "$2" ]; then return; fi
  { apt-get download "$1" || { apt-get update && apt-get download "$1"; }; } >fetch.log 2>&1 ||
    { echo "Debian's $1 cannot be downloaded: see $home/fetch.log" >&2; exit 1; }
  dpkg --fsys-tarfile "$1"_*.deb | tar -x --strip-components=3 "./usr/bin/$2"
  rm "$1"_*.deb
}
bring prometheus promtool
bring kubernetes-client kubectl
