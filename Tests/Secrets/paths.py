#!/usr/bin/env python3
"""Whether the path through the library depends on the record key, on targets without valgrind.

    Tests/Secrets/paths.py PROGRAM LIBRARY_WITH_NAMES EMULATOR...

PROGRAM (branches.c) signs the same record with one key after the other. qemu logs every block of instructions that is
executed in the functions that use the key: always the same blocks, unless a branch depends on the key. The library is
the copy with names of the one that PROGRAM is linked with.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FUNCTIONS = re.compile(r"SHA256|RecordKey|SecretO|signWithCopy|posoffline_set_record_key|writeHex|platform_wipe")
# All zeros, all ones, one bit here or there, small and large bytes.
KEYS = ["00" * 32, "FF" * 32, "80" + "00" * 31, "00" * 31 + "01", "7F" * 32, "36" * 32, "5C" * 32,
        "0123456789ABCDEF" * 4]


def functions(library):
    """The ranges of the functions that use the key, as offsets."""
    symbols = subprocess.run(["readelf", "-sW", library], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^ *\d+: ([0-9a-f]+) +(\d+) FUNC .* \d+ (\S+)$", symbols, flags=re.M)
    return {name: (int(start, 16) & ~1, int(size)) for start, size, name in found if FUNCTIONS.search(name)}


def run(emulator, log, ranges, program, key):
    """The library's address, and the executed blocks."""
    wanted = ",".join(f"{start:#x}+{size:#x}" for start, size in ranges)
    command = [emulator[0], "-d", "exec,nochain", "-D", str(log), "-dfilter", wanted, *emulator[1:], program, key]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"paths: the program failed: {answer.stdout}{answer.stderr}")
    blocks = re.findall(r"\[\w+/(\w+)/", log.read_text()) if log.exists() else []
    log.unlink(missing_ok=True)
    return int(answer.stdout, 16), [int(block, 16) for block in blocks]


def main(program, library, emulator):
    offsets = functions(library)
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        base, _ = run(emulator, log, [(0, 1)], program, KEYS[0])
        ranges = [(base + start, size) for start, size in offsets.values()]
        paths = []
        for key in [*KEYS, KEYS[0] * 2]:
            at, path = run(emulator, log, ranges, program, key)
            if at != base:
                sys.exit("paths: the library's address changes")
            paths.append(path)
    blocks = set(paths[0])
    entered = [name for name, (start, size) in offsets.items()
               if any(base + start <= block < base + start + size for block in blocks)]
    steps = ("set_record_key", "SHA256V8compress", "wipe", "writeHex")
    checks = [
        ("the key was set, hashed, wiped, and the record written",
         all(any(step in name for name in entered) for step in steps)),
        ("every key takes the same path", all(path == paths[0] for path in paths[:len(KEYS)])),
        ("a longer key takes another, and that is detected", paths[-1] != paths[0])]
    print(f"{len(paths[0])} blocks in {len(entered)} functions, {len(KEYS)} keys")
    for what, holds in checks:
        if not holds:
            print(f"FAILED: {what}")
    failed = sum(not holds for _, holds in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__.strip())
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
