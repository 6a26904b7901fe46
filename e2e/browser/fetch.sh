#!/usr/bin/env bash
# Brings Debian's headless Chromium into .local/browser/root, without installing it. Needs Debian 12 and apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/browser

[ -x "$home/chromium" ] && exit 0
mkdir -p "$home/debs/partial" "$home/root"
download() {
  # Packages that are installed are not fetched, except fonts: a page then looks the same on every machine.
  apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" \
    chromium-headless-shell &&
    apt-get install -y --no-install-recommends --download-only --reinstall -o Dir::Cache::archives="$home/debs" \
      fonts-inter fonts-dejavu-core
}
download >"$home/fetch.log" 2>&1 || { apt-get update && download; } >>"$home/fetch.log" 2>&1 ||
  { echo "Debian's Chromium cannot be fetched: see $home/fetch.log" >&2; exit 1; }
for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/root"; done
rm -r "$home/debs"

cat >"$home/fonts.conf" <<END
<fontconfig>
  <dir>$home/root/usr/share/fonts</dir>
  <cachedir>$home/font-cache</cachedir>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="strong"><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="strong"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
END

libraries=$home/root/usr/lib/x86_64-linux-gnu
cat >"$home/chromium" <<END
#!/bin/sh
export LD_LIBRARY_PATH="$libraries:$libraries/pulseaudio" FONTCONFIG_FILE="$home/fonts.conf"
exec "$home/root/usr/lib/chromium/chromium-headless-shell" "\$@"
END
chmod +x "$home/chromium"
