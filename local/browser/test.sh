#!/usr/bin/env bash
# Runs the *.browser-test.ts files: the pages in Debian's headless Chromium.
set -euo pipefail
cd "$(dirname "$0")/../.."
local/browser/fetch.sh
node scripts/bundle.js
CHROMIUM=$PWD/.local/browser/chromium \
  node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --testMatch '**/*.browser-test.ts' --testTimeout 300000 "$@"
