"""poscode verify-signature"""

import random
import time

from ecdsa import SECP192K1, SECP256K1, der, integer
from support import CommandTest, poscode

BACKENDS = ("host", "portable", "libcrypto")


def line(curve, key, digest, signature):
    return " ".join([curve.name] + [part.hex() or "-" for part in (key, digest, signature)])


def cases(curve):
    """Lines and their verdicts, most of them in pairs."""
    generator = random.Random(20260101)
    made = []

    def add(verdict, key, digest, signature):
        made.append((line(curve, key, digest, signature), verdict))

    for length in (0, 1, 19, 20, 21, 23, 24, 25, 31, 32, 33, 64):
        private = generator.randrange(1, curve.n)
        public = curve.times(private)
        digest = generator.randbytes(length)
        r, s = curve.sign(private, digest)
        assert curve.verify(public, digest, r, s)
        for key in (curve.compressed(public), curve.uncompressed(public)):
            add("valid", key, digest, der(r, s))
            add("valid", key, digest, der(r, curve.n - s))
            add("invalid", key, digest, der(r, s ^ 1 if s ^ 1 != curve.n - s else s ^ 2))
            add("invalid", key, b"\x01" + digest[1:] if digest[:1] != b"\x01" else b"\x02" + digest[1:], der(r, s))
        mirrored = (public[0], curve.p - public[1])
        # With a digest of zero, the negated key verifies too: only the x coordinate of the sum counts.
        mirrored_verdict = "valid" if curve.verify(mirrored, digest, r, s) else "invalid"
        assert (mirrored_verdict == "valid") == (length == 0)
        add(mirrored_verdict, curve.compressed(mirrored), digest, der(r, s))

    private = generator.randrange(1, curve.n)
    public = curve.times(private)
    key = curve.compressed(public)
    # The digest is computed so that s has the wanted value.
    for s in (1, 2, curve.n // 2, curve.n // 2 + 1, curve.n - 1):
        k = generator.randrange(1, curve.n)
        r = curve.times(k)[0] % curve.n
        digest = ((s * k - r * private) % curve.n).to_bytes(curve.size, "big")
        add("valid", key, digest, der(r, s))
        add("invalid", key, digest, der(r, s + curve.n))
    digest = generator.randbytes(20)
    r, s = curve.sign(private, digest)
    good = der(r, s)
    for bad_r, bad_s in ((0, s), (r, 0), (0, 0), (curve.n, s), (r, curve.n), (r + curve.n, s), (2**512, s)):
        add("invalid", key, digest, der(bad_r, bad_s))
    add("valid", key, digest, good)
    first, second = integer(r), integer(s)
    for content in (
        first + second + b"\x00", first, first + b"\x02\x00", b"\x02" + bytes([first[1] + 1, 0]) + first[2:] + second,
        b"\x02\x81" + first[1:] + second, b"\x03" + first[1:] + second,
    ):
        add("invalid", key, digest, b"\x30" + bytes([len(content)]) + content)
    add("invalid", key, digest, b"\x30\x81" + good[1:])
    add("invalid", key, digest, good + b"\x00")
    add("invalid", key, digest, b"\x31" + good[1:])
    for count in range(len(good)):
        add("invalid", key, digest, good[:count])
    # The same number without its leading zero byte: the top bit is set, so DER reads it as negative.
    tall = 2 ** (8 * curve.size - 1) + 1
    add("invalid", key, digest, b"\x30" + bytes([2 + curve.size + len(second)]) + b"\x02" + bytes([curve.size])
        + curve.coordinate(tall) + second)

    off = next(x for x in range(1, 100)
               if pow(x**3 + curve.b, (curve.p - 1) // 2, curve.p) == curve.p - 1)
    for bad in (
        b"", b"\x00", key[:-1], key + b"\x00", b"\x05" + key[1:], b"\x04" + key[1:],
        b"\x06" + curve.uncompressed(public)[1:], b"\x07" + curve.uncompressed(public)[1:],
        b"\x02" + curve.coordinate(off), b"\x02" + curve.coordinate(curve.p), b"\x02" + b"\xff" * curve.size,
        curve.uncompressed((public[0], public[1] ^ 1)), curve.uncompressed(public)[:-1],
    ):
        add("invalid", bad, digest, good)
    return made


class VerifySignature(CommandTest):
    def test_verdicts_are_those_of_an_independent_oracle_with_every_backend(self):
        made = cases(SECP256K1) + cases(SECP192K1)
        expected = [verdict for _, verdict in made]
        self.assertGreater(expected.count("valid"), 100)
        self.assertGreater(expected.count("invalid"), 250)
        text = "\n".join(one for one, _ in made) + "\n"
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                result = self.succeed("verify-signature", "--backend", backend, stdin=text)
                wrong = [pair for pair, verdict in zip(made, result.text.splitlines()) if pair[1] != verdict]
                self.assertEqual(wrong, [])
                self.assertEqual(len(result.text.splitlines()), len(made))
        self.assertEqual(self.succeed("verify-signature", self.file("lines", text)).text.split(), expected)

    def test_a_line_may_end_in_any_way_and_hex_has_either_case(self):
        private, digest = 7, b"digest"
        good = line(SECP192K1, SECP192K1.compressed(SECP192K1.times(private)), digest,
                    der(*SECP192K1.sign(private, digest)))
        upper = good.split(" ", 1)[0] + " " + good.split(" ", 1)[1].upper()
        for text in (good, good + "\n", good + "\r\n", upper + "\n", "  " + good.replace(" ", "\t") + " \n"):
            self.assertEqual(self.succeed("verify-signature", stdin=text).text, "valid\n")

    def test_nothing_in_nothing_out(self):
        self.assertEqual(self.succeed("verify-signature").out, b"")

    def test_json_numbers_the_lines(self):
        result = self.succeed("verify-signature", "--json", stdin="secp256k1 - - -\nsecp192k1 - - -\n")
        self.assertEqual(result.json_lines(),
                         [{"line": 1, "verdict": "invalid"}, {"line": 2, "verdict": "invalid"}])

    def test_a_bad_line_is_named_and_the_verdicts_before_it_stand(self):
        for bad, message in (
            ("secp256r1 - - -", "line 3: unknown curve \"secp256r1\""),
            ("secp256k1 0g - -", "line 3, public key: not hex: \"g\" at digit 2"),
            ("secp256k1 - 012 -", r"line 3, digest: an odd number of hex digits \(3\)"),
            ("secp256k1 - - 0x30", "line 3, signature: not hex: \"x\" at digit 2"),
            ("secp256k1 - -", "line 3: 3 fields instead of 4"),
            ("secp256k1 - - - -", "line 3: 5 fields instead of 4"),
            ("", "line 3: 0 fields instead of 4"),
            ("\x00\xff\x1b[2J", "line 3: 1 field instead of 4"),
            ("s\x1b[2Jx - - -", "line 3: unknown curve \"s\ufffd\\[2Jx\""),
        ):
            with self.subTest(bad=bad):
                good = "secp256k1 - - -\nsecp192k1 - - -\n"
                result = poscode("verify-signature", stdin=good + bad + "\n" + good)
                self.assertEqual((result.code, result.text), (65, "invalid\ninvalid\n"))
                self.assertRegex(result.err, message)

    def test_an_endless_line_is_refused(self):
        self.refuse(65, "line 1 is longer than any", "verify-signature", stdin=b"0" * 3_000_000)

    def test_unknown_backends_and_files_are_refused(self):
        self.refuse(64, "--backend", "verify-signature", "--backend", "openssl")
        self.refuse(66, "No such file", "verify-signature", self.path("none"))
        self.refuse(74, "Is a directory", "verify-signature", self.directory)

    def test_ten_thousand_lines_take_seconds(self):
        made = [one for one, _ in cases(SECP192K1)]
        text = "\n".join((made * (10_000 // len(made) + 1))[:10_000]) + "\n"
        start = time.monotonic()
        result = self.succeed("verify-signature", "--backend", "portable", stdin=text)
        self.assertEqual(len(result.text.splitlines()), 10_000)
        self.assertLess(time.monotonic() - start, 20)
