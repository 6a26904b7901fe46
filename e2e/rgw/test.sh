#!/usr/bin/env bash
# Runs the tests of e2e/rgw against a RADOS Gateway, the S3 of Ceph, on free ports of 127.0.0.1: one monitor, one
# storage daemon in memory, one gateway. All they write is in a temporary folder, and all of it is gone at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/rgw/fetch.sh
. e2e/harness/real-s3.sh

root=$PWD/.local/rgw/root
libraries=$root/usr/lib/x86_64-linux-gnu
export CEPH_CONF=$state/ceph.conf

# Only Ceph's own programs may see Debian's libraries from that folder.
in_ceph=(env "PATH=$root/usr/bin:$PATH" "PYTHONPATH=$root/usr/lib/python3/dist-packages"
  "LD_LIBRARY_PATH=$libraries:$libraries/ceph:$root/usr/lib/ceph:$root/lib/x86_64-linux-gnu")

monitor_port=$(free_port)
gateway_port=$(free_port)
cluster=$(cat /proc/sys/kernel/random/uuid)
export S3_ENDPOINT=http://127.0.0.1:$gateway_port S3_ACCESS_KEY=rgw-access-key S3_SECRET_KEY=rgw-secret-key

mkdir "$state"/{mon,osd,run}
cat >"$CEPH_CONF" <<END
[global]
fsid = $cluster
mon host = [v1:127.0.0.1:$monitor_port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
keyring = $state/keyring
run dir = $state/run
crash dir = $state/run
admin socket =
log file = $state/\$name.log
plugin dir = $libraries/ceph
erasure code dir = $libraries/ceph/erasure-code
compressor dir = $libraries/ceph/compressor
osd class dir = $libraries/rados-classes
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
[mon.a]
mon data = $state/mon
host = localhost
[osd.0]
osd data = $state/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd max object name len = 1024
osd max object namespace len = 256
osd heartbeat grace = 60
[client.rgw.a]
rgw data = $state/run
rgw frontends = beast endpoint=127.0.0.1:$gateway_port tcp_nodelay=1
rgw dns name = localhost
rgw thread pool size = 64
# Deleting a batch in parallel, this version crashes now and then.
rgw multi obj del max aio = 1
END

"${in_ceph[@]}" ceph-authtool --create-keyring "$state/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
for name in client.admin osd.0 client.rgw.a; do
  "${in_ceph[@]}" ceph-authtool "$state/keyring" --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
done
"${in_ceph[@]}" monmaptool --create --addv a "[v1:127.0.0.1:$monitor_port]" --fsid "$cluster" "$state/monmap" >/dev/null
"${in_ceph[@]}" ceph-mon --mkfs -i a --monmap "$state/monmap" --keyring "$state/keyring" >"$state/mkfs.out" 2>&1
start mon "${in_ceph[@]}" ceph-mon -i a -f
until_ok 'The monitor' "${in_ceph[@]}" ceph --connect-timeout 3 quorum_status

osd=$(cat /proc/sys/kernel/random/uuid)
"${in_ceph[@]}" ceph osd new "$osd" 0 >>"$state/mkfs.out" 2>&1
"${in_ceph[@]}" ceph-osd -i 0 --mkfs --osd-uuid "$osd" >>"$state/mkfs.out" 2>&1
"${in_ceph[@]}" ceph osd crush add osd.0 1.0 root=default host=localhost >>"$state/mkfs.out" 2>&1
start osd "${in_ceph[@]}" ceph-osd -i 0 -f
# A storage daemon that starts before the monitor knows the cluster exits. It is started again.
osd_is_up() {
  kill -0 "${servers[-1]}" || start osd "${in_ceph[@]}" ceph-osd -i 0 -f
  "${in_ceph[@]}" ceph --connect-timeout 5 osd stat | grep -q '1 up'
}
until_ok 'The storage daemon' osd_is_up

start rgw "${in_ceph[@]}" radosgw -n client.rgw.a -f
until_ok 'The gateway' curl -sf "$S3_ENDPOINT"
"${in_ceph[@]}" radosgw-admin -n client.rgw.a user create --uid=test --display-name=test \
  --access-key="$S3_ACCESS_KEY" --secret-key="$S3_SECRET_KEY" >"$state/user.out" 2>&1

run_tests rgw "$@"
