#!/usr/bin/env python3
"""Checks the repository itself: paths, the version, links and names in the documents, the manifest of C programs, the
packages that make installs, and the imports of the modules.

    Tests/Repository/run.py [NAME...]

A NAME is a module without "test_", such as paths or version. Needs git, make and Python 3, and no build. Programs that
are already built are asked for their version. Prints a last line "N passed, M failed". Exits non-zero after a failure.
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    loader = unittest.TestLoader()
    if sys.argv[1:]:
        suite = loader.loadTestsFromNames([f"test_{name}" for name in sys.argv[1:]])
    else:
        suite = loader.discover(HERE)
    result = unittest.TextTestRunner(stream=sys.stdout).run(suite)
    # A test with several failing sub-tests counts once.
    failed = len({getattr(test, "test_case", test).id() for test, _ in [*result.failures, *result.errors]})
    passed = result.testsRun - failed - len(result.skipped)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
