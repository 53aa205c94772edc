#!/usr/bin/env python3
"""Prints a header that defines symbols as aliases of the function `trapped` of symbol-names.c.

    symbol-names.py OBJECT,... FILE...

The names are those of each FILE: an executable or library with its symbol table, or a library's exported functions if it
has none. Left out are what the library may import (docs/system-interface.md), what the headers declare, and what the
objects need or define.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../Support"))
import system_interface  # noqa: E402

# The C library's own allocator, loader and starting code ask for these by name.
RESERVED = {"main", "malloc", "realloc", "free", "calloc", "environ", "trapped"}


def symbols(path):
    listing = subprocess.run(["readelf", "-W", "-s", path], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
            continue
        # libc has variables that it looks for in the program itself (stdout, optind).
        if fields[3] in ("FUNC", "IFUNC", "NOTYPE") or (fields[3] == "OBJECT" and fields[4] == "LOCAL"):
            yield fields[4], fields[6], re.sub("@.*", "", fields[7])


def main(objects, files):
    excluded = set(RESERVED) | system_interface.functions("libc")[0]
    for header in ("pos_crypto.h", "posoffline.h"):
        with open(os.path.join(HERE, "../../include", header), encoding="utf-8") as file:
            excluded.update(re.findall(r"\b(\w+)\(", file.read()))
    for path in objects:
        excluded.update(name for binding, _, name in symbols(path) if binding != "LOCAL")
    names = set()
    for path in files:
        found = {name for _, section, name in symbols(path) if section != "UND"}
        # Names that begin with an underscore are the C library's, and the linker's.
        found = {name for name in found if re.fullmatch(r"[A-Za-z$][\w$]{2,}", name)}
        if len(found) < 20:
            sys.exit(f"names: {path} has only {len(found)} names")
        names |= found
    for name in sorted(names - excluded):
        print(f'__asm__(".globl \\"{name}\\"\\n.type \\"{name}\\", %function\\n.set \\"{name}\\", trapped\\n");')


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    main(sys.argv[1].split(","), sys.argv[2:])
