"""poscode inspect"""

import json
import os
import random

from genuine import CODES, ISSUER_PUBLIC_KEY, KEY_LIST
from support import GOLDEN, CommandTest, Gate, development_keys, key_list, poscode


class Golden(CommandTest):
    def compare(self, name, *arguments, code):
        result = poscode("inspect", *arguments)
        with open(os.path.join(GOLDEN, name)) as file:
            self.assertEqual(result.text, file.read())
        self.assertEqual((result.code, result.err), (code, ""))

    def test_the_genuine_codes_in_their_time(self):
        keys = self.file("keys", key_list([(0, ISSUER_PUBLIC_KEY)]))
        for name, genuine in CODES.items():
            arguments = (genuine["code"], "--keys", keys, "--at", str(genuine["generated"]))
            self.compare(f"{name}-good.txt", *arguments, code=0)

    def test_the_genuine_codes_long_expired_and_with_the_published_list(self):
        keys = self.file("keys", key_list(enumerate(KEY_LIST)))
        for name, genuine in CODES.items():
            self.compare(f"{name}-expired.txt", genuine["code"], "--keys", keys, "--at", "1800000000", code=1)

    def test_a_genuine_code_cut_short(self):
        cut = CODES["card"]["code"][:2 * 170]
        self.compare("card-cut.txt", cut, "--at", "1516167355", code=1)

    def test_the_genuine_codes_in_json(self):
        keys = self.file("keys", key_list([(0, ISSUER_PUBLIC_KEY)]))
        for name, genuine in CODES.items():
            arguments = (genuine["code"], "--keys", keys, "--at", str(genuine["generated"]), "--json")
            self.compare(f"{name}-good.json", *arguments, code=0)
            fields = {field["name"]: field["value"] for field in self.succeed("inspect", *arguments).json()["fields"]}
            for field in ("uid", "card_type", "card_no", "card_data", "generated", "expiry"):
                self.assertEqual(fields[field], genuine[field])


class Inspect(CommandTest):
    def test_json_has_these_members(self):
        shape = {"kind": str, "size": int, "hex": str, "well_formed": bool, "good": bool, "judged_at": int,
                 "development_issuer": bool, "development_record_key": bool, "fields": list, "stop": type(None),
                 "findings": list}
        made = self.succeed("inspect", self.issue(), "--json").json()
        self.assertEqual({name: type(value) for name, value in made.items()}, shape)
        for field in made["fields"]:
            self.assertEqual(list(field), ["name", "offset", "size", "depth", "hex", "value"])
            self.assertEqual(field["hex"], made["hex"][2 * field["offset"]:2 * (field["offset"] + field["size"])])
        self.assertEqual([finding["check"] for finding in made["findings"]],
                         ["code-shape", "issuer-key", "expiry", "issuer-signature", "window", "user-signature"])

        broken = poscode("inspect", "0201", "--json")
        self.assertEqual(broken.code, 1)
        self.assertEqual(
            broken.json()["stop"],
            {"field": "issuer_key_id", "offset": 2, "fault": "too-short", "message": "needs 1 byte, and 0 are left"})
        finding = broken.json()["findings"][0]
        self.assertEqual(list(finding), ["check", "outcome", "fault", "message"])
        self.assertEqual((finding["outcome"], finding["fault"]), ("failed", "malformed-code"))

    def test_inputs_of_every_kind_say_the_same(self):
        code = self.issue()
        raw = bytes.fromhex(code)
        spaced = " ".join(code[index:index + 2] for index in range(0, len(code), 2)).lower()
        expected = poscode("inspect", code, "--at", "1").text
        for arguments, stdin in (
            ((code.lower(),), b""), (("-",), code), ((), code + "\r\n"), (("-",), raw), (("-",), spaced),
            ((self.file("hex", code),), b""), ((self.file("raw", raw),), b""), (("-",), "\n\n" + code + "\n\n"),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(poscode("inspect", "--at", "1", *arguments, stdin=stdin).text, expected)

    def test_many_lines_are_many_codes(self):
        lines = self.succeed("issue", "--count", "3").text
        result = self.succeed("inspect", stdin=lines)
        self.assertEqual(result.text.count("Nothing is wrong."), 3)
        self.assertEqual(poscode("inspect", stdin=lines + "02\n").code, 1)

    def test_bad_input_is_refused_by_name(self):
        self.refuse(66, "neither a file nor hex", "inspect", "zz")
        self.refuse(66, "neither a file nor hex", "inspect", "")
        self.refuse(66, "neither a file nor hex", "inspect", self.path("none"))
        self.refuse(65, "an odd number of hex digits", "inspect", "020")
        self.refuse(65, "standard input: empty", "inspect", "-")
        self.refuse(65, "standard input: empty", "inspect", stdin=" \n\n")
        self.refuse(65, 'line 2: not hex: "h" at digit 1', "inspect", stdin="0200\nhello\n")
        self.refuse(65, "longer than 16 MB", "inspect", "/dev/zero")
        self.refuse(74, "Is a directory", "inspect", self.directory)
        self.refuse(66, "No such file", "inspect", "02", "--keys", self.path("none"))
        self.refuse(64, "--at", "inspect", "02", "--at", "whenever")

    def test_bad_key_lists_are_refused_by_name(self):
        good = ISSUER_PUBLIC_KEY
        for content, message in (
            ("", "not a key list"), ("[]", "not a key list"), ("{}", "not a key list"), ("[1]", "not a key list"),
            (key_list([(256, good)]), "not a key list"), (key_list([(-1, good)]), "not a key list"),
            (key_list([(0, good[:-2])]), "not a key list"), (key_list([(0, good)]) + "x", "not a key list"),
            (key_list([(5, "02" + "0" * 63 + "5")]), "key id 5 is not a point"),
            (key_list([(1, good), (1, KEY_LIST[0])]), "key id 1 stands there twice"),
            (key_list([(index % 256, good) for index in range(257)]), "more than 256 keys"),
            (b"\xff\xfe\x00", "not a key list"), ("[" * 100_000, "not a key list"),
        ):
            with self.subTest(content=content[:40]):
                self.refuse(65, message, "inspect", "02", "--keys", self.file("keys", content))

    def test_bad_record_keys_are_refused_by_name(self):
        for content in ("", "ab" * 15, "ab" * 65, "ab" * 16 + "a", "xy" * 16, " " + "ab" * 16, b"\x00" * 32):
            self.refuse(65, "not a record key", "inspect", "30", "--record-key-file", self.file("key", content))

    def test_pictures_without_a_code_and_broken_ones_are_refused(self):
        self.succeed("issue", "--output", self.path("a.png"))
        with open(self.path("a.png"), "rb") as file:
            content = file.read()
        for name, broken in (("b.png", content[:60]), ("b.jpg", b"\xff\xd8\xff\xe0")):
            message = "zbarimg cannot read this picture|no QR code"
            self.refuse(65, message, "inspect", self.file(name, broken))
        self.assertEqual(poscode("inspect", "-", stdin=content).code, 0)

    def test_a_missing_scanner_is_said(self):
        self.succeed("issue", "--output", self.path("a.png"))
        self.refuse(69, "apt-get install zbar-tools", "inspect", self.path("a.png"), env={"PATH": self.directory})

    def test_without_keys_an_unknown_issuer_is_left_unchecked(self):
        genuine = CODES["card"]
        result = self.succeed("inspect", genuine["code"], "--at", str(genuine["generated"]))
        self.assertIn("give the issuer's key list with --keys", result.text)
        self.assertIn("Nothing is wrong as far as it was checked.", result.text)

    def test_the_edges_of_a_code_in_time(self):
        code = self.issue("--generated", "1700000000", "--window", "60", "--expiry", "1700000050")
        for at, checks in ((1699999939, ["window"]), (1699999940, []), (1700000050, []), (1700000051, ["expiry"]),
                           (1700000061, ["expiry", "window"])):
            made = poscode("inspect", code, "--at", str(at), "--json").json()
            failed = [finding["check"] for finding in made["findings"] if finding["outcome"] == "failed"]
            self.assertEqual(failed, checks)

    def test_times_are_local(self):
        code = self.issue("--generated", "1700000000")
        for zone, text in (("UTC", "2023-11-14 22:13:20 +0000 (1700000000)"),
                           ("Asia/Shanghai", "2023-11-15 06:13:20 +0800 (1700000000)"),
                           ("America/St_Johns", "2023-11-14 18:43:20 -0330 (1700000000)")):
            self.assertIn(text, poscode("inspect", code, env={"TZ": zone}).text)

    def test_control_characters_do_not_reach_the_terminal(self):
        code = self.issue("--wrong", "card-no=1b5b324a07")
        self.assertNotIn("\x1b", poscode("inspect", code).text)
        gate = Gate(development_keys())
        self.addCleanup(gate.close)
        param = '{"pos_id":"\\u001b[2J","type":"IN","subject":"\u0085\u009b2J","record_id":"r"}'
        record = gate.record(self.issue(), pos_param=param)
        text = self.succeed("inspect", record).text
        self.assertIn('"type":"IN"', text)
        self.assertFalse(set(text) & {"\x1b", "\x85", "\x9b"})

    def test_hostile_input_is_explained_and_never_good(self):
        generator = random.Random(1)
        good = bytes.fromhex(self.issue("--generated", "1700000000"))
        lines = []
        for _ in range(3000):
            changed = bytearray(good)
            for _ in range(generator.choice((1, 1, 2, 8))):
                changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
            cut = generator.choice((len(changed), len(changed), generator.randrange(1, len(changed))))
            if bytes(changed) != good:
                lines.append(bytes(changed[:cut]).hex())
        lines += [generator.randbytes(generator.randrange(1, 400)).hex() for _ in range(500)]
        lines += ["30" + generator.randbytes(generator.randrange(0, 400)).hex() for _ in range(500)]
        result = poscode("inspect", "--json", "--at", "1700000000", stdin="\n".join(lines))
        made = [json.loads(line) for line in result.text.splitlines()]
        self.assertEqual((result.code, len(made)), (1, len(lines)))
        # Signatures cover every byte that is not a signature, and the development issuer's signature is always checked.
        unchecked = [one for one in made if one["good"]]
        self.assertTrue(all(self.only_unchecked(one) for one in unchecked), unchecked[:1])
        self.assertGreater(sum(one["stop"] is not None for one in made), 1000)

    def only_unchecked(self, made):
        """Without a key list, an issuer's signature that is not the development issuer's is left unchecked."""
        outcomes = {finding["check"]: finding["outcome"] for finding in made["findings"]}
        return outcomes["issuer-signature"] == "not-checked"
