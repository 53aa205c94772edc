"""poscode verify-record, and records in inspect"""

import json
import random
import time

from support import POS_PARAM, CommandTest, Gate, development_keys, poscode

KEY = bytes(range(32))


class VerifyRecord(CommandTest):
    def setUp(self):
        super().setUp()
        self.succeed("keygen", "issuer", "--count", "2", "--output", self.directory)
        self.keys = self.path("key-list.json")
        self.record_key = self.file("record.key", KEY.hex() + "\n")
        self.gate = Gate(open(self.keys).read(), KEY)
        self.addCleanup(self.gate.close)

    def code(self, *arguments):
        return self.issue("--issuer-keys", self.path("issuer-keys.txt"), *arguments)

    def record(self, *arguments, **options):
        record = self.gate.record(self.code(*arguments), **options)
        self.assertIsInstance(record, str)
        return record

    def verify(self, *arguments, **options):
        keys = ("--keys", self.keys, "--record-key-file", self.record_key)
        return poscode("verify-record", *keys, *arguments, **options)

    def test_records_of_the_library_are_good(self):
        records = [self.record("--uid", f"208800000000000{index}") for index in range(4)]
        result = self.verify(stdin="\n".join(records) + "\n")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertIn("4 records: 4 good, 0 bad\n", result.text)
        self.assertIn("line 1: good, 2088000000000000, SINGLE, 2.00 yuan, ", result.text)
        self.assertEqual(self.verify(records[0]).code, 0)
        quiet = self.verify(self.file("records", "\r\n".join(records)), "-q")
        self.assertEqual(quiet.text, "4 records: 4 good, 0 bad\n")
        self.assertEqual(self.verify("-", self.path("records"), stdin=records[0]).text.count("good,"), 6)

    def test_json_has_these_members(self):
        result = self.verify("--json", stdin="\n" + self.record())
        made = result.json()
        self.assertEqual(
            {name: type(value) for name, value in made.items()},
            {"input": str, "line": int, "good": bool, "first_failure": type(None), "uid": str, "card_type": str,
             "card_no": str, "amount_cent": int, "accepted": int, "trip": str, "record_key_id": str,
             "development_issuer": bool, "development_record_key": bool, "findings": list})
        self.assertEqual((made["line"], made["amount_cent"], made["trip"], made["good"]), (2, 200, "SINGLE", True))
        self.assertEqual(
            [finding["check"] for finding in made["findings"]],
            ["record-shape", "record-key", "mac", "code-shape", "issuer-key", "expiry", "issuer-signature", "window",
             "user-signature", "pos-param", "quota"])

    def test_the_trip_is_said(self):
        for kind in ("SINGLE", "IN", "OUT"):
            record = self.record(pos_param=POS_PARAM.replace("SINGLE", kind), amount=0)
            self.assertEqual(self.verify(record, "--json").json()["trip"], kind)

    def test_every_changed_digit_is_bad(self):
        record = self.record()
        lines = []
        for index in range(len(record)):
            lines.append(record[:index] + format(int(record[index], 16) ^ 1, "X") + record[index + 1:])
        result = self.verify("--json", stdin="\n".join(lines))
        made = result.json_lines()
        self.assertEqual((result.code, len(made)), (1, len(record)))
        self.assertEqual([one["line"] for one in made if one["good"]], [])
        self.assertTrue(self.verify(record).code == 0)
        self.assertLessEqual({"record-shape", "record-key", "mac"}, {one["first_failure"] for one in made})

    def test_prefixes_and_longer_ones_are_malformed(self):
        record = self.record()
        lines = [record[:count] for count in range(2, len(record), 2)] + [record + "00"]
        made = self.verify("--json", stdin="\n".join(lines)).json_lines()
        self.assertEqual({one["first_failure"] for one in made}, {"record-shape"})
        self.assertEqual(len(made), len(lines))

    def test_one_bad_record_among_good_ones_decides_the_exit(self):
        good, bad = self.record(), self.record("--uid", "2088000000000002")
        bad = bad[:-1] + ("0" if bad[-1] != "0" else "1")
        result = self.verify(stdin=f"{good}\n{bad}\n")
        self.assertEqual(result.code, 1)
        self.assertIn("line 2: BAD", result.text)
        self.assertIn("MAC: does not verify under the record key with id", result.text)
        self.assertIn("2 records: 1 good, 1 bad", result.text)
        self.assertNotIn("line 1", self.verify("-q", stdin=f"{good}\n{bad}\n").text)

    def test_another_terminals_key_is_named(self):
        other = self.file("other.key", "ab" * 16)
        record = self.record()
        result = poscode("verify-record", "--keys", self.keys, "--record-key-file", other, record)
        self.assertEqual(result.code, 1)
        self.assertIn("no record key with id", result.text)
        both = ("--record-key-file", other, "--record-key-file", self.record_key)
        self.assertEqual(poscode("verify-record", "--keys", self.keys, *both, record).code, 0)

    def test_another_issuers_list_is_no_good(self):
        result = poscode("verify-record", "--record-key-file", self.record_key, self.record())
        self.assertEqual(result.code, 1)
        self.assertIn("give the issuer's key list with --keys", result.text)

    def test_the_development_key_is_said_loudly(self):
        gate = Gate(development_keys())
        record = gate.record(self.issue())
        self.assertIsInstance(record, str)
        result = poscode("verify-record", record)
        self.assertEqual(result.code, 0)
        self.assertIn("DEVELOPMENT KEY", result.text)
        self.assertIn("WARNING: 1 record signed with the PUBLISHED DEVELOPMENT KEY", result.err)
        self.assertIn("PUBLISHED DEVELOPMENT ISSUER", result.err)
        self.assertIn("PUBLISHED DEVELOPMENT KEY", self.succeed("inspect", record).text)
        # With a key, the command accepts no record that is signed with the public development key.
        refused = poscode("verify-record", "--record-key-file", self.record_key, record)
        self.assertEqual(refused.code, 1)
        self.assertIn("signed with the published development key, which anyone has", refused.text)
        allowed = ("--record-key-file", self.record_key, "--allow-development-key")
        self.assertEqual(poscode("verify-record", *allowed, record).code, 0)

    def test_inspect_explains_a_record(self):
        record = self.record()
        keys = ("--keys", self.keys, "--record-key-file", self.record_key)
        made = self.succeed("inspect", record, *keys, "--json").json()
        self.assertEqual((made["kind"], made["good"], made["size"]), ("record", True, len(record) // 2))
        values = {field["name"]: field["value"] for field in made["fields"]}
        self.assertEqual((values["pos_param"], values["amount"]), (POS_PARAM, 200))
        self.assertAlmostEqual(values["accepted"], time.time(), delta=30)
        self.assertEqual(made["judged_at"], values["accepted"])
        for field in made["fields"]:
            self.assertEqual(field["hex"], record[2 * field["offset"]:2 * (field["offset"] + field["size"])])
        text = self.succeed("inspect", record).text
        self.assertIn("give the terminal's key with --record-key-file", text)
        self.assertIn("Nothing is wrong as far as it was checked.", text)
        cut = poscode("inspect", record[:-2])
        self.assertEqual(cut.code, 1)
        self.assertIn("<-- stops here: needs 32 bytes, and 31 are left", cut.text)
        self.assertIn("One thing is wrong.", cut.text)
        self.assertNotIn("not checked", cut.text)

    def test_bad_input_is_refused_by_name(self):
        self.refuse(65, "no record found", "verify-record")
        self.refuse(65, "no record found", "verify-record", stdin="\n \n")
        self.refuse(66, "neither a file nor hex", "verify-record", "zz")
        self.refuse(65, "line 1: not hex", "verify-record", stdin="hello")
        self.refuse(65, "an odd number", "verify-record", "301")
        self.refuse(74, "Is a directory", "verify-record", self.directory)
        self.refuse(65, "not a record key", "verify-record", "30", "--record-key-file", self.keys)
        result = self.verify(stdin=self.record() + "\n0x\n")
        self.assertEqual(result.code, 65)
        self.assertIn("line 1: good", result.text)
        self.assertIn("line 2: not hex", result.err)

    def test_hostile_records_are_bad_and_harmless(self):
        generator = random.Random(2)
        good = bytes.fromhex(self.record())
        lines = []
        for _ in range(2000):
            changed = bytearray(good)
            for _ in range(generator.randrange(1, 6)):
                changed[generator.randrange(len(changed))] = generator.choice((0, 1, 0x30, 0x7F, 0xFF))
            if bytes(changed) != good:
                lines.append(bytes(changed).hex())
        result = self.verify("--json", stdin="\n".join(lines))
        self.assertEqual(result.code, 1)
        self.assertEqual([one for one in map(json.loads, result.text.splitlines()) if one["good"]], [])
        self.assertEqual(len(result.text.splitlines()), len(lines))
