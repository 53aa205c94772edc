#!/usr/bin/env python3
"""Tests of posgateway: a real server, called over HTTP as merchants call it.

    python3 gateway/Tests/run.py PATH_TO_POSGATEWAY PATH_TO_POSCODE [-v] [--share K/N] [NAME...]

A NAME selects tests as in unittest: test_envelope, test_settle_times.Windows. --share runs the K-th of N shares of the
tests; the shares can run in parallel. Exits 0 when every test has passed. Needs the packages in requirements.txt, gcc,
libcrypto, openssl, chromium and its driver, and zbarimg. test_sdk needs port 80 of 127.0.0.80. test_power_cuts
takes random moments; SEED in the environment chooses others.
"""

import argparse
import collections
import os
import sys
import time
import unittest

import support

HERE = os.path.dirname(os.path.abspath(__file__))


def classes(suite):
    """Maps each class to its tests. The tests of a class share one server, so they stay together."""
    found = {}
    for test in suite:
        for key, tests in (classes(test) if isinstance(test, unittest.TestSuite) else {type(test): [test]}).items():
            found.setdefault(key, []).extend(tests)
    return found


def shared(suite, share, shares):
    """The tests of one share. The classes, largest first, each go to the share with the fewest tests so far. The classes
    of test_sdk stay together, because they use the same port."""
    groups = {}
    for key, tests in classes(suite).items():
        groups.setdefault(key.__module__ if key.__module__ == "test_sdk" else key, []).extend(tests)
    parts = [[] for _ in range(shares)]
    for tests in sorted(groups.values(), key=len, reverse=True):
        min(parts, key=len).extend(tests)
    return unittest.TestSuite(parts[share - 1])


class TimedResult(unittest.TextTestResult):
    """Adds up the seconds of each class, with the start of its server."""

    def startTestRun(self):
        super().startTestRun()
        self.seconds, self.last = collections.Counter(), time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        now = time.monotonic()
        self.seconds[f"{type(test).__module__}.{type(test).__name__}"] += now - self.last
        self.last = now


def share_of(text):
    share, shares = (int(number) for number in text.split("/"))
    if not 1 <= share <= shares:
        raise ValueError(text)
    return share, shares


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posgateway")
    parser.add_argument("poscode")
    parser.add_argument("-v", dest="verbosity", action="store_const", const=2, default=1)
    parser.add_argument("--share", type=share_of, default=(1, 1))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    support.POSGATEWAY, support.POSCODE = os.path.abspath(options.posgateway), os.path.abspath(options.poscode)
    for path in (support.POSGATEWAY, support.POSCODE):
        if not os.access(path, os.X_OK):
            parser.error(f"cannot run {path}")
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(options.names) if options.names else loader.discover(HERE)
    # A run without tests fails. So does a run with a skipped test.
    enough = suite.countTestCases() >= (1 if options.names else 150)
    suite = shared(suite, *options.share)
    wanted = suite.countTestCases()
    result = unittest.TextTestRunner(verbosity=options.verbosity, resultclass=TimedResult).run(suite)
    for name, seconds in result.seconds.most_common(10):
        print(f"{seconds:6.0f} s {name}")
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    passed = result.testsRun - bad - len(result.skipped)
    print(f"posgateway: {passed} passed, {bad} failed, {len(result.skipped)} skipped")
    return 0 if result.wasSuccessful() and enough and passed == wanted > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
