#!/usr/bin/env python3
"""Measures which regions of the core the tests run, on the ordinary build.

    Tests/Adequacy/Coverage/run.py [--report]

Builds the package's tests and libposoffline-swift.so with coverage into build/coverage. Runs the Swift tests and the C
conformance suite. Prints for each file of the core how many of its regions were run, and then every region that was not
run. The compiler defines the regions: each side of an if, the else of a guard, the right side of && and ||, a case, the
body of a loop. uncovered.txt must explain each region that was not run. Fails when a test fails, a region is not
explained, or an explanation is out of date. --report repeats the report of the last run.
"""

import collections
import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.append(os.path.join(ROOT, "Tests", "Support"))
import programs  # pylint: disable=wrong-import-position

WORK = os.path.join(ROOT, "build", "coverage")
PACKAGE = os.path.join(WORK, "swiftpm")
PRODUCTS = os.path.join(PACKAGE, "release")
LIBRARY = os.path.join(PRODUCTS, "libposoffline-swift.so")
SOURCES = os.path.realpath(os.path.join(ROOT, "Sources"))
TOOLS = os.path.dirname(os.path.realpath(shutil.which("swiftc") or "swiftc"))
CORE = ("TransitCode", "TransitGate", "TransitCrypto", "PortableCrypto", "posoffline")
SWIFT = ["-c", "release", "--scratch-path", PACKAGE, "-Xswiftc", "-enable-testing", "--enable-code-coverage"]
# Enough for every kind of case. Instrumented arithmetic is slow.
CASES = "3000"
# Tests that pass only on the shipped file. The ordinary build has the Swift runtime. The runtime allocates memory,
# aborts when an allocation fails, and needs more stack.
SHIPPED_FILE_ONLY = ("a verification needs at most 16 KiB of stack", "no forged code passes for want of memory",
         "without lists and memory a code is refused for what is wrong with it", "a verification allocates nothing")


def run(command, **environment):
    print("$", " ".join(os.path.relpath(part, ROOT) if part.startswith(ROOT) else part for part in command), flush=True)
    subprocess.run(command, cwd=ROOT, env=dict(os.environ, **environment), check=True)


def measure():
    """Builds and runs the tests. Merges the counts into coverage.json."""
    shutil.rmtree(os.path.join(WORK, "profiles"), ignore_errors=True)
    os.makedirs(os.path.join(WORK, "profiles"))
    run(["swift", "build", *SWIFT, "--build-tests", "--quiet"])
    run(["swift", "build", *SWIFT, "--product", "posoffline-swift", "--quiet"])
    run(["swift", "test", *SWIFT, "--skip-build", "--disable-xctest", "--quiet"], POSOFFLINE_CASES=CASES)
    run_suite()
    profiles = glob.glob(os.path.join(WORK, "profiles", "*.profraw"))
    profiles += glob.glob(os.path.join(PRODUCTS, "codecov", "*.profraw"))
    merged = os.path.join(WORK, "merged.profdata")
    run([os.path.join(TOOLS, "llvm-profdata"), "merge", "-sparse", *profiles, "-o", merged])
    bundles = glob.glob(os.path.join(PRODUCTS, "*PackageTests.xctest"))
    with open(os.path.join(WORK, "coverage.json"), "wb") as file:
        subprocess.run([os.path.join(TOOLS, "llvm-cov"), "export", "-format=text", f"-instr-profile={merged}", LIBRARY,
                        *(part for bundle in bundles for part in ("-object", bundle))], check=True, stdout=file)


def run_suite():
    """Runs the C suite with the instrumented library."""
    for name in ("conformance", "durable", "recovery"):
        programs.build(name, WORK, LIBRARY)
    suite = os.path.join(WORK, "conformance")
    environment = {"LD_LIBRARY_PATH": PRODUCTS,
                   "LLVM_PROFILE_FILE": os.path.join(WORK, "profiles", "conformance-%p.profraw")}
    names = subprocess.run([suite, "--list"], env=dict(os.environ, **environment), check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    if not set(SHIPPED_FILE_ONLY) <= set(names):
        sys.exit("coverage: the suite has no test: " + "; ".join(set(SHIPPED_FILE_ONLY) - set(names)))
    print("$ build/coverage/conformance, without:", "; ".join(SHIPPED_FILE_ONLY), flush=True)
    subprocess.run([suite, *(name for name in names if name not in SHIPPED_FILE_ONLY)],
                   env=dict(os.environ, **environment), check=True)
    run([os.path.join(WORK, "durable"), "2000"], **environment)
    run([os.path.join(WORK, "recovery")], **environment)


def read_regions():
    """file -> {(line, column, end line, end column): highest count among the instances of a generic function}."""
    with open(os.path.join(WORK, "coverage.json"), encoding="utf-8") as file:
        (data,) = json.load(file)["data"]
    result = collections.defaultdict(dict)
    for function in data["functions"]:
        for *place, count, file_index, _, kind in function["regions"]:
            name = os.path.relpath(os.path.realpath(function["filenames"][file_index]), SOURCES)
            if name.split(os.sep)[0] in CORE and kind == 0:
                regions = result[name]
                regions[tuple(place)] = max(regions.get(tuple(place), 0), count)
    return result


def read_explanations():
    """(file, line of source) -> how many regions the explanation covers."""
    result, file_name, key = {}, None, None
    with open(os.path.join(HERE, "uncovered.txt"), encoding="utf-8") as file:
        for line in file:
            text = line.strip()
            if line.startswith("#") or not text:
                continue
            if not line.startswith(" "):
                file_name = text
            elif text.startswith(">"):
                number, _, source = text[1:].partition(" ")
                key = file_name, " ".join(source.split())
                result[key] = int(number or 1)
    return result


def holds_code(lines, line, column, end, end_column):
    """Whether a region contains code. The braces after an endless loop are a region without code."""
    parts = lines[line - 1:end]
    parts[-1] = parts[-1][:end_column - 1]
    parts[0] = parts[0][column - 1:]
    return bool("".join(parts).strip("{} \n"))


def report():
    """Prints the coverage. Returns whether every region without a run is explained."""
    found, explanations, used, missing = read_regions(), read_explanations(), collections.Counter(), []
    total_run = total = 0
    for name in sorted(f"{module}/{os.path.basename(path)}" for module in CORE
                       for path in glob.glob(os.path.join(SOURCES, module, "*.swift"))):
        with open(os.path.join(SOURCES, name), encoding="utf-8") as file:
            lines = file.read().split("\n")
        regions = {place: count for place, count in found[name].items() if count or holds_code(lines, *place)}
        done = sum(1 for count in regions.values() if count)
        total_run, total = total_run + done, total + len(regions)
        share = f"{100 * done / len(regions):5.1f} %" if regions else "no code"
        print(f"{name:40} {done:4} of {len(regions):4} regions  {share}")
        for (line, column, end, end_column), count in sorted(regions.items()):
            if count == 0:
                key = name, " ".join(lines[line - 1].split())
                used[key] += 1
                # An explanation covers as many regions as it says, because the same line may occur again.
                verdict = "explained" if used[key] <= explanations.get(key, 0) else "NOT RUN"
                missing.append(f"{verdict}: {name}:{line}:{column}-{end}:{end_column}: {key[1]}")
    if not total:
        sys.exit("coverage: nothing was measured")
    print(f"{'All':40} {total_run:4} of {total:4} regions  {100 * total_run / total:5.1f} %")
    print(*missing, sep="\n")
    for name, text in sorted(explanations.keys() - used.keys()):
        print(f"Out of date in uncovered.txt: {name}: {text}")
    return used == explanations


def main():
    if sys.argv[1:] not in ([], ["--report"]):
        sys.exit(__doc__)
    if not sys.argv[1:]:
        measure()
    if not report():
        sys.exit(1)
    print("every region is run or explained")


main()
