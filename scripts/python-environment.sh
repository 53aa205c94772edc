#!/bin/sh
# Creates a Python environment with the packages of a requirements file, unless it exists.
#
#   scripts/python-environment.sh REQUIREMENTS DIRECTORY
set -eu
requirements=$1 directory=$2
if [ -x "$directory/bin/python" ] && cmp -s "$requirements" "$directory/requirements.txt"; then exit 0; fi
rm -rf "$directory"
python3 -m venv "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
cp "$requirements" "$directory/requirements.txt"
