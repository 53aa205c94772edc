"""Checks the imports of Swift modules and the dependencies in the Package.swift files against imports.txt.

Modules import only what the list allows, and targets depend only on that. The list allows only imports that are used,
and none of a later module. It contains every module.
"""

import os
import re
import unittest

import tree

LIST = "Tests/Repository/imports.txt"

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)", re.M)
TARGET = re.compile(r"\.(?:target|executableTarget)\(\s*name:\s*\"(\w+)\"(.*?)(?=\n        (?:\.|//)|\n    \])", re.S)
PRODUCT = re.compile(r"\.library\(\s*name:\s*\"(\w+)\".*?targets:\s*\[([^\]]*)\]", re.S)
# System modules, which need no dependency.
OWN = {"Foundation", "Glibc", "Synchronization"}


def allowed_imports(text):
    """Folder -> module -> allowed imports, in the order of the list."""
    folders, modules = {}, None
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            modules = folders.setdefault(line.strip("[]"), {})
        elif line:
            name, _, imports = line.partition(":")
            modules[name] = imports.split()
    return folders


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", re.sub(r"^\s*//.*$", "", text, flags=re.M), flags=re.S)


def order_problems(folders):
    problems, seen = [], set()
    all_modules = {module for modules in folders.values() for module in modules}
    for modules in folders.values():
        for module, imports in modules.items():
            problems += [f"{module} may import {other}, which the list has not named before"
                         for other in imports if other in all_modules and other not in seen]
            seen.add(module)
    return problems


def import_problems(modules, used_by):
    problems = []
    for module in sorted(set(modules) | set(used_by)):
        if module not in modules:
            problems.append(f"{module} is not in the list")
        elif module not in used_by:
            problems.append(f"{module} is in the list and has no source")
        else:
            used, allowed = used_by[module], set(modules[module])
            problems += [f"{module} imports {other}" for other in sorted(used - allowed)]
            problems += [f"{module} may import {other} and does not" for other in sorted(allowed - used)]
    return problems


def dependency_problems(modules, package, products):
    """`products`: name -> modules, from the package of the library."""
    problems = []
    for target, body in TARGET.findall(package):
        if target not in modules:
            continue
        dependencies = re.search(r"dependencies:\s*\[(.*?)\](?:,|\))", body, re.S)
        declared = re.findall(r"name:\s*\"([\w.]+)\"", dependencies[1]) if dependencies else []
        own = re.sub(r"\.product\([^)]*\)", "", dependencies[1]) if dependencies else ""
        declared += re.findall(r"\"(\w+)\"", own)
        allowed = set(modules[target])
        for name in declared:
            gives = products.get(name) or {name.removesuffix(".swift")}
            if not gives & allowed:
                problems.append(f"{target} depends on {name}, of which it may import nothing")
        # The build order is certain only for a declared dependency.
        given = set()
        for name in declared:
            given |= products.get(name) or {name.removesuffix(".swift")}
        problems += [f"{target} imports {other} without a dependency"
                     for other in sorted(allowed - given - OWN)]
    return problems


def products_of(package):
    return {name: set(re.findall(r"\"(\w+)\"", targets)) for name, targets in PRODUCT.findall(package)}


class Imports(unittest.TestCase):
    def test_the_list_allows_no_import_upwards(self):
        self.assertEqual([], order_problems(allowed_imports(tree.read(LIST))))

    def test_modules_import_what_the_list_allows(self):
        for folder, modules in allowed_imports(tree.read(LIST)).items():
            used_by = {}
            for path in tree.files():
                if path.startswith(folder + "/") and path.endswith(".swift"):
                    module = path.removeprefix(folder + "/").split("/")[0]
                    used_by.setdefault(module, set()).update(IMPORT.findall(without_comments(tree.read(path))))
            with self.subTest(folder=folder):
                self.assertEqual([], import_problems(modules, used_by))

    def test_targets_depend_on_what_their_modules_import(self):
        products = products_of(tree.read("Package.swift"))
        for folder, modules in allowed_imports(tree.read(LIST)).items():
            with self.subTest(folder=folder):
                package = tree.read(os.path.join(os.path.dirname(folder), "Package.swift"))
                self.assertEqual([], dependency_problems(modules, package, products))

    def test_the_checks_can_fail(self):
        folders = allowed_imports("[S]\nA:\nB: A X # why\n[T]\nC: B")
        self.assertEqual(folders, {"S": {"A": [], "B": ["A", "X"]}, "T": {"C": ["B"]}})
        self.assertEqual(order_problems(folders), [])
        self.assertEqual(
            order_problems(allowed_imports("[S]\nA: B\nB:")), ["A may import B, which the list has not named before"])
        self.assertEqual(import_problems(folders["S"], {"A": set(), "B": {"A", "X"}}), [])
        self.assertEqual(
            import_problems(folders["S"], {"A": {"B"}, "B": {"A"}, "D": set()}),
            ["A imports B", "B may import X and does not", "D is not in the list"])
        self.assertEqual(import_problems(folders["T"], {}), ["C is in the list and has no source"])
        self.assertEqual(
            set(IMPORT.findall("import A\n@testable import B\nprivate import struct C.D\n@_exported import E")), set("ABCE"))
        package = (
            '    targets: [\n        .target(name: "A"),\n        .target(\n            name: "B", dependencies: ["A", '
            '.product(name: "P", package: "p")]),\n    ]')
        self.assertEqual(dependency_problems(folders["S"], package, {"P": {"X", "Y"}}), [])
        self.assertEqual(
            dependency_problems(folders["S"], package, {"P": {"Y"}}),
            ["B depends on P, of which it may import nothing", "B imports X without a dependency"])
