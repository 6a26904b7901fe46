#!/usr/bin/env bash
# Runs the recipes of docs/recipes.md against the built service.
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/recipes/fetch.sh
root=$PWD/.local/recipes/root
if [ -d "$root" ]; then export PATH=$PATH:$root/usr/bin LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu; fi
node scripts/bundle.js
node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --testMatch '<rootDir>/e2e/recipes/*.test.ts' "$@"
