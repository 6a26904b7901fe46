#!/usr/bin/env bash
# Runs the tests of e2e/browser: the pages in Debian's headless Chromium.
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/browser/fetch.sh
node scripts/bundle.js
CHROMIUM=$PWD/.local/browser/chromium \
  node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --testMatch '<rootDir>/e2e/browser/*.test.ts' --testTimeout 300000 "$@"
