"""Checks that Tests/Harness/programs.txt names all C files of the tests, and no others."""

import re
import unittest

import tree

# C files that Tests/Harness/build.sh does not build: the folder or file, and what builds it.
ELSEWHERE = {
    "Tests/Fuzz/": "Tests/Fuzz/build.sh",
    "Tests/Unit/": "Package.swift",
    "Tests/Conformance/future.c": "Tests/Conformance/run.sh",
    "Tests/Sanitizers/defects.c": "Tests/Sanitizers/build.sh",
    "Tests/Surroundings/symbol-names.c": "Tests/Surroundings/symbol-names.sh",
}


class Programs(unittest.TestCase):
    def setUp(self):
        self.sets, self.programs = {}, {}
        for line in tree.read("Tests/Harness/programs.txt").splitlines():
            if match := re.fullmatch(r"(\w+) = (.*)", line):
                self.sets[match.group(1)] = match.group(2).split()
            elif match := re.fullmatch(r"([\w-]+): (.*)", line):
                self.assertNotIn(match.group(1), self.programs, "a program is named twice")
                self.programs[match.group(1)] = match.group(2).split()
            else:
                self.assertTrue(not line or line.startswith("#"), f"neither a set nor a program: {line}")
        self.assertTrue(self.programs)

    def named(self):
        words = {word for parts in [*self.sets.values(), *self.programs.values()] for word in parts}
        return {f"Tests/{word}" for word in words if word not in self.sets}

    def test_every_file_that_is_named_exists(self):
        self.assertEqual([], sorted(self.named() - set(tree.files())))

    def test_every_file_is_named_or_built_elsewhere(self):
        unused = [path for path in tree.files() if path.startswith("Tests/") and path.endswith(".c")
                  and path not in self.named() and not path.startswith(tuple(ELSEWHERE))]
        self.assertEqual([], unused)

    def test_what_is_built_elsewhere_is_named_there(self):
        for path, builder in ELSEWHERE.items():
            if path.endswith(".c"):
                self.assertIn(path, tree.files())
                self.assertIn(path.rpartition("/")[2], tree.read(builder), f"{builder} does not build {path}")

    def test_every_program_is_built_by_something(self):
        scripts = "\n".join(tree.read(path) for path in tree.files()
                            if path == "Makefile" or path.startswith("Tests/") and path.endswith((".sh", ".py")))
        unused = [name for name in self.programs if not re.search(rf"(?<![\w/-]){re.escape(name)}(?![\w.-])", scripts)]
        self.assertEqual([], unused)

    def test_every_set_is_used(self):
        used = {word for parts in self.programs.values() for word in parts}
        self.assertEqual([], sorted(set(self.sets) - used))
