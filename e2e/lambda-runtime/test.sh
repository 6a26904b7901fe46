#!/usr/bin/env bash
# Runs the tests of e2e/lambda-runtime: the bundled handler under AWS's own runtime client. That compiles a part of
# itself when it is installed, which takes a minute and needs cmake and g++, so it is not a dependency but is installed
# into .local, once.
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/lambda-runtime/fetch.sh
node scripts/bundle.js
LAMBDA_RUNTIME_CLIENT=$PWD/.local/lambda-runtime/node_modules/aws-lambda-ric/index.mjs \
  node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --testMatch '<rootDir>/e2e/lambda-runtime/*.test.ts' "$@"
