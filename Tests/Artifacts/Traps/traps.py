#!/usr/bin/env python3
"""Lists every instruction of the shipped files that ends the process, and why input cannot reach it.

    Tests/Artifacts/Traps/traps.py [TARGET...]

TARGET is host or a firmware target that scripts/build-library.sh has built; all of them by default. Each trap is traced
to the line of our source that it guards, and reasons.txt says for each such line why it never strikes. Fails when a
trap has no reason, when a reason has no trap in any target, and when the file that ships is not the one that was looked
into.
"""
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
REASONS = Path(__file__).resolve().parent / "reasons.txt"
TARGETS = ["x86_64", "i686", "aarch64", "armhf", "armel", "armv4t", "host"]

# Instructions that raise a signal, by the names that llvm-objdump gives them. Divisions on x86 do so by zero. What
# the disassembler cannot read may be anything.
TRAPS = re.compile(r"ud[012]\w*|int3|int|into|hlt|i?div[bwlq]|brk|udf|bkpt|trap|<unknown>")
# Functions of the C library that do not return.
ENDS = {"abort", "exit", "_exit", "_Exit", "quick_exit", "raise", "__assert_fail", "__stack_chk_fail", "__fortify_fail",
        "__chk_fail", "longjmp", "siglongjmp", "pthread_exit", "__cxa_pure_virtual", "_Unwind_Resume"}

DECLARATION = re.compile(r"\b(?:func|subscript|init)\b|\bvar \w+: [^=]*\{|^\w[^;=]*\([^;]*\{$")
NAME = re.compile(r"\bfunc ([^\s(<]+)|\b(subscript|init)\b|\bvar (\w+)|(\w+)\(")


def llvm(name):
    """A tool of the Swift toolchain: one for every target, beside the compiler."""
    compiler = subprocess.run(["sh", "-c", "command -v swiftc"], check=True, capture_output=True, text=True).stdout
    return str(Path(compiler.strip()).resolve().parent / name)


def output_of(command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def text_section(path):
    found = re.search(r" \.text +PROGBITS +(\w+) +(\w+) +(\w+)", output_of(["readelf", "-SW", str(path)]))
    address, offset, size = (int(field, 16) for field in found.groups())
    return address, path.read_bytes()[offset:offset + size]


class Library:
    """A library with names and debug information, taken apart into instructions."""

    def __init__(self, path):
        self.path = path
        self.function = {}                # of an instruction, by address: where its function begins
        self.names = {}                   # of functions, by address
        self.callers = defaultdict(list)  # of functions, by address: the instructions that call them or jump there
        self.traps = {}                   # by address: what is wrong when it is reached, where the instruction tells
        start = None
        for line in output_of([llvm("llvm-objdump"), "-d", "--no-show-raw-insn", "--mattr=+v6", str(path)]).split("\n"):
            if symbol := re.match(r"([0-9a-f]+) <(.*)>:$", line):
                start = int(symbol[1], 16)
                self.names[start] = symbol[2]
                continue
            instruction = re.match(r" *([0-9a-f]+): +\t(\S+)(.*)", line)
            if not instruction:
                continue
            address, mnemonic, operands = int(instruction[1], 16), instruction[2], instruction[3]
            self.function[address] = start
            if TRAPS.fullmatch(mnemonic):
                self.traps[address] = "division" if "div" in mnemonic else mnemonic
            elif target := re.search(r"0x([0-9a-f]+) <([^>+]*)>", operands):
                self.callers[int(target[1], 16)].append(address)
                if target[2].endswith("@plt") and target[2][:-4] in ENDS:
                    self.traps[address] = target[2][:-4]
        # Symbols are needed once the disassembly is whole; all are looked up in one run.
        self.frames = self.symbolize(sorted(set(self.traps) | {at for calls in self.callers.values() for at in calls}))

    def symbolize(self, addresses):
        """For each address the functions that were inlined there, innermost first, as (name, file, line)."""
        answer = output_of([llvm("llvm-symbolizer"), f"--obj={self.path}", "--relativenames", "--inlines", "-p"],
                           input="\n".join(map(hex, addresses)))
        frames = {}
        for address, block in zip(addresses, answer.strip().split("\n\n"), strict=True):
            lines = [re.match(r"(?: \(inlined by\) )?(.*) at (.*):(\d+):\d+$", line) for line in block.split("\n")]
            frames[address] = [(line[1], line[2], int(line[3])) for line in lines]
        return frames

    def imports(self):
        symbols = output_of(["readelf", "-W", "--dyn-syms", str(self.path)])
        return set(re.findall(r" UND (\w+)", symbols))

    def places(self, address, seen=()):
        """The lines of our source that lead to an instruction. Where the instruction's own function is none of ours
        (a function of Swift's library, or one that stands for several of ours), the lines from which it is called;
        its name, if it is called from nowhere."""
        for _, file, line in self.frames[address]:
            if file.startswith("Sources/") and line > 0:
                return {(file, line)}
        function = self.function[address]
        if function in seen:
            return set()
        name = self.frames[address][-1][0]
        if name != self.names[function]:  # a copy that has no symbol, or whose line is lost
            return {(name, 0)}
        calls = [at for at in self.callers[function] if self.function[at] != function]
        places = set().union(*(self.places(at, (*seen, function)) for at in calls))
        return places or {(self.names[function], 0)}

    def message(self, address):
        """What is wrong when a trap is reached."""
        name = self.frames[address][0][0]
        prefix = "Swift runtime failure: "
        return name[len(prefix):] if name.startswith(prefix) else self.traps[address]


def source_key(file, line):
    """A place as reasons.txt names it: it stays the same when lines move."""
    if line == 0:
        return "(no source)", file
    lines = (ROOT / file).read_text().split("\n")
    text = lines[line - 1]
    indent = len(text) - len(text.lstrip())
    inside = "(none)"
    for outer in reversed(lines[:line - 1]):
        # A lone parenthesis ends the parameters of the declaration, which is further up.
        if not outer.strip() or len(outer) - len(outer.lstrip()) >= indent or outer.lstrip().startswith(")"):
            continue
        indent = len(outer) - len(outer.lstrip())
        if DECLARATION.search(outer):
            inside = next(part for part in NAME.search(outer).groups() if part)
            break
    return f"{file}: {inside}", text.strip()


def traps_of(library):
    """How often each (place, source text, message) occurs."""
    keys = Counter()
    for address, kind in library.traps.items():
        if kind == "__stack_chk_fail":
            keys["(every function with an array)", "its end", kind] += 1
            continue
        for place in library.places(address):
            keys[(*source_key(*place), library.message(address))] += 1
    return keys


def read_reasons(path):
    """reasons.txt by indentation: a place, its source text, and a message with its reason, which may go on below."""
    reasons = {}
    for number, line in enumerate(path.read_text().split("\n"), 1):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if not text or text.startswith("#"):
            continue
        if indent == 0:
            place = text
        elif indent == 2:
            source = text
        elif indent == 4:
            message, separator, reason = text.partition(": ")
            if not separator or (place, source, message) in reasons:
                sys.exit(f"traps: {path}:{number}: no reason, or a second one")
            reasons[place, source, message] = reason
        else:
            reasons[place, source, message] += " " + text
    return reasons


def faults_of(target):
    """What is wrong with the files themselves, and the library to look into."""
    shipped = ROOT / ("build" if target == "host" else f"dist/{target}") / "libposoffline.so"
    unstripped = ROOT / "build/objects" / target / "libposoffline.unstripped.so"
    if not shipped.is_file() or not unstripped.is_file():
        sys.exit(f"traps: {target} is not built")
    library = Library(unstripped)
    faults = []
    if text_section(shipped) != text_section(unstripped):
        faults.append("the file that ships has other code than the one with names; build it again")
    uncalled = library.imports() & ENDS - set(library.traps.values())
    if uncalled:
        faults.append(f"imports {sorted(uncalled)}, and no call to it was found")
    if not any(name.startswith("Sources/") for frames in library.frames.values() for _, name, _ in frames):
        faults.append("has no debug information")
    return faults, library


def print_table(targets, counts, reasons):
    """Every trap, with how many of it each target has."""
    widths = [max(len(target), 4) for target in targets]

    def row(cells):
        return " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))

    margin = " " * (len(row(targets)) + 2)
    print(row(targets))
    place, source = None, None
    for key in sorted(set().union(*counts.values())):
        if key[0] != place:
            print(margin + key[0])
        if key[:2] != (place, source):
            print(f"{margin}  {key[1]}")
        place, source, message = key
        print(f"{row([counts[target][key] for target in targets])}      {message}: {reasons.get(key, 'NOT EXPLAINED')}")
    print(f"{row([counts[target].total() for target in targets])}  in all")


def main(targets):
    if not set(targets) <= set(TARGETS):
        sys.exit(__doc__.strip())
    reasons = read_reasons(REASONS)
    faults, counts = [], {}
    for target in targets or TARGETS:
        more, library = faults_of(target)
        faults += [f"{target}: {fault}" for fault in more]
        counts[target] = traps_of(library)
    print_table(targets or TARGETS, counts, reasons)

    found = set().union(*counts.values())
    faults += [f"not explained: {', '.join(key)}" for key in sorted(found - set(reasons))]
    if set(counts) == set(TARGETS):
        faults += [f"explained, and not there any more: {', '.join(key)}" for key in sorted(set(reasons) - found)]
    for fault in faults:
        print(f"traps: {fault}", file=sys.stderr)
    if not faults:
        print("every trap is explained")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
