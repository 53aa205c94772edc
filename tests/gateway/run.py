#!/usr/bin/env python3
"""Tests of posgateway: a real server, called over HTTP as merchants call it.

    python3 tests/gateway/run.py PATH_TO_POSGATEWAY PATH_TO_POSCODE [-v] [NAME...]

A NAME picks tests as unittest does: test_envelope, test_settle.Windows. Exits 0 when every test has passed. Needs
what is in requirements.txt, libcrypto, openssl, chromium and its driver, zbarimg, and for test_sdk port 80 of 127.0.0.80.
"""

import os
import sys
import unittest

import support

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "-v"]
    if len(arguments) < 2 or not all(os.access(path, os.X_OK) for path in arguments[:2]):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    support.POSGATEWAY, support.POSCODE = (os.path.abspath(path) for path in arguments[:2])
    names = arguments[2:]
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names) if names else loader.discover(HERE)
    result = unittest.TextTestRunner(verbosity=2 if "-v" in sys.argv else 1).run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    # A skipped test, or a suite that found no tests, is no success.
    passed = result.testsRun - bad - len(result.skipped)
    print(f"posgateway: {passed} passed, {bad} failed, {len(result.skipped)} skipped")
    enough = passed >= (1 if names else 150)
    return 0 if result.wasSuccessful() and enough and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main())
