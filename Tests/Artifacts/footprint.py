#!/usr/bin/env python3
"""Prints what each built library is and needs, and fails where a bound of the firmware contract is broken.

    Tests/Artifacts/footprint.py TARGET=LIBRARY...

Everything is read from the files with readelf; nothing is run.
"""
import re
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "Support"))
import system_interface  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent

MAX_BYTES = 150 * 1024
MAX_WRITABLE = 64 * 1024
MIN_ALIGNMENT = 16 * 1024

# Per target: ELF machine, newest glibc symbol allowed, what may be needed beside libc.so.6 (its own loader).
TARGETS = {
    "x86_64": ("Advanced Micro Devices X86-64", (2, 7), "ld-linux-x86-64.so.2"),
    "i686": ("Intel 80386", (2, 7), "ld-linux.so.2"),
    "aarch64": ("AArch64", (2, 17), "ld-linux-aarch64.so.1"),
    "armhf": ("ARM", (2, 4), "ld-linux-armhf.so.3"),
    "armel": ("ARM", (2, 4), "ld-linux.so.3"),
    "armv4t": ("ARM", (2, 4), "ld-linux.so.3"),
}

# Instructions that the oldest machine of a target lacks, and the disassembler that shows them. Read from the copy
# with names that the build leaves in build/objects, for there code and data are told apart.
FORBIDDEN = {
    "i686": ("i686-linux-gnu-objdump", r"%xmm|%ymm|%st\(|\bemms\b|\bendbr32\b"),
    "armhf": ("arm-linux-gnueabihf-objdump", r"\tv[a-z]+\S*\t"),
    "armel": ("arm-linux-gnueabi-objdump", r"\tv[a-z]+\S*\t"),
    "armv4t": (
        "arm-linux-gnueabi-objdump",
        r"\t(blx|clz|ldrd|strd|pld|q(d?)(add|sub)|sm(la|ul)[bt]|umaal|rev|[su]xt|[su]sat|ldrex|strex|mov[wt]|mls"
        r"|[su]div|[su]bfx|bf[ic]|rbit|d[ms]b|isb|bkpt|v[a-z]+)\S*\t"),
}


def readelf(options, library):
    return subprocess.run(
        ["readelf", "-W", *options, str(library)], check=True, capture_output=True, text=True).stdout


def declared_exports():
    """The functions that the headers declare, each with its version node."""
    exports = set()
    for header, node in (("pos_crypto.h", "VERS_1.0"), ("posoffline.h", "POSOFFLINE_1.0")):
        text = re.sub(r"/\*.*?\*/", "", (ROOT / "include" / header).read_text(), flags=re.S)
        for name in re.findall(r"^\w[\w *]*?\b(\w+)\([^)]*\);", text, flags=re.M):
            exports.add((name, node))
    return exports


class Library:
    def __init__(self, path):
        self.path = path
        self.bytes = path.stat().st_size
        header = readelf(["-h"], path)
        self.machine = re.search(r"Machine:\s+(.*)", header).group(1)
        self.dynamic = readelf(["-d"], path)
        self.needed = re.findall(r"\(NEEDED\).*\[(.*)\]", self.dynamic)
        soname = re.search(r"\(SONAME\).*\[(.*)\]", self.dynamic)
        self.soname = soname.group(1) if soname else None
        self.segments = readelf(["-l"], path)
        self.alignments = [
            int(line.split()[-1], 16) for line in self.segments.splitlines() if line.strip().startswith("LOAD")]
        self.read_symbols()
        self.writable = 0
        for line in readelf(["-S"], path).splitlines():
            section = re.match(r"\s*\[\s*\d+\] (\.data|\.bss)\S*\s+\S+\s+\S+\s+\S+\s+(\S+)", line)
            if section:
                self.writable += int(section.group(2), 16)

    def read_symbols(self):
        self.exports, self.imports, self.glibc = set(), set(), (0,)
        for line in readelf(["--dyn-syms"], self.path).splitlines():
            fields = line.split()
            if len(fields) < 8 or not fields[0].rstrip(":").isdigit() or fields[3] == "SECTION":
                continue
            section, name = fields[6], fields[7]
            base, _, version = name.partition("@")
            version = version.lstrip("@")
            if section == "UND":
                self.imports.add(base)
                if version.startswith("GLIBC_"):
                    self.glibc = max(self.glibc, tuple(int(part) for part in version[6:].split(".")))
            elif section != "ABS":
                self.exports.add((base, version))

    def faults(self, target):
        machine, newest_glibc, loader = TARGETS[target]
        may, must = system_interface.functions("libc", target)
        checks = [
            (self.machine == machine, f"is for {self.machine}"),
            (self.bytes <= MAX_BYTES, f"has {self.bytes} bytes, more than {MAX_BYTES}"),
            ("libc.so.6" in self.needed, "does not name libc"),
            (set(self.needed) <= {"libc.so.6", loader}, f"needs {self.needed}"),
            (self.glibc <= newest_glibc, f"needs glibc {dotted(self.glibc)}, newer than {dotted(newest_glibc)}"),
            (self.soname == "libposoffline.so", f"has the SONAME {self.soname}"),
            (self.exports == declared_exports(), f"differs in exports: {self.exports ^ declared_exports()}"),
            (self.imports <= may, f"imports {sorted(self.imports - may)}, which docs/system-interface.md does not name"),
            (must <= self.imports, f"does not import {sorted(must - self.imports)}, as docs/system-interface.md says"),
            ("GNU_RELRO" in self.segments, "has no RELRO"),
            (re.search(r"BIND_NOW|Flags:.*NOW", self.dynamic), "does not bind at load"),
            (re.search(r"GNU_STACK\s.*\sRW\s", self.segments), "has an executable stack"),
            ("TEXTREL" not in self.dynamic, "has text relocations"),
            (not re.search(r"\((RPATH|RUNPATH)\)", self.dynamic), "has a run path"),
            (not re.search(r"\((INIT|INIT_ARRAY|PREINIT_ARRAY)\)", self.dynamic), "has a constructor"),
            (min(self.alignments) >= MIN_ALIGNMENT, f"has a segment aligned to {min(self.alignments)}"),
            (self.writable <= MAX_WRITABLE, f"has {self.writable} bytes of written data"),
        ]
        return [message for holds, message in checks if not holds] + self.forbidden_instructions(target)

    def forbidden_instructions(self, target):
        if target not in FORBIDDEN:
            return []
        objdump, pattern = FORBIDDEN[target]
        unstripped = ROOT / "build" / "objects" / target / "libposoffline.unstripped.so"
        listing = subprocess.run(
            [objdump, "-d", str(unstripped)], check=True, capture_output=True, text=True).stdout
        found = [line.strip() for line in listing.splitlines() if re.search(pattern, line)]
        return [f"has an instruction that its oldest machine lacks: {line}" for line in found[:5]]


def dotted(version):
    return ".".join(str(part) for part in version)


def main(arguments):
    if not arguments or any("=" not in argument for argument in arguments):
        sys.exit(__doc__.strip())
    print(f"{'target':8} {'bytes':>7} {'written':>7} {'glibc':>5}  {'align':>6} {'exports':>7} {'imports':>7}  needs")
    faults = []
    for argument in arguments:
        target, _, path = argument.partition("=")
        if target not in TARGETS:
            sys.exit(f"footprint: unknown target: {target}")
        if not Path(path).is_file():
            sys.exit(f"footprint: no such file: {path}")
        library = Library(Path(path))
        print(f"{target:8} {library.bytes:7} {library.writable:7} {dotted(library.glibc):>5}  "
              f"{min(library.alignments):6} {len(library.exports):7} {len(library.imports):7}  "
              f"{' '.join(library.needed)}")
        faults += [f"{target}: {fault}" for fault in library.faults(target)]
    for fault in faults:
        print(f"footprint: {fault}", file=sys.stderr)
    if not faults:
        print("every bound holds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
