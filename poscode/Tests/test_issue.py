"""poscode issue: the code that is made."""

import os
import re
import time

import support
from support import NOTICE, CommandTest, poscode


class Issue(CommandTest):
    def fields(self, code, *arguments):
        result = poscode("inspect", code, "--json", *arguments)
        return {field["name"]: field["value"] for field in result.json()["fields"]}

    def test_without_options_a_code_is_good_now(self):
        before = int(time.time())
        result = self.succeed("issue")
        self.assertTrue(result.err.startswith(NOTICE), result.err)
        inspection = self.succeed("inspect", result.text.strip(), "--json").json()
        self.assertTrue(inspection["good"] and inspection["development_issuer"])
        fields = self.fields(result.text.strip())
        self.assertTrue(before <= fields["generated"] <= int(time.time()))
        self.assertEqual(fields["expiry"], fields["generated"] + 30 * 86400)
        self.assertEqual((fields["window"], fields["quota"], fields["card_type"]), (60, 2000, "ANT00001"))

    def test_every_field_is_what_was_asked_for(self):
        code = self.issue(
            "--uid", "2088999988887777", "--card-type", "CITY0001", "--card-no", "3301", "--card-data", "00ff00",
            "--reserved", "0102030405060708090a0b0c", "--expiry", "2000000000", "--window", "65535", "--quota", "0",
            "--generated", "1700000000", "--key-id", "255")
        fields = self.fields(code)
        self.assertEqual(
            [fields[name] for name in ("uid", "card_type", "card_no", "card_data", "reserved", "expiry", "window",
                                       "quota", "generated", "issuer_key_id", "algorithm", "protocol_version")],
            ["2088999988887777", "CITY0001", "3301", "00FF00", "0102030405060708090A0B0C", 2000000000, 65535, 0,
             1700000000, 255, 1, 2])

    def test_times_are_read_in_every_form(self):
        for given, expected in (
            ("1700000000", 1700000000), ("2023-11-15 06:13:20", 1700000000), ("2023-11-15T06:13:20", 1700000000),
            ("2023-11-15 06:13", 1699999980), ("2023-11-15", 1699977600), ("0", 0), ("4294967295", 4294967295),
        ):
            with self.subTest(given=given):
                fields = self.fields(self.issue("--generated", given, "--expiry", "1"))
                self.assertEqual(fields["generated"], expected)
        for given, seconds in (("-90", -90), ("+90s", 90), ("-5m", -300), ("+2h", 7200), ("-1d", -86400),
                               ("+4w", 2419200), ("now", 0)):
            with self.subTest(given=given):
                offset = self.fields(self.issue("--generated", given))["generated"] - time.time()
                self.assertAlmostEqual(offset, seconds, delta=5)
        fields = self.fields(self.issue("--generated", "1700000000", "--expiry", "-1h"))
        self.assertEqual(fields["expiry"], 1700000000 - 3600)

    def test_bad_times_are_refused(self):
        for given in ("", "soon", "4294967296", "+", "+5y", "2023-02-30", "2023-11-15 25:00", "2023-1", "1.5",
                      "+1.5h", "2023-11-15 06:13:20:1", "+99999999999999999999d", "１７"):
            with self.subTest(given=given):
                self.refuse(64, "--generated", "issue", "--generated", given)
        self.refuse(64, "1970 to 2106", "issue", "--generated", "-5000w")
        self.refuse(64, "1970 to 2106", "issue", "--generated", "4294967295")
        self.refuse(64, "--count goes beyond", "issue", "--generated", "4294967294", "--expiry", "1", "--vary",
                    "time", "--count", "3")

    def test_bad_options_are_refused(self):
        for arguments, message in (
            (("--uid", "208812"), "--uid has 6 bytes instead of 16"),
            (("--uid", "208800000000000\x01"), "--uid is not printable"),
            (("--card-type", "SHORT"), "--card-type has 5 bytes instead of 8"),
            (("--card-type", "交通卡交通"), "--card-type has 15 bytes"),
            (("--card-no", "卡"), "--card-no is not printable"),
            (("--card-no", "1" * 185), "credential length has 256 bytes, and a code holds at most 255"),
            (("--card-data", "0"), "--card-data is not hex"),
            (("--card-data", "00" * 256), "card data has 256 bytes"),
            (("--reserved", "00"), "--reserved is not 24 hex digits"),
            (("--window", "65536"), "--window"), (("--window", "-1"), "--window"), (("--quota", "70000"), "--quota"),
            (("--key-id", "256"), "--key-id"), (("--count", "0"), "--count is at least 1"),
            (("--count", "99999999999999999999"), "--count"), (("--scale", "0"), "--scale"),
            (("--scale", "33"), "--scale"), (("--margin", "17"), "--margin"), (("--level", "X"), "--level"),
            (("--format", "gif"), "--format"), (("--s", "middle"), "--s"), (("--json", "--format", "png"), "--json"),
            (("--uid", "abcdefghijklmnop", "--count", "2"), "--vary time"),
            (("--uid", "9999999999999999", "--count", "2"), "--vary time"),
            (("--wrong", "nonsense=1"), "--wrong"), (("--wrong", "uid"), "--wrong"),
            (("--wrong", "uid=0"), "--wrong"), (("--wrong", "time-length=256"), "--wrong"),
            (("--wrong", "truncate=-1"), "--wrong"),
            (("extra",), "extra"),
        ):
            with self.subTest(arguments=arguments):
                self.refuse(64, message, "issue", *arguments)

    def test_each_wrong_thing_is_found_and_nothing_else(self):
        for wrong, checks in (
            ("protocol-version=1", ["code-shape"]), ("algorithm=9", []), ("issuer-key-id=9", []),
            ("credential-length=86", ["code-shape"]), ("uid=3132", ["code-shape"]),
            ("card-type=0000", ["code-shape"]), ("card-no-length=17", ["code-shape"]),
            ("card-data-length=1", ["code-shape"]),
            ("issuer-signature-length=0", ["code-shape"]), ("time-length=5", ["code-shape"]),
            ("generated=00", ["code-shape"]), ("user-signature-length=1", ["code-shape"]),
            ("expiry=00000000", ["expiry"]), ("user-public-key=" + "02" * 25, ["user-signature"]),
            ("user-signature=corrupt", ["user-signature"]),
            ("user-signature=other-key", ["user-signature"]), ("user-signature=zero-r", ["user-signature"]),
            ("user-signature=zero-s", ["user-signature"]), ("user-signature=padded", ["user-signature"]),
            ("user-signature=trailing-byte", ["user-signature"]), ("user-signature=", ["user-signature"]),
            ("issuer-signature=corrupt", ["issuer-signature"]), ("issuer-signature=other-key", ["issuer-signature"]),
            ("issuer-signature=padded", ["issuer-signature"]), ("issuer-signature=3000", ["issuer-signature"]),
            ("trailing=00", ["code-shape"]), ("truncate=10", ["code-shape"]), ("truncate=10000", []),
        ):
            with self.subTest(wrong=wrong):
                # The key list has the development key under every id, so a changed id is not an error.
                keys = self.file("keys", poscode("keygen", "issuer", "--development", "--count", "10", "--public",
                                                 "--output", "-").text)
                result = poscode("inspect", self.issue("--wrong", wrong), "--json", "--keys", keys)
                failed = [finding["check"] for finding in result.json()["findings"] if finding["outcome"] == "failed"]
                self.assertEqual(failed, checks)
                self.assertEqual(result.code, 1 if checks else 0)

    def test_the_guides_wrong_codes_get_the_guides_answers_from_the_library(self):
        gate = support.Gate(support.development_keys())
        self.addCleanup(gate.close)
        with open(os.path.join(support.ROOT, "docs", "poscode.md")) as file:
            lines = re.findall(r"^\$ poscode issue (.*?) +# (?:a gate says )?(-\d+)", file.read(), re.M)
        self.assertEqual(len(lines), 6)
        for arguments, answer in lines:
            self.assertEqual(gate.record(self.issue(*arguments.split())), int(answer), arguments)
        self.assertIsInstance(gate.record(self.issue("--card-type", "plain")), str)

    def test_both_halves_of_s_can_be_asked_for(self):
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D
        for half in ("low", "high"):
            for line in self.succeed("issue", "--s", half, "--count", "8").text.split():
                s = int(self.fields(line)["user_signature"]["s"], 16)
                self.assertEqual(s > order // 2, half == "high")
                self.assertEqual(poscode("inspect", line).code, 0)

    def test_a_sequence_has_distinct_riders(self):
        lines = self.succeed("issue", "--count", "25", "--uid", "0000000000000990").text.split()
        uids = [self.fields(line)["uid"] for line in lines[:1] + lines[-1:]]
        self.assertEqual(uids, ["0000000000000990", "0000000000001014"])
        self.assertEqual(len(set(lines)), 25)
        result = self.succeed("inspect", "-", "--json", stdin="\n".join(lines))
        identities = {tuple(field["hex"] for field in one["fields"] if field["name"] in ("uid", "generated"))
                      for one in result.json_lines()}
        self.assertEqual(len(identities), 25)

    def test_a_sequence_of_one_rider_has_distinct_times(self):
        lines = self.succeed("issue", "--count", "20", "--vary", "time", "--generated", "1700000000").text.split()
        parsed = [self.fields(line) for line in lines]
        self.assertEqual([fields["generated"] for fields in parsed], list(range(1700000000, 1700000020)))
        self.assertEqual({fields["uid"] for fields in parsed}, {"2088000000000001"})
        self.assertEqual(len({str(fields["issuer_signature"]) for fields in parsed}), 1)

    def test_keys_from_files_sign(self):
        self.succeed("keygen", "issuer", "--count", "3", "--first-key-id", "40", "--output", self.directory)
        rider = self.path("rider.key")
        self.succeed("keygen", "rider", "--output", rider)
        keys = self.path("issuer-keys.txt")
        result = self.succeed("issue", "--issuer-keys", keys, "--rider-key", rider, "--key-id", "41", "--json")
        self.assertEqual(result.err, "")
        made = result.json()
        self.assertEqual((made["issuer_key_id"], made["development_issuer"]), (41, False))
        with open(rider) as file:
            self.assertIn(made["user_public_key"], file.read())
        good = self.succeed("inspect", made["code"], "--keys", self.path("key-list.json"), "--json").json()
        self.assertEqual({finding["outcome"] for finding in good["findings"]}, {"passed"})
        self.assertEqual(self.fields(self.issue("--issuer-keys", keys))["issuer_key_id"], 40)
        self.refuse(65, "no key with id 43", "issue", "--issuer-keys", keys, "--key-id", "43")

    def test_bad_key_files_are_refused(self):
        for content, message in (
            ("", "line 1: no key"), ("0 zz\n", "line 1: not a key"), ("0 " + "00" * 32, "line 1: not a private key"),
            ("0 " + "01" * 32 + "\n0 " + "01" * 32, "line 2: key id 0 stands there twice"),
            (b"\x00\xff" * 100, "line 1"),
        ):
            self.refuse(65, message, "issue", "--issuer-keys", self.file("bad", content))
        for content, message in (
            ("", "line 1: no key"), ("01", "line 1: not a private key"), ("x", "line 1: not a key"),
            (("01" * 24 + "\n") * 2, "line 2: no key, or more"),
        ):
            self.refuse(65, message, "issue", "--rider-key", self.file("bad", content))
        self.refuse(66, "No such file", "issue", "--issuer-keys", self.path("none"))
        self.refuse(66, "No such file", "issue", "--rider-key", self.path("none"))
        self.refuse(74, "Is a directory", "issue", "--rider-key", self.directory)

    def test_json_describes_the_code(self):
        made = self.succeed("issue", "--json", "--count", "2").json_lines()
        self.assertEqual(len(made), 2)
        self.assertEqual(
            {name: type(value) for name, value in made[0].items()},
            {"code": str, "uid": str, "issuer_key_id": int, "issuer_public_key": str, "user_public_key": str,
             "generated": int, "expiry": int, "window": int, "quota_cent": int, "development_issuer": bool})
        self.assertEqual(poscode("inspect", made[1]["code"]).code, 0)
