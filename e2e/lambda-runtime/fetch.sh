#!/usr/bin/env bash
# Installs AWS's runtime client for Node.js into .local/lambda-runtime.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.local/lambda-runtime

[ -x "$home/node_modules/aws-lambda-ric/rapid-client.node" ] && exit 0
mkdir -p "$home"
npm install --prefix "$home" --no-save --no-package-lock aws-lambda-ric@4.0.2 >"$home/fetch.log" 2>&1 || true
[ -x "$home/node_modules/aws-lambda-ric/rapid-client.node" ] ||
  { echo "AWS's runtime client cannot be built: see $home/fetch.log" >&2; exit 1; }
