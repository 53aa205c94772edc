#!/usr/bin/env python3
"""Tests of the poscode command: real processes, Python's standard library alone.

    python3 poscode/Tests/run.py PATH_TO_POSCODE [-v]

Exits 0 when every test has passed. POSOFFLINE_LIBRARY in the environment names the library that makes records. The
default is build/libposoffline.so, which is built when it is missing.
"""

import os
import sys
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Tests", "Support"))
import support  # pylint: disable=wrong-import-position


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "-v"]
    if len(arguments) != 1 or not os.access(arguments[0], os.X_OK):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    support.POSCODE = os.path.abspath(arguments[0])
    suite = unittest.defaultTestLoader.discover(os.path.dirname(os.path.abspath(__file__)))
    result = unittest.TextTestRunner(verbosity=2 if "-v" in sys.argv else 1).run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    # A run with a skipped test or too few tests fails.
    passed = result.testsRun - bad - len(result.skipped)
    print(f"poscode: {passed} passed, {bad} failed, {len(result.skipped)} skipped")
    return 0 if result.wasSuccessful() and passed >= 50 and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main())
