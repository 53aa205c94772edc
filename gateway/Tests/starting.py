"""Shared by the tests of the start: a start that is refused, a settings file, a data directory."""

import os
import subprocess
import unittest

from support import command, temporary_directory


class StartTest(unittest.TestCase):
    """Checks that a gateway that cannot start prints its reason in one line."""

    def refuse(self, message, *arguments, env=None):
        # A server that starts does not end. The first start makes keys, which is slow on a busy machine.
        try:
            result = command("serve", *arguments, env=env)
        except subprocess.TimeoutExpired:
            self.fail(f"it has started with {arguments} {env}")
        self.assertGreater(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "")
        said = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        self.assertEqual(len(said), 1, result.stderr)
        self.assertRegex(said[0], message or ".")
        for noise in ("Fatal error", "Error Domain", "Backtrace", "NSError", "Swift."):
            self.assertNotIn(noise, result.stderr)

    def file(self, content):
        path = os.path.join(temporary_directory(), "settings.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def data(self):
        return os.path.join(temporary_directory(), "data")
