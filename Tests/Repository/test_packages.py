"""Checks that make names missing packages, and that only some targets install them."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import tree

INSTALLING = ("deps", "packages", "demo", "gateway", "e2e", "test", "test-gateway", "test-firmware", "test-sanitizers")
NAMING = ("lib", "poscode", "posgateway", "firmware", "check", "lint", "format", "fuzz", "soak", "mutation", "coverage", "traps",
          "footprint", "bench", "bench-gateway", "install", "test-swift", "test-poscode", "test-install")


@unittest.skipUnless(shutil.which("make"), "there is no make")
class Packages(unittest.TestCase):
    """Uses a dpkg-query that knows no package, and an apt-get and a sudo that only log their calls."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.log = os.path.join(self.directory, "log")
        self.program("dpkg-query", "exit 1")
        self.program("apt-get", f"echo apt-get \"$@\" >> '{self.log}'; exit 1")
        self.program("sudo", f"echo sudo \"$@\" >> '{self.log}'; exit 1")

    def program(self, name, script):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)

    def make(self, target):
        """Returns make's exit status, its output, and the calls of apt-get and sudo."""
        environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "STEPS")}
        environment["PATH"] = self.directory + os.pathsep + environment["PATH"]
        # A new build directory, so that make considers nothing up to date.
        done = subprocess.run(["make", target, f"BUILD={self.directory}/build",
                               f"DESTDIR={self.directory}/root"], cwd=tree.ROOT, env=environment,
                              text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        calls = ""
        if os.path.exists(self.log):
            with open(self.log, encoding="utf-8") as file:
                calls = file.read()
            os.remove(self.log)
        return done.returncode, done.stdout, calls

    def test_a_target_names_the_packages_and_the_command(self):
        for target in NAMING:
            with self.subTest(target):
                status, said, calls = self.make(target)
                self.assertEqual((2, ""), (status, calls), said)
                self.assertRegex(said, r"Debian packages are missing: \S")
                self.assertIn("Install them with: make deps\n", said)

    def test_the_named_packages_are_those_that_are_needed(self):
        self.assertRegex(self.make("lib")[1], r"missing: gcc .*\blibsecp256k1-dev\b")

    def test_a_target_that_sets_up_installs(self):
        for target in INSTALLING:
            with self.subTest(target):
                status, said, calls = self.make(target)
                self.assertEqual(2, status, said)
                self.assertRegex(calls, r"^(apt-get update|sudo apt-get update)")

    def test_deps_asks_for_every_package(self):
        makefile = tree.read("Makefile").replace("\\\n", " ")
        wanted = {name for line in re.findall(r"^(?!ALL_)[A-Z_]+_PACKAGES := (.*)$", makefile, re.M)
                  for name in line.split()}
        self.program("apt-get", f"echo apt-get \"$@\" >> '{self.log}'")
        # This sudo runs its arguments.
        self.program("sudo", '"$@"')
        calls = self.make("packages")[2]
        asked = set(re.search(r"--no-install-recommends (.*)", calls).group(1).split())
        self.assertEqual(wanted, asked)

    def test_bench_downloads_nothing(self):
        self.program("dpkg-query", "echo installed")
        status, said, calls = self.make("bench")
        self.assertEqual((2, ""), (status, calls), said)
        self.assertIn("libraries for ARM are missing. Download them with: make deps\n", said)

    def test_nothing_is_installed_when_nothing_is_missing(self):
        self.program("dpkg-query", "echo installed")
        self.assertEqual((0, ""), self.make("packages")[::2])
