"""poscode keygen"""

import json
import os
import re
import stat

import support
from ecdsa import SECP192K1, SECP256K1
from support import CommandTest


class Keygen(CommandTest):
    def mode(self, path):
        return stat.S_IMODE(os.stat(path).st_mode)

    def test_issuer_keys_and_their_list(self):
        directory = self.path("new")
        result = self.succeed("keygen", "issuer", "--output", directory)
        self.assertIn("32 private keys", result.text)
        private, public = directory + "/issuer-keys.txt", directory + "/key-list.json"
        self.assertEqual(sorted(os.listdir(directory)), ["issuer-keys.txt", "key-list.json"])
        self.assertEqual(self.mode(private), 0o600)
        with open(public) as file:
            text = file.read()
        keys = json.loads(text)
        self.assertEqual([key["key_id"] for key in keys], list(range(32)))
        self.assertEqual({tuple(key) for key in keys}, {("key_id", "public_key")})
        self.assertEqual(len({key["public_key"] for key in keys}), 32)
        with open(private) as file:
            secrets = file.read()
        self.assertEqual(len(re.findall(r"^\d+ [0-9A-F]{64}$", secrets, re.M)), 32)
        again = self.succeed("keygen", "issuer", "--from", private, "--public", "--output", "-").text
        self.assertEqual(again, text)
        gate = support.Gate(text)
        self.addCleanup(gate.close)
        self.assertIsInstance(gate.record(self.issue("--issuer-keys", private, "--key-id", "31")), str)

    def test_the_public_key_is_the_private_keys(self):
        made = self.succeed("keygen", "issuer", "--count", "1", "--output", "-", "--json").json()["keys"][0]
        point = SECP256K1.times(int(made["private_key"], 16))
        self.assertEqual(SECP256K1.compressed(point).hex().upper(), made["public_key"])
        made = self.succeed("keygen", "rider", "--json").json()
        self.assertEqual(SECP192K1.compressed(SECP192K1.times(int(made["private_key"], 16))).hex().upper(),
                         made["public_key"])

    def test_a_secret_is_never_replaced_unasked(self):
        for name in ("issuer-keys.txt", "key-list.json"):
            directory = self.path("d-" + name)
            os.mkdir(directory)
            with open(directory + "/" + name, "w") as file:
                file.write("precious")
            self.refuse(73, name + " is there already; --force", "keygen", "issuer", "--output", directory)
            self.assertEqual(os.listdir(directory), [name])
            with open(directory + "/" + name) as file:
                self.assertEqual(file.read(), "precious")
            self.succeed("keygen", "issuer", "--count", "1", "--output", directory, "--force")
            self.assertEqual(self.mode(directory + "/issuer-keys.txt"), 0o600)
        rider = self.file("rider", "precious")
        self.refuse(73, "is there already", "keygen", "rider", "--output", rider)
        self.succeed("keygen", "rider", "--output", rider, "--force")
        self.assertEqual(self.mode(rider), 0o600)

    def test_secrets_are_on_no_output_when_they_are_in_a_file(self):
        text = self.succeed("keygen", "issuer", "--count", "2", "--output", self.directory, "--json").text
        with open(self.path("issuer-keys.txt")) as file:
            secrets = re.findall(r"^\d+ ([0-9A-F]{64})$", file.read(), re.M)
        self.assertEqual(len(secrets), 2)
        for secret in secrets:
            self.assertNotIn(secret, text)
        public = self.succeed("keygen", "issuer", "--from", self.path("issuer-keys.txt"), "--public", "--output", "-",
                              "--json").text
        self.assertNotIn("private", public)

    def test_ids_go_from_0_to_255(self):
        self.succeed("keygen", "issuer", "--first-key-id", "255", "--count", "1", "--output", "-")
        self.succeed("keygen", "issuer", "--first-key-id", "250", "--output", "-")
        for arguments in (("--first-key-id", "256"), ("--first-key-id", "255", "--count", "2"), ("--count", "0"),
                          ("--count", "257"), ("--count", "9223372036854775807"), ("--first-key-id=-1",)):
            self.refuse(64, "0 to 255|--first-key-id", "keygen", "issuer", *arguments, "--output", "-")

    def test_sources_exclude_each_other(self):
        self.refuse(64, "exclude each other", "keygen", "issuer", "--from", "x", "--development")
        self.refuse(64, "--count is for new keys", "keygen", "issuer", "--from", "x", "--count", "2")
        self.refuse(66, "No such file", "keygen", "issuer", "--from", self.path("none"))
