#!/usr/bin/env bash
# Runs the tests of e2e/operations: the commands of docs/operations.md, and the alert rules under promtool.
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/operations/fetch.sh
node scripts/bundle.js
PATH=$PWD/.local/operations:$PATH \
  node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --testMatch '<rootDir>/e2e/operations/*.test.ts' "$@"
