#!/usr/bin/env python3
"""The built file against the headers and the list of what it may import.

    symbols.py host|firmware LIBRARY HEADER_DIRECTORY

`host` takes its cryptography from libsecp256k1 and libcrypto, `firmware` needs libc alone. Prints each fault and a line
`N passed, N failed`; needs readelf and a C compiler's preprocessor ($CC, gcc).
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Support"))
import system_interface  # noqa: E402

passed = failed = 0


def check(name, expected, actual):
    global passed, failed
    if expected == actual:
        passed += 1
        return
    failed += 1
    print(f"FAILED: {name}\n    expected: {expected}\n    actual:   {actual}")


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, library], check=True, capture_output=True, text=True).stdout


def functions(header):
    """The functions that a header declares, comments and macros gone."""
    text = subprocess.run([os.environ.get("CC", "gcc"), "-E", "-P", os.path.join(headers, header)], check=True,
                          capture_output=True, text=True).stdout
    text = re.sub(r"\{[^{}]*\}", "", text)
    return set(re.findall(r"(\w+)\s*\([^()]*\)\s*;", text))


if len(sys.argv) != 4 or sys.argv[1] not in ("host", "firmware"):
    sys.exit(__doc__)
kind, library, headers = sys.argv[1:]

# What it exports.
old = functions("pos_crypto.h")
new = functions("posoffline.h") - old
check("the headers declare the contract's functions", (8, 4), (len(old), len(new)))
expected = {f"{name}@@VERS_1.0" for name in old} | {f"{name}@@POSOFFLINE_1.0" for name in new}
symbols = [line.split() for line in readelf("--dyn-syms").splitlines() if re.match(r"\s*\d+:", line)]
exported = {s[7] for s in symbols if len(s) > 7 and s[6] not in ("UND", "ABS") and s[4] != "LOCAL"}
check("exactly the headers' functions are exported, each under its version", sorted(expected), sorted(exported))
check("what is exported is functions", {"FUNC"}, {s[3] for s in symbols if len(s) > 7 and s[7] in exported})
check("the file defines exactly these version nodes", ["POSOFFLINE_1.0", "VERS_1.0"],
      sorted(s[7] for s in symbols if len(s) > 7 and s[6] == "ABS"))
check("the file carries no symbol table beside the dynamic one", False, ".symtab" in readelf("-S"))

# What it needs.
dynamic = readelf("-d")
needed = sorted(re.sub(r"\.so.*", "", name) for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
check("the libraries it needs", ["libc", "libcrypto", "libsecp256k1"] if kind == "host" else ["libc"],
      [name for name in needed if not name.startswith("ld-linux")])
check("its name", ["libposoffline.so"], re.findall(r"\(SONAME\).*\[(.*)\]", dynamic))
undefined = {re.sub("@.*", "", s[7]) for s in symbols if len(s) > 7 and s[6] == "UND"}
machine = re.search(r"Machine:\s+(.*)", readelf("-h")).group(1)
target = {"Advanced Micro Devices X86-64": "x86_64", "Intel 80386": "i686", "AArch64": "aarch64", "ARM": "armel"}[machine]
permitted, required = set(), set()
for source in ("libc", "libcrypto", "libsecp256k1") if kind == "host" else ("libc",):
    may, must = system_interface.functions(source, target)
    permitted |= may
    required |= must
check("no import beyond docs/system-interface.md", [], sorted(undefined - permitted))
check("every import that it names", [], sorted(required - undefined))
check("it imports at all, and by name the clock and the allocator", {"time", "calloc", "free"},
      undefined & {"time", "calloc", "free"})
streams = re.compile(r"^_?_?(f?(printf|puts|putc|putchar|write|open64?|dopen)|v\w*printf\w*|\w*printf_chk|perror|std(in|out|err)|write|"
                     r"writev|send\w*|recv\w*|socket|connect|syslog|system|exec\w+|popen|fork)$")
check("no import that prints, connects or starts anything", [],
      sorted(name for name in undefined if streams.match(name) and name not in ("open", "open64")))

# How it is linked.
check("all symbols are bound when it is loaded", (True, True), ("BIND_NOW" in dynamic, bool(re.search(r"FLAGS_1.*NOW", dynamic))))
check("no text relocations", False, "TEXTREL" in dynamic)
check("no search path of its own", False, bool(re.search(r"\((RPATH|RUNPATH)\)", dynamic)))
segments = [line.split() for line in readelf("-l").splitlines() if re.match(r"\s+[A-Z_]+\s+0x", line)]
by_kind = {s[0]: s for s in segments}
check("it has a stack that is not executable", True, "GNU_STACK" in by_kind and "E" not in "".join(by_kind["GNU_STACK"][6:-1]))
check("no segment is both written and executed", [],
      [s for s in segments if s[0] == "LOAD" and "W" in "".join(s[6:-1]) and "E" in "".join(s[6:-1])])
check("it has a part that is read-only after relocation", True, "GNU_RELRO" in by_kind)
if "GNU_RELRO" in by_kind:
    start, size = int(by_kind["GNU_RELRO"][2], 16), int(by_kind["GNU_RELRO"][5], 16)
    sections = {m[0]: (int(m[1], 16), int(m[2], 16)) for m in
                re.findall(r"\]\s+(\.\S+)\s+\S+\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)", readelf("-S"))}
    for name in (".dynamic", ".got", ".got.plt", ".fini_array", ".data.rel.ro"):
        if name in sections:
            at, count = sections[name]
            check(f"{name} is read-only after relocation", True, start <= at and at + count <= start + size)
    check("there is a dynamic section", True, ".dynamic" in sections)

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
