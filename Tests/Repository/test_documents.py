"""Checks that links, headings, files and make targets in the documents exist."""

import os
import re
import unittest

import tree

# The folders of the repository. A path in a document that begins with one of them names a file or folder. It may
# contain *.
FOLDERS = ("Sources", "Tests", "bench", "demo", "docs", "gateway", "include", "man", "poscode", "scripts")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)}|\.ci)/[\w./*-]+")
# Build results, which are not in the repository.
BUILT = re.compile(r"(poscode|gateway)/\.build")


def documents():
    return [path for path in tree.files() if path.endswith(".md")]


def without_code(text):
    return re.sub(r"^(```|    ).*?(?:^```$|$)", "", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M), flags=re.M)


def anchors(path):
    """The anchors of a document: each heading in lower case, without punctuation, with hyphens for blanks."""
    result = set()
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", tree.read(path), flags=re.S | re.M), re.M):
        anchor = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = 1
        unique = anchor
        while unique in result:
            unique = f"{anchor}-{count}"
            count += 1
        result.add(unique)
    return result


class Documents(unittest.TestCase):
    def test_links(self):
        wrong, seen = [], 0
        for document in documents():
            for target in re.findall(r"\]\(([^)\s]+)\)", without_code(tree.read(document))):
                if re.match(r"[a-z]+:", target):
                    continue
                seen += 1
                name, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(document), name)) if name else document
                if path not in tree.files() and path not in tree.folders():
                    wrong.append(f"{document}: no file {target}")
                elif anchor and anchor not in anchors(path):
                    wrong.append(f"{document}: no heading {target}")
        self.assertGreater(seen, 20)
        self.assertEqual([], wrong)

    def test_quoted_headings(self):
        """References to headings, such as ([journal.md](journal.md), "Rewriting")."""
        wrong = []
        for document in documents():
            text = " ".join(tree.read(document).split())
            for target, heading in re.findall(r"\]\(([\w./-]+\.md)\),? \"([^\"]+)\"", text):
                path = os.path.normpath(os.path.join(os.path.dirname(document), target))
                if path in tree.files() and not re.search(rf"^#+ {re.escape(heading)}$", tree.read(path), re.M):
                    wrong.append(f"{document}: {target} has no heading {heading}")
        self.assertEqual([], wrong)

    def test_paths(self):
        """Paths in documents, and in the sources and their comments."""
        wrong, seen = [], 0
        for document in tree.files():
            if not document.endswith((".md", ".py", ".sh", ".swift", ".c", ".h", ".txt", ".map", "Makefile", "run")):
                continue
            if document == "CHANGELOG.md" or document.startswith("Tests/Repository/"):
                continue
            for path in PATH.findall(tree.read(document)):
                # A last part in capitals is a placeholder: Tests/Fuzz/regressions/TARGET.
                path = re.sub(r"/[A-Z]+$", "", path.rstrip("./-"))
                seen += 1
                # The paths in a package manifest are relative to it.
                own = os.path.join(os.path.dirname(document), path) if document.endswith("/Package.swift") else path
                if not BUILT.match(path) and not exists(path) and not exists(own):
                    wrong.append(f"{document}: {path}")
        self.assertGreater(seen, 50)
        self.assertEqual([], sorted(set(wrong)))

    def test_targets_of_make(self):
        makefile = tree.read("Makefile")
        wrong, seen = [], 0
        for document in [*documents(), "Makefile", *(p for p in tree.files() if p.startswith(("man/", "docs/")))]:
            for command in re.findall(r"(?:`|^ *|    )make ([^`\n#]*)", tree.read(document), re.M):
                for word in command.partition("  ")[0].split():
                    if not re.fullmatch(r"[a-z][a-z0-9_-]*", word):
                        continue
                    seen += 1
                    if not is_target(word, makefile):
                        wrong.append(f"{document}: make {word}")
        self.assertGreater(seen, 20)
        self.assertEqual([], sorted(set(wrong)))

    def test_help_names_every_target_that_a_document_names(self):
        helped = set(", ".join(re.findall(r"^## ([a-z][\w, -]*?)  ", tree.read("Makefile"), re.M)).split(", "))
        named = {word for document in documents() for word in re.findall(r"`make ([a-z][a-z0-9-]*)", tree.read(document))}
        steps = {word for word in named if word.startswith("test-")}
        self.assertEqual([], sorted(named - helped - steps))


def exists(path):
    if "*" in path:
        pattern = re.compile(re.escape(path).replace(r"\*", "[^/]*"))
        return any(pattern.fullmatch(name) for name in [*tree.files(), *tree.folders()])
    return path in tree.files() or path in tree.folders() or path + "s" in tree.folders()


def is_target(word, makefile):
    if word.startswith("test-"):
        # A step of the tests. The Makefile builds its name from lists.
        kind = word.split("-")[1]
        return bool(re.search(rf"^{word}\b.*:|\btest-{kind}-?[$%]|\baddprefix test-,[^)]*\b{kind}\b|step,[^)]*\b{kind}\b",
                              makefile, re.M)) or word in makefile
    return bool(re.search(rf"^{re.escape(word)}(?: [\w -]+)?:", makefile, re.M))
