#!/bin/sh
# Makes a Python environment with what a requirements file asks for, unless it is there already.
#
#   scripts/python-environment.sh REQUIREMENTS DIRECTORY
set -eu
requirements=$1 directory=$2
if [ -x "$directory/bin/python" ] && cmp -s "$requirements" "$directory/requirements.txt"; then exit 0; fi
rm -rf "$directory"
python3 -m venv "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
cp "$requirements" "$directory/requirements.txt"
