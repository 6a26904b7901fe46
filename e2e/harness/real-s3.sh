# What the scripts that start a real S3 server have in common. They source it, from the root of the project.

# Everything that the servers write. It is deleted at the end.
state=$(mktemp -d)
servers=()

stop() {
  kill "${servers[@]}" 2>/dev/null || true
  wait "${servers[@]}" 2>/dev/null || true
  rm -rf "$state"
}
trap stop EXIT

# Starts a server in the background: start NAME COMMAND…
start() {
  local name=$1
  shift
  "$@" >>"$state/$name.out" 2>&1 &
  servers+=($!)
}

# Repeats a command until it succeeds: until_ok WHAT COMMAND…
until_ok() {
  local what=$1 deadline=$((SECONDS + 120))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { echo "$what did not start:" >&2; show_logs; exit 1; }
    sleep 0.2
  done
}

show_logs() { tail -n 20 "$state"/*.out "$state"/*.log >&2 2>/dev/null || true; }

free_port() {
  node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })"
}

# Runs the tests of a folder of e2e on S3_ENDPOINT: run_tests FOLDER [jest arguments…]
run_tests() {
  local folder=$1
  shift
  node scripts/bundle.js
  node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
    --testMatch "<rootDir>/e2e/$folder/*.test.ts" --testTimeout 600000 --runInBand "$@" ||
    { local status=$?; show_logs; exit $status; }
}
