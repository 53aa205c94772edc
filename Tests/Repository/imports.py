#!/usr/bin/env python3
"""Checks the imports of every Swift module against imports.txt, and the dependencies in the Package.swift files too.

    Tests/Repository/imports.py

Exits 1 when a module imports, or a target depends on, what it may not; when the list allows what is not used, or an
import upwards; and when a module is not in the list. First it shows on wrong inputs that it finds each of these.
"""

import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imports.txt")

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)", re.M)
TARGET = re.compile(r"\.(?:target|executableTarget)\(\s*name:\s*\"(\w+)\"(.*?)(?=\n        (?:\.|//)|\n    \])", re.S)
PRODUCT = re.compile(r"\.library\(\s*name:\s*\"(\w+)\".*?targets:\s*\[([^\]]*)\]", re.S)
# Swift's own modules need no dependency.
OWN = {"Foundation", "Glibc", "Synchronization"}


def allowed_imports(text):
    """Folder -> module -> what it may import, in the order of the list."""
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


def used_imports(directory):
    used = set()
    for folder, _, files in os.walk(directory):
        for name in files:
            if name.endswith(".swift"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    used.update(IMPORT.findall(without_comments(file.read())))
    return used


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
    """`products`: name -> modules, of the library's package."""
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
        # Only with a declared dependency is an import sure to find its module built.
        given = set().union(*(products.get(name) or {name.removesuffix(".swift")}
                              for name in declared)) if declared else set()
        problems += [f"{target} imports {other} without a dependency"
                     for other in sorted(allowed - given - OWN)]
    return problems


def products_of(package):
    return {name: set(re.findall(r"\"(\w+)\"", targets)) for name, targets in PRODUCT.findall(package)}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def self_test():
    folders = allowed_imports("[S]\nA:\nB: A X # why\n[T]\nC: B")
    assert folders == {"S": {"A": [], "B": ["A", "X"]}, "T": {"C": ["B"]}}
    assert order_problems(folders) == []
    assert order_problems(allowed_imports("[S]\nA: B\nB:")) == ["A may import B, which the list has not named before"]
    assert import_problems(folders["S"], {"A": set(), "B": {"A", "X"}}) == []
    assert import_problems(folders["S"], {"A": {"B"}, "B": {"A"}, "D": set()}) == [
        "A imports B", "B may import X and does not", "D is not in the list"]
    assert import_problems(folders["T"], {}) == ["C is in the list and has no source"]
    assert set(IMPORT.findall("import A\n@testable import B\nprivate import struct C.D\n@_exported import E")) == set("ABCE")
    package = '    targets: [\n        .target(name: "A"),\n        .target(\n            name: "B", dependencies: ["A", %s]),\n    ]'
    product = '.product(name: "P", package: "p")'
    assert dependency_problems(folders["S"], package % product, {"P": {"X", "Y"}}) == []
    assert dependency_problems(folders["S"], package % product, {"P": {"Y"}}) == [
        "B depends on P, of which it may import nothing", "B imports X without a dependency"]


def main():
    self_test()
    folders = allowed_imports(read(LIST))
    products = products_of(read("Package.swift"))
    problems = order_problems(folders)
    count = 0
    for folder, modules in folders.items():
        directory = os.path.join(ROOT, folder)
        used_by = {}
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if any(file.endswith(".swift") for _, _, files in os.walk(path) for file in files):
                used_by[name] = used_imports(path)
        count += len(used_by)
        problems += import_problems(modules, used_by)
        problems += dependency_problems(modules, read(os.path.join(os.path.dirname(folder), "Package.swift")), products)
    for problem in problems:
        print(problem)
    print(f"imports: {count} modules, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
