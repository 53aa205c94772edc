"""poscode issue: the code that is made."""

import os
import re
import time

import support
from ecdsa import SECP192K1, SECP256K1
from support import NOTICE, CommandTest, poscode, strip_escapes


def scan(path):
    """Decodes a picture with zbarimg in binary mode."""
    process = subprocess.run(
        ["zbarimg", "--quiet", "--nodbus", "--raw", "--oneshot", "-Sbinary", path], capture_output=True, check=True)
    return process.stdout


def png(rows, scale):
    """Encodes rows of booleans as a grey-scale PNG; True is dark."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    side = len(rows[0]) * scale
    lines = b"".join(
        (b"\x00" + b"".join((b"\x00" if dark else b"\xff") * scale for dark in row)) * scale for row in rows)
    header = struct.pack(">IIBBBBB", side, len(rows) * scale, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines))
            + chunk(b"IEND", b""))


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
                # Every id has the development key, so that a changed key id is not an error.
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


class Outputs(CommandTest):
    def test_hex_and_raw_are_the_same_bytes(self):
        self.succeed("issue", "--output", self.path("code.bin"))
        with open(self.path("code.bin"), "rb") as file:
            raw = file.read()
        self.assertEqual(raw[0], 2)
        by_bytes = self.succeed("inspect", self.path("code.bin"), "--json").json()
        self.assertEqual(by_bytes["hex"], raw.hex().upper())
        self.assertEqual(self.succeed("issue", "--format", "raw").out[0], 2)
        self.succeed("issue", "--output", self.path("code.hex"))
        self.assertEqual(poscode("inspect", self.path("code.hex")).code, 0)

    def test_pictures_scan_back_to_the_same_bytes(self):
        # Eight NULs, invalid UTF-8, valid UTF-8, and every level.
        for index, (arguments, inner) in enumerate((
            (("--card-type", "plain", "--reserved", "ff" * 12), b"\0" * 8),
            (("--card-data", "00ff80fe1b0d0a25c0"), b"\x00\xff\x80\xfe\x1b\r\n%\xc0"),
            (("--card-data", "e58dac"), b"\xe5\x8d\xac"), (("--level", "L", "--scale", "3"), b"2088"),
            (("--level", "Q"), b"2088"), (("--level", "H", "--margin", "4"), b"2088"),
        )):
            with self.subTest(arguments=arguments):
                path = self.path(f"{index}.png")
                made = self.succeed("issue", *arguments, "--output", path)
                self.assertEqual(made.out, b"")
                scanned = scan(path)
                inspection = self.succeed("inspect", path, "--json").json()
                self.assertEqual(scanned.hex().upper(), inspection["hex"])
                self.assertIn(inner, scanned)

    def test_the_picture_is_of_the_code_that_is_described(self):
        keys = self.file("rider", self.succeed("keygen", "rider").text)
        wrong = ("--wrong", "user-signature=00ff", "--wrong", "issuer-signature=0001")
        arguments = ("--generated", "1700000000", "--rider-key", keys, *wrong)
        code = self.issue(*arguments)
        self.succeed("issue", *arguments, "--output", self.path("a.png"))
        self.assertEqual(scan(self.path("a.png")).hex().upper(), code)

    def test_a_picture_in_a_terminal_scans_back(self):
        keys = self.file("rider", self.succeed("keygen", "rider").text)
        arguments = ("--generated", "1700000000", "--rider-key", keys, "--card-type", "plain", "--wrong",
                     "user-signature=00ff", "--wrong", "issuer-signature=0001")
        text = self.succeed("issue", *arguments, "--format", "terminal").text
        lines = text.splitlines()
        for line in lines:
            # Black on white is set explicitly, and the colours are reset at the end of each line.
            self.assertTrue(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m"), repr(line))
        rows = []
        for line in lines:
            line = strip_escapes(line)
            self.assertLessEqual(set(line), set(" █▀▄"))
            rows.append([character in "█▀" for character in line])
            rows.append([character in "█▄" for character in line])
        width = len(rows[0])
        self.assertEqual({len(row) for row in rows}, {width})
        # Four light modules on every side, as ISO/IEC 18004 requires. Next to them are the dark edges of the finder
        # patterns.
        for side in (rows[:4], rows[width - 4:], [row[:4] for row in rows], [row[-4:] for row in rows]):
            self.assertFalse(any(any(row) for row in side))
        self.assertTrue(all(rows[4][4:11]) and all(rows[4][-11:-4]))
        path = self.file("terminal.png", png(rows, 6))
        self.assertEqual(scan(path).hex().upper(), self.issue(*arguments))

    def test_sequences_go_to_numbered_files(self):
        self.succeed("issue", "--count", "12", "--output", self.path("code.png"))
        names = sorted(os.listdir(self.directory))
        self.assertEqual(names, [f"code-{index:02}.png" for index in range(1, 13)])
        self.assertEqual(len({scan(self.path(name)) for name in names[:3]}), 3)
        self.succeed("issue", "--count", "2", "--format", "raw", "--output", self.path("plain"))
        self.assertTrue(os.path.exists(self.path("plain-1")) and os.path.exists(self.path("plain-2")))
        self.refuse(64, "needs files", "issue", "--count", "2", "--format", "png")
        self.refuse(64, "needs files", "issue", "--count", "2", "--format", "raw")

    def test_what_does_not_fit_a_picture_is_said(self):
        self.refuse(65, "do not fit a QR code of level H", "issue", "--format", "png", "--level", "H", "--wrong",
                  "trailing=" + "00" * 2000)

    def test_full_and_forbidden_places_are_said_and_leave_nothing(self):
        with open("/dev/full", "wb") as full:
            process = subprocess.run([support.POSCODE, "issue"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(process.returncode, 74)
        self.assertIn(b"No space left", process.stderr)
        self.refuse(73, "No such file", "issue", "--output", self.path("none/code.hex"))
        self.refuse(74, "No space left", "issue", "--output", "/dev/full")
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_file_is_replaced_as_a_whole(self):
        path = self.file("code.hex", "old" * 10_000)
        self.succeed("issue", "--output", path)
        with open(path) as file:
            self.assertRegex(file.read(), r"\A[0-9A-F]+\n\Z")
        self.assertEqual(os.listdir(self.directory), ["code.hex"])

    def test_a_reader_that_goes_away_is_no_noise(self):
        process = subprocess.Popen(
            [support.POSCODE, "issue", "--count", "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=30), -13)
        self.assertEqual(len(errors.splitlines()), 1, errors)

    def test_a_pipe_from_issue_to_inspect(self):
        pipeline = f"'{support.POSCODE}' issue 2>/dev/null | '{support.POSCODE}' inspect -"
        process = subprocess.run(["sh", "-c", pipeline], capture_output=True)
        self.assertEqual((process.returncode, process.stderr), (0, b""))
        self.assertIn(b"Nothing is wrong.", process.stdout)
        for form in ("raw", "png"):
            pipeline = f"'{support.POSCODE}' issue --format {form} | '{support.POSCODE}' inspect"
            self.assertEqual(subprocess.run(["sh", "-c", pipeline], capture_output=True).returncode, 0)


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
