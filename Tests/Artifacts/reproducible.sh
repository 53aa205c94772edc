#!/bin/sh
# Builds every firmware file once more, from a copy of the sources in a directory of another name, and compares.
#
#   Tests/Artifacts/reproducible.sh TARGET...
set -eu
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
elsewhere="$copy/a place with another name"
mkdir "$elsewhere"
cp -r Sources include scripts "$elsewhere"/

failed=0
for target; do
    "$elsewhere"/scripts/build-library.sh "$target" "$elsewhere/dist/$target" >"$copy/log" 2>&1 || {
        cat "$copy/log" >&2
        exit 1
    }
    if cmp "dist/$target/libposoffline.so" "$elsewhere/dist/$target/libposoffline.so"; then
        echo "$target: identical when built twice"
    else
        failed=1
    fi
done
exit $failed
