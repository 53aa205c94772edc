#!/bin/sh
# Unpacks Debian's libcrypto and libsecp256k1 for ARM into a directory, for the benchmark's yardsticks. The system's own
# list of architectures and packages stays as it is.
#
#   bench/arm-sysroot.sh DIRECTORY
set -eu
directory=${1:?usage: bench/arm-sysroot.sh DIRECTORY}
mkdir -p "$directory/lists/partial" "$directory/archives/partial" "$directory/unpacked"
directory=$(cd "$directory" && pwd)
cd "$directory/archives"

apt() {
    apt-get -qq -o APT::Architecture=armhf -o APT::Architectures=armhf -o Dir::State::Lists="$directory/lists" \
        -o Dir::State::Status=/dev/null -o Dir::Cache="$directory" -o Dir::Cache::Archives="$directory/archives" \
        -o APT::Sandbox::User=root "$@"
}

# One stale index among several does no harm: the packages are looked for in those that arrived.
apt update || echo "arm-sysroot: not every package index could be had" >&2
apt download libssl3 libssl-dev libsecp256k1-1 libsecp256k1-dev
for package in *.deb; do dpkg-deb -x "$package" "$directory/unpacked"; done
