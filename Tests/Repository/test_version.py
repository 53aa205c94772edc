"""Checks that every copy of the version agrees with include/posoffline.h."""

import os
import re
import subprocess
import unittest

import tree

VERSION = re.search(r'^#define POSOFFLINE_VERSION "(\d+\.\d+\.\d+)"', tree.read("include/posoffline.h"), re.M).group(1)


class Version(unittest.TestCase):
    def find(self, path, pattern):
        found = re.findall(pattern, tree.read(path), re.M)
        self.assertTrue(found, f"{path} names no version that {pattern} finds")
        return set(found)

    def test_numbers_of_the_header(self):
        names = re.findall(r"^#define POSOFFLINE_VERSION_(MAJOR|MINOR|PATCH) (\d+)", tree.read("include/posoffline.h"),
                           re.M)
        if names:
            self.assertEqual(dict(zip(("MAJOR", "MINOR", "PATCH"), VERSION.split("."), strict=True)), dict(names))

    def test_library(self):
        self.assertEqual({VERSION}, self.find("Sources/posoffline/Version.swift", r'StaticString = "([\d.]+)"'))

    def test_sources_of_the_programs(self):
        for program in ("poscode", "gateway"):
            found = [match for path in tree.files()
                     if path.startswith(f"{program}/Sources/") and path.endswith(".swift")
                     for match in re.findall(r'^\s*version: "(\d+\.\d+\.\d+)"', tree.read(path), re.M)]
            self.assertEqual([VERSION], found, program)

    def test_programs_that_are_built(self):
        for program in ("poscode/.build/release/poscode", "gateway/.build/release/posgateway"):
            path = os.path.join(tree.ROOT, program)
            sources = os.path.join(tree.ROOT, program.partition("/")[0], "Sources")
            if not os.path.exists(path) or is_older(path, sources):
                continue
            with self.subTest(program):
                said = subprocess.run([path, "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout
                self.assertEqual(VERSION, said.strip())

    def test_man_pages(self):
        pages = [path for path in tree.files() if path.startswith("man/")]
        self.assertTrue(pages)
        for path in pages:
            self.assertEqual({VERSION}, self.find(path, r'^\.TH .*"posoffline ([\d.]+)"'), path)

    def test_changelog(self):
        """The newest release in it is this version, or this version is not released yet."""
        headings = re.findall(r"^## (.+)$", tree.read("CHANGELOG.md"), re.M)
        if headings[0] == "Unreleased":
            del headings[0]
        self.assertEqual(VERSION, headings[0].split()[0])

    def test_readme(self):
        self.assertEqual({VERSION}, self.find("README.md", r"\bVersion (\d+\.\d+\.\d+)"))


def is_older(program, sources):
    built = os.path.getmtime(program)
    return any(os.path.getmtime(os.path.join(folder, name)) > built
               for folder, _, names in os.walk(sources) for name in names)
