"""poscode issue: the output as text, bytes or pictures, to files and pipes."""

import os
import subprocess

import support
from pictures import png, scan
from support import CommandTest, poscode, strip_escapes


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
        # Eight NULs, bytes that are not UTF-8, bytes that are, and every error correction level.
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
            # Black on white, whatever the terminal's colours are, and the colours are reset at the end.
            self.assertTrue(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m"), repr(line))
        rows = []
        for line in lines:
            line = strip_escapes(line)
            self.assertLessEqual(set(line), set(" █▀▄"))
            rows.append([character in "█▀" for character in line])
            rows.append([character in "█▄" for character in line])
        width = len(rows[0])
        self.assertEqual({len(row) for row in rows}, {width})
        # A quiet zone of four modules on every side, as the standard requires, around the finder patterns.
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
