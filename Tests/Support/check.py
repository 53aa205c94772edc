#!/usr/bin/env python3
"""The quick tests of a change to the library. They take less than a minute.

    Tests/Support/check.py LIBRARY_DIRECTORY

LIBRARY_DIRECTORY contains the library that `make lib` builds. Runs the Swift tests except those of the arithmetic, the
C suite with small counts, compiled by gcc, and the checks of the repository. Two steps run at a time. Prints a line for
each step, and then the tests that were left out. Exits non-zero after a failure. The programs are built in
LIBRARY_DIRECTORY/check.
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
# The tests of the arithmetic take minutes to compile after a change of the arithmetic.
ARITHMETIC = ["--skip", "PortableCryptoTests", "--skip", "PortableCryptoLimb32Tests"]
# The C programs and their arguments. The slowest come first.
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
    """A step failed. The argument is its output."""


def run(*command, **environment):
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ, **environment), check=False, encoding="utf-8",
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(f"$ {' '.join(command)}\n{done.stdout}")
    return done.stdout


def repository():
    # The other checks run make thirty times.
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
    # An exit status of 0 is not enough: the last line shows that the program ran to its end.
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
