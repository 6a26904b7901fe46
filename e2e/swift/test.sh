#!/usr/bin/env bash
# Runs the tests of e2e/swift against OpenStack Swift with its S3 API, on free ports of 127.0.0.1: a proxy, and one
# account, container and object server. Their data is in a temporary folder on a file system with extended attributes,
# and is deleted at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/swift/fetch.sh
. e2e/harness/real-s3.sh

root=$PWD/.local/swift/root

# Only Swift's own programs may see Debian's libraries from that folder.
in_swift=(env "PYTHONPATH=$root/usr/lib/python3/dist-packages"
  "LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu")
# Runs one of its programs with the configuration in the temporary folder: they have no option for the path of swift.conf.
run_with_conf='import runpy, sys
from swift.common.utils import set_swift_dir
set_swift_dir(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")'
build_ring() {
  "${in_swift[@]}" /usr/bin/python3 "$root/usr/bin/swift-ring-builder" "$@" >/dev/null
}

proxy_port=$(free_port)
export S3_ENDPOINT=http://127.0.0.1:$proxy_port S3_ACCESS_KEY=test:tester S3_SECRET_KEY=testing
memcached_port=$(free_port)
mkdir -p "$state/devices/d1" "$state/cache"
cat >"$state/swift.conf" <<END
[swift-hash]
swift_hash_path_prefix = jobs
swift_hash_path_suffix = api
END
common() {
  cat <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $1
workers = ${2:-0}
user = $(id -un)
swift_dir = $state
devices = $state/devices
mount_check = false
disable_fallocate = true
log_level = WARNING
END
}
start_swift() {
  start "$1" "${in_swift[@]}" /usr/bin/python3 -c "$run_with_conf" "$state" "$root/usr/bin/swift-$1-server" \
    "$state/$1-server.conf"
}

start memcached "${in_swift[@]}" "$root/usr/bin/memcached" -l 127.0.0.1 -p "$memcached_port" -u "$(id -un)"
for name in account container object; do
  port=$(free_port)
  build_ring "$state/$name.builder" create 4 1 1
  build_ring "$state/$name.builder" add "r1z1-127.0.0.1:$port/d1" 1
  build_ring "$state/$name.builder" rebalance
  common "$port" >"$state/$name-server.conf"
  cat >>"$state/$name-server.conf" <<END
[pipeline:main]
pipeline = $name-server
[app:$name-server]
use = egg:swift#$name
END
  start_swift $name
done

common "$proxy_port" 2 >"$state/proxy-server.conf"
cat >>"$state/proxy-server.conf" <<END
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$memcached_port
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = $S3_SECRET_KEY .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
END
start_swift proxy

until_ok Swift curl -s -o /dev/null "$S3_ENDPOINT"
run_tests swift "$@"
