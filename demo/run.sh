#!/bin/sh
# The five scenes of `make demo`: one code from issue to refusal.
#
#   demo/run.sh POSCODE DEMO
set -eu
poscode=$1 demo=$2

scene() { printf '\n--- %s\n' "$1"; }

expect() { # exit status, command
    wanted=$1
    shift
    status=0
    "$@" || status=$?
    if [ "$status" -ne "$wanted" ]; then
        echo "demo: expected exit status $wanted, got $status" >&2
        exit 1
    fi
}

code=$("$poscode" issue 2>/dev/null)

scene "1. The code is read, and believed: no decision yet"
echo "$code" | expect 0 "$demo" -i -

scene "2. It is verified, and a signed record of it is made. 3. Shown again, it is refused as a duplicate"
expect 1 "$demo" "$code" "$code"

scene "4. One character of it is changed: refused"
case $code in *0) tampered=${code%?}1 ;; *) tampered=${code%?}0 ;; esac
expect 1 "$demo" "$tampered"

scene "5. A genuine code, published in 2018: read in full, refused as long expired"
genuine=02010054323038383330323233343033373935345BE77C8B0A0D0A0D00000000000000000000000003BEDDEA3AAA38BABEA523A6727F06
genuine=${genuine}6248FCCBEE59CA00165A53304A5030303030083030303030303031051234567890473045022100B50CA620DF2FBA5BA2373FF2
genuine=${genuine}3752D8AD9A0681E785A77D4FE9A490118B2EC2CA02202673E9693C5773D9E003A7F8717EEF80A861D2DBFF53D6FD2AE8F5CED08D7B2E
genuine=${genuine}045A5EE0BB373035021900CDF4748F76846E7CF8249FC21B4BDF60F5152B0F9735339302180B10DA8CC1AE9F5184FC5B891F5063D11EF6
genuine=${genuine}EC89B6943DFF
expect 0 "$demo" -i "$genuine"
expect 1 "$demo" "$genuine"
