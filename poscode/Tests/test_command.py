"""poscode as a whole: help, version, the manual page."""

import os
import re

from support import ROOT, CommandTest, poscode

COMMANDS = (("keygen", "issuer"), ("keygen", "rider"), ("issue",), ("inspect",), ("verify-record",),
            ("verify-signature",))


class Command(CommandTest):
    def test_the_version_is_the_librarys(self):
        with open(os.path.join(ROOT, "include", "posoffline.h")) as file:
            (version,) = re.findall(r'#define POSOFFLINE_VERSION "(.*)"', file.read())
        self.assertEqual(self.succeed("--version").text, version + "\n")
        with open(os.path.join(ROOT, "man", "poscode.1")) as file:
            self.assertIn(f'"posoffline {version}"', file.read())

    def test_help_is_data_and_names_every_command(self):
        result = self.succeed("--help")
        self.assertEqual(result.err, "")
        for command in ("keygen", "issue", "inspect", "verify-record", "verify-signature", "Exit status"):
            self.assertIn(command, result.text)
        for command in COMMANDS:
            self.assertIn("OVERVIEW", self.succeed(*command, "--help").text)

    def test_no_line_of_help_and_no_default_shows_its_making(self):
        for command in COMMANDS:
            self.assertNotIn("relative(", self.succeed(*command, "--help").text)

    def test_unknown_words_give_usage_and_fail(self):
        for arguments in (("bogus",), ("keygen", "bogus"), ("issue", "--bogus"), ("--bogus",),
                          ("verify-signature", "a", "b")):
            with self.subTest(arguments=arguments):
                self.refuse(64, "Usage: poscode", *arguments)

    def test_without_a_command_it_shows_its_help(self):
        self.assertIn("SUBCOMMANDS", poscode().text)

    def test_the_manual_page_has_every_option_and_every_json_member(self):
        with open(os.path.join(ROOT, "man", "poscode.1")) as file:
            manual = file.read().replace("\\-", "-")
        options = set()
        for command in COMMANDS:
            options |= set(re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", self.succeed(*command, "--help").text, re.M))
        self.assertGreater(len(options), 30)
        missing = [option for option in sorted(options) if option not in manual]
        self.assertEqual(missing, [])
        members = set()
        for made in (self.succeed("inspect", self.issue(), "--json").json(), self.succeed("issue", "--json").json(),
                     poscode("inspect", "02", "--json").json()["stop"]):
            members |= set(made)
        self.assertEqual([member for member in sorted(members) if member not in manual], [])
