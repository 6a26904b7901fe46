#!/usr/bin/env bash
# Prints the folder of PostgreSQL's programs: the installed ones, or Debian's, which it brings into .local/postgres/root
# without installing them. Needs Debian 12 and apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/postgres

programs() { find {,"$home/root"}/usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1 || true; }
if [ -z "$(programs)" ]; then
  mkdir -p "$home/debs/partial" "$home/root"
  download() {
    apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" postgresql
  }
  download >"$home/fetch.log" 2>&1 || { apt-get update && download; } >>"$home/fetch.log" 2>&1 ||
    { echo "Debian's PostgreSQL cannot be fetched: see $home/fetch.log" >&2; exit 1; }
  for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
  rm -r "$home/debs"
fi
programs
