#!/usr/bin/env bash
# Runs the tests of this example. They start and kill PostgreSQL servers of their own on free ports of 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(examples/postgres/fetch.sh)
libraries=$PWD/.local/postgres/root/usr/lib/x86_64-linux-gnu

POSTGRES_PROGRAMS=$programs POSTGRES_LIBRARIES=$libraries \
  node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --testMatch '<rootDir>/examples/postgres/src/*.test.ts' --testTimeout 300000 "$@"
