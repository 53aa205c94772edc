"""Checks that paths work on every system, and that files are in the folders that docs/architecture.md gives."""

import collections
import os
import re
import unittest

import tree

# The files at the root. Tools look for them there, so they cannot be in a folder.
ROOT_FILES = {
    ".clang-format", ".editorconfig", ".gitignore", ".shellcheckrc", ".swift-format", ".swift-version", "CHANGELOG.md",
    "CONTRIBUTING.md", "LICENSE", "Makefile", "Package.swift", "README.md", "SECURITY.md", "posoffline.pc.in",
    "ruff.toml",
}
# The allowed suffixes of the files in a folder. A suffix begins at the first dot of the name.
SUFFIXES = {
    "docs": {"md"},
    "include": {"h", "modulemap"},
    "man": {"1", "3"},
    "scripts": {"sh", "py"},
    "bench": {"c", "sh"},
    "demo": {"c", "sh"},
    "Sources": {"swift", "c", "h", "modulemap", "map"},
    "poscode/Sources": {"swift"},
    "Tests/Unit": {"swift", "c", "h", "sh"},
}


class Paths(unittest.TestCase):
    def test_no_two_differ_in_case_alone(self):
        spellings = collections.defaultdict(set)
        for path in [*tree.files(), *tree.folders()]:
            spellings[path.lower()].add(path)
        self.assertEqual([], sorted(map(sorted, (s for s in spellings.values() if len(s) > 1))))

    def test_no_symbolic_links(self):
        self.assertEqual([], [path for path in tree.files() if os.path.islink(os.path.join(tree.ROOT, path))])

    def test_names_are_portable(self):
        strange = [path for path in tree.files() if not re.fullmatch(r"[A-Za-z0-9._/+-]+", path)]
        self.assertEqual([], strange)

    def test_files_at_the_root_are_those_that_tools_look_for(self):
        self.assertEqual([], sorted({path for path in tree.files() if "/" not in path} - ROOT_FILES))

    def test_a_folder_holds_one_kind_of_file(self):
        wrong = []
        for folder, suffixes in SUFFIXES.items():
            inside = [path for path in tree.files() if path.startswith(folder + "/")]
            self.assertTrue(inside, f"{folder} is empty: is its name still right?")
            wrong += [path for path in inside if os.path.basename(path).partition(".")[2] not in suffixes]
        self.assertEqual([], wrong)


class Architecture(unittest.TestCase):
    """docs/architecture.md draws the folders at the root, and the folders inside those in DRAWN."""

    DRAWN = ("", "Sources", "Tests", "gateway", "gateway/Sources", "poscode")

    @staticmethod
    def drawing():
        """The paths in the first code block. A level is indented by two spaces: `name/` and a description."""
        block = re.search(r"^```\n(.*?)^```", tree.read("docs/architecture.md"), re.S | re.M).group(1)
        result, parents = set(), []
        for line in block.splitlines():
            if match := re.match(r"( *)((?:[A-Za-z.][\w.-]*/ ?)+)", line):
                depth = len(match.group(1)) // 2
                del parents[depth:]
                for name in match.group(2).split():
                    path = "/".join([*parents, name.rstrip("/")])
                    result.add(path)
                parents.append(match.group(2).split()[0].rstrip("/"))
        return result

    def test_every_folder_is_drawn(self):
        missing = [folder for folder in tree.folders()
                   if os.path.dirname(folder) in self.DRAWN and folder not in self.drawing()]
        self.assertEqual([], sorted(missing))

    def test_every_drawn_folder_exists(self):
        self.assertEqual([], sorted(self.drawing() - tree.folders()))


class Text(unittest.TestCase):
    def test_ends_with_one_newline_and_has_no_blanks_at_the_end_of_a_line(self):
        wrong = []
        for path in tree.files():
            if not path.endswith((".c", ".h", ".sh", ".py", ".swift", ".md", "Makefile")):
                continue
            text = tree.read(path)
            if text and (not text.endswith("\n") or text.endswith("\n\n")) or re.search(r"[ \t\r]$", text, re.M):
                wrong.append(path)
        self.assertEqual([], wrong)
