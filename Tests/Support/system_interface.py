#!/usr/bin/env python3
"""Reads docs/system-interface.md for the tests: the functions and system calls that the library may use.

    system_interface.py calls TARGET LIBRARY     entries of a C array {name, number, whether the vDSO hides it}
    system_interface.py traced TARGET LIBRARY    the names, for comparison with a trace without vDSO

LIBRARY is glibc or musl.
"""
import re
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs/system-interface.md"
COPYING = "as the compiler chooses"
TARGETS = ("x86_64", "i686", "aarch64", "armhf", "armel", "armv4t")


def tables():
    """First header cell and rows of each table of the document."""
    result, rows = [], None
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            rows = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if rows is None:
            rows = []
            result.append((cells, rows))
        elif set(cells[0]) != {"-"}:
            rows.append(cells)
    return result


def names(cell):
    return re.findall(r"`(\w+)`", cell)


def functions(library, target=None):
    """The symbols that the library may import from libc, libcrypto or libsecp256k1, and those that it must import."""
    may, must = set(), set()
    for header, rows in tables():
        if header == ["functions", "for", "where"] and library == "libc":
            for cell, purpose, where in rows:
                may.update(names(cell))
                if purpose.endswith(COPYING):
                    continue
                if (target in where.split()) != where.startswith("all"):
                    must.update(names(cell))
        if header == ["functions", "from"]:
            for cell, source in rows:
                if source == library:
                    may.update(names(cell))
                    must.update(names(cell))
    if not may:
        sys.exit(f"system_interface: {DOCUMENT} has nothing of {library}")
    return may, must


def calls(target, library):
    """System call -> whether the vDSO replaces it."""
    result = {}
    for header, rows in tables():
        if header[0] != "system call":
            continue
        for cell, _, where, _ in rows:
            for clause in where.split(","):
                words = clause.split()
                if words[0] != library or (words[1:2] == ["on"] and target not in words):
                    continue
                result.update({name: words[-2:] == ["without", "vDSO"] for name in names(cell)})
    if len(result) < 10:
        sys.exit(f"system_interface: {DOCUMENT} has no system calls of {library} on {target}")
    return result


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in ("calls", "traced") or arguments[1] not in TARGETS:
        sys.exit(__doc__.strip())
    for name, is_shadowed in sorted(calls(arguments[1], arguments[2]).items()):
        print(f'{{"{name}", __NR_{name}, {int(is_shadowed)}}},' if arguments[0] == "calls" else name)


if __name__ == "__main__":
    main(sys.argv[1:])
