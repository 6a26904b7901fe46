#!/usr/bin/env bash
# Runs tests on another version of Node: test-on-node.sh VERSION [jest arguments…]. Without a path among the arguments, runs
# the core, what differs between versions of Node, both entry points by their contract, and `pnpm dev`.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1
shift

tests=()
if [[ ${1:---} == -* ]]; then
  tests=(
    packages/core
    packages/adapters-aws/src/jwt/fetch-text
    packages/http-express/src/{app,service/http-server}.test
    e2e/service/{server,proxy}
    e2e/lambda/{handler.contract,same-responses}
    dev/src/dev.test
  )
fi

npx -y -p "node@$version" -- node --experimental-vm-modules --disable-warning=ExperimentalWarning \
  node_modules/jest/bin/jest.js "${tests[@]}" "$@"
