"""Checks that a product of `swift build` does not have the name of the shipped library."""

import json
import shutil
import subprocess
import unittest

import tree


class Products(unittest.TestCase):
    def test_swift_build_makes_no_libposoffline(self):
        if not shutil.which("swift"):
            self.skipTest("there is no swift")
        described = subprocess.run(["swift", "package", "dump-package"], cwd=tree.ROOT, check=True, stdout=subprocess.PIPE)
        names = {product["name"] for product in json.loads(described.stdout)["products"]}
        self.assertIn("TransitKit", names)
        self.assertNotIn("posoffline", names)
