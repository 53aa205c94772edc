#!/bin/sh
# Unpacks Debian's libcrypto and libsecp256k1 for ARM into a directory, for comparison in the benchmark. The system's
# own architectures and package lists do not change.
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

# An index that cannot be fetched is not an error. The download fails if no index lists the packages.
apt update || echo "arm-sysroot: not every package index could be had" >&2
apt download libssl3 libssl-dev libsecp256k1-1 libsecp256k1-dev
for package in *.deb; do dpkg-deb -x "$package" "$directory/unpacked"; done
