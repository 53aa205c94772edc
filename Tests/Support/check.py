#!/usr/bin/env python3
"""The inner loop: what a change to the library is tried with first, in less than a minute.

    Tests/Support/check.py LIBRARY_DIRECTORY

LIBRARY_DIRECTORY holds the library that `make lib` has built. Runs the Swift tests but those of the arithmetic, the C
suite by gcc with small counts, and the checks of the repository, two at a time. A line for each; at the end what was
left out. Ends non-zero when anything failed. The programs and what they print stay in LIBRARY_DIRECTORY/check.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time

import programs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RELEASE = ["-c", "release", "-Xswiftc", "-enable-testing"]
# The tests of the arithmetic take minutes to compile when the arithmetic has changed.
ARITHMETIC = ["--skip", "PortableCryptoTests", "--skip", "PortableCryptoLimb32Tests"]
# The C programs, the longest first, and their arguments.
C_PROGRAMS = {
    "conformance": [],
    "durable": ["2000"],
    "replay-load": ["5000"],
    "double-accept": ["3000"],
    "processes": [],
    "memory": [],
    "soak": ["10000"],
    "recovery": [],
    "start-order": ["60000"],
    "streams": [],
    "cancellation": [],
    "loading": ["LIBRARY", "200"],
}
LEFT_OUT = """\
Left out: the tests of the arithmetic; the Swift caller; clang; large counts; power cuts and kills; surroundings; key material; poscode;
the installation (make test); the gateway (make test-gateway); the firmware files (make test-firmware); sanitizers
(make test-sanitizers); fuzzing (make fuzz); the form of the sources (make lint)."""


class Failure(Exception):
    """What the step has printed."""


def run(*command, **environment):
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ, **environment), check=False, encoding="utf-8",
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(f"$ {' '.join(command)}\n{done.stdout}")
    return done.stdout


def repository():
    # Without those of what make installs, which run make thirty times.
    run("Tests/Repository/run.py", "paths", "programs", "version", "documents")


def swift():
    run("swift", "build", *RELEASE, "--build-tests", "--quiet")
    said = run("swift", "test", *RELEASE, "--skip-build", "--disable-xctest", "--quiet", *ARITHMETIC)
    if not re.search(r"Test run with [1-9]\d* tests", said):
        raise Failure("no test has run\n" + said)


def suite(directory, name):
    library = os.path.join(directory, "libposoffline.so")
    work = os.path.join(directory, "check")
    try:
        programs.build(name, work, None if name == "loading" else library)
    except subprocess.CalledProcessError as error:
        raise Failure(str(error)) from error
    arguments = [library if word == "LIBRARY" else word for word in C_PROGRAMS[name]]
    said = run(os.path.join(work, name), *arguments, LD_LIBRARY_PATH=directory)
    # A program that ends well without having said so has not run to its end.
    if not re.search(r"[1-9]\d* passed, 0 failed\n\Z", said):
        raise Failure(said)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = os.path.abspath(sys.argv[1])
    shutil.rmtree(os.path.join(directory, "check"), ignore_errors=True)
    os.makedirs(os.path.join(directory, "check"))
    steps = {"Swift tests": swift, "the repository itself": repository}
    steps |= {f"C suite: {name}": lambda name=name: suite(directory, name) for name in C_PROGRAMS}

    began, failed = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = {pool.submit(step): name for name, step in steps.items()}
        for done in concurrent.futures.as_completed(running):
            try:
                done.result()
                print(f"ok: {running[done]}", flush=True)
            except Failure as failure:
                failed += 1
                print(f"{failure}\nFAILED: {running[done]}", flush=True)
    print(LEFT_OUT)
    print(f"{len(steps) - failed} passed, {failed} failed, in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
