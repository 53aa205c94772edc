#!/usr/bin/env python3
"""Compares each layer of Sources/PortableCrypto with Python's integers, in seconds.

    arithmetic.py LIBRARY CONSTANTS

LIBRARY is the arithmetic compiled together with Probe.swift. CONSTANTS is the output of scripts/curve-constants.py. The
checks are those of Tests/Unit/PortableCryptoTests, at the same edges and with fewer cases. The cases are the same in
every run. Exits with status 1 at the first wrong result.
"""

import ctypes
import hashlib
import hmac
import os
import random
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Support"))
import ecdsa  # pylint: disable=wrong-import-position
from ecdsa import der  # pylint: disable=wrong-import-position

chance = random.Random(20170712)
checked = 0


def check(holds, what, *context):
    global checked
    checked += 1
    if not holds:
        print("FAILED:", what, *(f"{part:X}" if isinstance(part, int) else part for part in context))
        sys.exit(1)


NAMES = ["order", "primeMinusOrder", "montgomeryFactor", "b", "beta", "basisA1", "basisA2", "basisMinusB1", "basisB2",
         "split1", "split2", "orderBits", "splitShift", "halfBits"]


class Curve(ecdsa.Curve):
    """A curve's constants from scripts/curve-constants.py."""

    def __init__(self, index, name, values, table):
        super().__init__(name, values["prime"], values["b"], values["order"], (values["gx"], values["gy"]))
        self.index = index
        self.values = values
        self.bits = 8 * self.size
        self.table = table

    def negate(self, a):
        return a[0], (-a[1]) % self.p

    def jacobian(self, a, z):
        return a[0] * z * z % self.p, a[1] * z * z * z % self.p, z

    def affine(self, numbers):
        x, y, z = numbers
        inverse = pow(z, -1, self.p)
        return x * inverse ** 2 % self.p, y * inverse ** 3 % self.p

    def key(self, a, compressed=True):
        return self.compressed(a) if compressed else self.uncompressed(a)


def pieces(*numbers, width=4):
    parts = [number >> 64 * i & (1 << 64) - 1 for number in numbers for i in range(width)]
    return (ctypes.c_uint64 * len(parts))(*parts)


def number(array, start, width):
    return sum(array[start + i] << 64 * i for i in range(width))


def octets(data):
    return (ctypes.c_uint8 * max(1, len(data))).from_buffer_copy(data or b"\0")


def structured(bits, marks):
    """A random integer, often near an edge."""
    top = 1 << bits
    kind = chance.randrange(7)
    near = chance.randrange(8)
    if kind == 0:
        return chance.randrange(top)
    if kind == 1:
        return near
    if kind == 2:
        return top - 1 - near
    if kind == 3:
        return (chance.choice(marks) + near - 4) % top
    if kind == 4:
        return ((1 << chance.randrange(bits)) + near - 4) % top
    value = 0
    if kind == 5:
        filled = 0
        while filled < bits:
            run = chance.randrange(1, 71)
            value = value << run | ((1 << run) - 1 if chance.randrange(2) else 0)
            filled += run
        return value % top
    for _ in range(bits // 32):
        value = value << 32 | chance.choice([0, 0xFFFFFFFF, 0xFFFFFFFF, 1, 0x80000000, 0xFFFFFFFE])
    return value


def check_constants(probe, curve):
    out = (ctypes.c_uint64 * (64 + 8 * 128))()
    probe.probe_constants(curve.index, out)
    width = curve.bits // 64
    for i, name in enumerate(NAMES):
        check(number(out, 4 * i, width if i < 11 else 1) == curve.values[name], "constant", name)
    check(number(out, 56, 1) == curve.values["tail"] - (1 << 32), "constant tail")
    check(1 << number(out, 60, 1) - 2 == 128, "constant generatorWindow")
    # The script gives the table. This checks that its points are on the curve, in order and complete.
    step = curve.add(curve.g, curve.g)
    point = curve.g
    for i in range(128):
        found = number(out, 64 + 8 * i, width), number(out, 68 + 8 * i, width)
        check(found == point, "table", i)
        point = curve.add(point, step)


def check_field(probe, curve, cases):
    p, bits = curve.p, curve.bits
    width = bits // 64
    tail = (1 << bits) - p
    marks = [p, tail, (1 << bits) - 1, 2 * tail, p - tail, p >> 1]
    out = (ctypes.c_uint64 * 32)()
    for _ in range(cases):
        a = structured(bits, marks)
        b = [(p - a % p + chance.randrange(5) - 2) % (1 << bits), (a + chance.randrange(5) - 2) % (1 << bits), a,
             structured(bits, marks), structured(bits, marks), structured(bits, marks)][chance.randrange(6)]
        flags = probe.probe_field(curve.index, pieces(a), pieces(b), out)
        expected = [a + b, a - b, a * b, a * a, -a, a * pow(2, -1, p), a]
        for i, value in enumerate(expected):
            check(number(out, 4 * i, width) == value % p, "field operation", i, a, b)
        wanted = (a % p == 0) | (a % p % 2) << 1 | (a % p == b % p) << 2
        check(flags == wanted, "field flags", a, b)
        wide = structured(2 * bits, [p * p, p << bits, (1 << 2 * bits) - p, p])
        if chance.randrange(2):
            wide = (structured(bits, [tail, p]) * p + structured(80, [1]) - (1 << 40)) % (1 << 2 * bits)
        low, high = wide % (1 << bits), wide >> bits
        probe.probe_wide(curve.index, pieces(wide, width=8), pieces(low), pieces(high), out)
        check(number(out, 0, width) == wide % p, "reduction", wide)
        check(number(out, 8, 2 * width) == low * high, "product", low, high)
        check(number(out, 16, width) == low * high % (1 << bits), "low product", low, high)
        check(number(out, 24, 2 * width) == high * high, "square", high)
    for _ in range(20):
        a = structured(bits, [p])
        probe.probe_root(curve.index, pieces(a), out)
        check(number(out, 0, width) == pow(a, (p + 1) // 4, p), "root", a)


def check_reading(probe, curve):
    p, n, size = curve.p, curve.n, curve.size
    width = curve.bits // 64
    values = [0, 1, 2, 0x7F, 0x80, 0x100, n - 1, n, n + 1, p - 1, p, p + 1, (1 << curve.bits) - 1, 1 << curve.bits,
              1 << curve.bits + 8, chance.getrandbits(curve.bits - 9)]
    texts = [value.to_bytes(size + extra, "big") for value in values for extra in (0, 1, 3, 9)
             if value >> 8 * (size + extra) == 0]
    texts += [b"", b"\1" + bytes(2 * size)] + [chance.randbytes(count) for count in range(1, 100)]
    out = (ctypes.c_uint64 * 16)()
    for text in texts:
        value = int.from_bytes(text, "big")
        found = probe.probe_read(curve.index, octets(text), len(text), out)
        fits = value < 1 << curve.bits
        check(found == fits | (value < p) << 1 | (0 < value < n) << 2, "reading", text.hex())
        for bit, start in ((1, 0), (2, 4), (4, 8)):
            check(not found & bit or number(out, start, width) == value, "what was read", text.hex())
        excess = max(0, 8 * len(text) - curve.values["orderBits"])
        check(number(out, 12, width) == value >> excess, "digest", text.hex())


# The inverses of these values are below -n or above n before the reduction: see ScalarTests.swift.
FAR_INVERSES = {
    0: [0x11DBB940153, 0x9644CE437B9E6EBAC, 0xEC794D42C0A16D9ADF2FE88C940D1, 6, 0x24, 0x535E,
        0x5AE11CEF59D21BA03ADD50D31CC68D559E0AF039723523C7, 0x515F267F7D3BF36A2C4FC9B5E3B585897746B44CD7C5,
        0xA074565108FF5BC5AC668F98A352C12B74C58150FCEF2033],
    1: [0x8979A3E2DB2016B6AC335859C2DD42F46059713D55, 0xF5A8C1603834B83E09A735A92DD5315AD7AB4BE04840F06E0,
        0x1F438B66A9D41E2AE, 0x54D84104E8F1B75911974601A1DB83D9DD9F562,
        0xE8CC4FD5D8AE7A1D32771B4768029B2D4ECA3EF5D56B31BA57561791C8CD1F19,
        0x1E2D60DCA457A2D30B03520B8FAF403284A93DE2883363801BD502D317C20F3F],
}


def check_scalars(probe, curve, cases):
    n, bits = curve.n, curve.bits
    width = bits // 64
    lamda, half_bits = curve.values["lambda"], curve.values["halfBits"]
    marks = [n, n >> 1, lamda, n - lamda, lamda * lamda % n, curve.values["basisB2"]]
    out = (ctypes.c_uint64 * 16)()
    edges = FAR_INVERSES.get(curve.index, [])
    for i in range(cases + len(edges)):
        a = structured(bits, marks)
        b = structured(bits, marks) % n if i < cases else edges[i - cases]
        flags = probe.probe_scalar(curve.index, pieces(a), pieces(b), out)
        check(number(out, 0, width) == a * b * pow(1 << bits, -1, n) % n, "Montgomery product", a, b)
        check(number(out, 4, width) == (pow(b, -1, n) if b else 0), "inverse", b)
        k1, k2 = number(out, 8, width), number(out, 12, width)
        check(k1 < 1 << half_bits and k2 < 1 << half_bits, "halves are short", b)
        first, second = (-k1 if flags & 1 else k1), (-k2 if flags & 2 else k2)
        check((first + second * lamda - b) % n == 0, "halves", b)
        check(not (flags & 1 and k1 == 0 or flags & 2 and k2 == 0), "negative zero", b)


def check_batches(probe, cases):
    """Compares a batch with single division steps, as defined at the top of Inverse.swift."""
    bits = probe.probe_batch_bits()
    mask = (1 << bits + 2) - 1
    out = (ctypes.c_int64 * 4)()
    for i in range(cases):
        f, g = chance.getrandbits(64) | 1, chance.getrandbits(64) << chance.randrange(64 if i % 2 else 2)
        f, g, start = f & mask, g & mask, chance.randrange(80) - 40
        moved = probe.probe_batch(start, ctypes.c_uint64(f), ctypes.c_uint64(g), out)
        eta, one, other = start, (f, 1, 0), (g, 0, 1)
        for _ in range(bits):
            if eta < 0 and other[0] % 2:
                eta, one, other = -eta, other, tuple(-part for part in one)
            if other[0] % 2:
                other = tuple(a + b for a, b in zip(one, other))
            eta, one, other = eta - 1, (one[0], 2 * one[1], 2 * one[2]), (other[0] // 2, *other[1:])
        check((moved, *out) == (eta, *one[1:], *other[1:]), "batch", f, g, str(start))


def check_digits(probe, curve, cases):
    half_bits = curve.values["halfBits"]
    top = 1 << half_bits
    out = (ctypes.c_int16 * 132)()
    values = [top - 1, top - 2, top >> 1, (top >> 1) - 1, (top >> 1) + 1, 1, 0]
    values += [structured(half_bits, [top - 1]) for _ in range(cases)]
    for value in values:
        for window in range(2, 13):
            negative = chance.randrange(2)
            count = probe.probe_digits(curve.index, pieces(value), negative, window, out)
            total, free = 0, 0
            for i, digit in enumerate(out):
                if digit:
                    check(digit % 2 and abs(digit) < 1 << window - 1 and free <= i < count, "digit", value, window)
                    free = i + window
                    total += digit << i
            check(count <= half_bits + 1 and total == (-value if negative else value), "digits", value, window)
            check(count == 0 or out[count - 1] != 0, "count of digits", value, window)


def check_points(probe, curve, cases):
    p, width = curve.p, curve.bits // 64
    out = (ctypes.c_uint64 * 112)()

    def sum_of(operation, point, z, other, scale=1):
        start = curve.jacobian(point, z) if point else (1, 1, 0)
        numbers = pieces(*start, *(other or (0, 0)), scale)
        if probe.probe_point(curve.index, operation, point is None, numbers, out):
            return None
        result = number(out, 0, width), number(out, 4, width), number(out, 8, width)
        return result if result[2] else None

    beta = curve.values["beta"]
    for _ in range(cases):
        point = curve.times(chance.getrandbits(40) + 1, curve.g)
        z = structured(curve.bits, [p]) % (p - 1) + 1
        scale = structured(curve.bits, [p]) % (p - 1) + 1
        check(curve.affine(sum_of(0, point, z, None)) == curve.add(point, point), "doubling", *point, z)
        check(sum_of(0, None, z, None) is None, "twice infinity")
        image = beta * point[0] % p, point[1]
        for other in [point, curve.negate(point), image, curve.negate(image), curve.add(point, point), curve.g]:
            expected = curve.add(point, other)
            result = sum_of(1, point, z, other)
            check((result and curve.affine(result)) == expected, "sum", *point, *other, z)
            # Adds a point of the curve with scaled coordinates: x times scale^2 and y times scale^3.
            unscaled = curve.affine((*other, scale))
            result = sum_of(2, point, z, unscaled, pow(scale, 1, p))
            expected = curve.add(point, curve.affine((*unscaled, pow(scale, -1, p))))
            check((result and curve.affine(result)) == expected, "scaled sum", *point, *other, z, scale)
        check(curve.affine(sum_of(1, None, z, point)) == point, "infinity plus a point")
        scaled = point[0] * scale ** 2 % p, point[1] * scale ** 3 % p
        check(curve.affine(sum_of(2, None, z, point, scale)) == scaled, "infinity plus a scaled point")
        probe.probe_multiples(curve.index, pieces(point[0]), pieces(point[1]), out)
        shared = number(out, 0, width)
        twice, expected = curve.add(point, point), point
        for i in range(8):
            x, y, e = (number(out, 4 + 12 * i + 4 * part, width) for part in range(3))
            check(curve.affine((x, y, shared)) == expected, "odd multiple", i, *point)
            check(e == x * beta % p, "endomorphic x", i)
            expected = curve.add(expected, twice)


def check_combinations(probe, curve, cases):
    n, bits, width = curve.n, curve.bits, curve.bits // 64
    lamda = curve.values["lambda"]
    marks = [n, n >> 1, lamda, n - lamda]
    out = (ctypes.c_uint64 * 12)()

    def combine(u1, u2, point):
        infinite = probe.probe_combine(curve.index, pieces(u1, u2, *point), out)
        result = number(out, 0, width), number(out, 4, width), number(out, 8, width)
        return None if infinite or not result[2] else curve.affine(result)

    if cases:
        for _ in range(cases):
            u1, u2, d = structured(bits, marks) % n, structured(bits, marks) % n, structured(bits, marks) % (n - 1) + 1
            expected = curve.times((u1 + u2 * d) % n, curve.g)
            check(combine(u1, u2, curve.times(d, curve.g)) == expected, "combination", u1, u2, d)
        return
    # All signatures of a small group, for a few keys.
    multiples = [curve.times(k, curve.g) for k in range(n)]
    for key in (1, n - 1, lamda, 11):
        for u1 in range(n):
            for u2 in range(n):
                check(combine(u1, u2, multiples[key]) == multiples[(u1 + u2 * key) % n], "combination", u1, u2, key)
    for key in (1, lamda, 20):
        for digest in range(0, n, 3):
            for s in range(1, n, 2):
                for r in (5, 6):
                    total = multiples[(digest + r * key) * pow(s, -1, n) % n]
                    expected = total is not None and total[0] in (r, r + n)
                    answer = probe.probe_small_verify(curve.index, pieces(*multiples[key], digest, r, s))
                    check(answer == expected, "small signature", key, digest, r, s)


def check_keys(probe, curve, cases):
    p, width = curve.p, curve.bits // 64
    out = (ctypes.c_uint64 * 8)()

    def read(text):
        if not probe.probe_key(curve.index, octets(text), len(text), out):
            return None
        return number(out, 0, width), number(out, 4, width)

    for _ in range(cases):
        point = curve.times(chance.getrandbits(60) + 1, curve.g)
        for text in (curve.key(point), curve.key(point, False)):
            check(read(text) == point, "key", text.hex())
            for wrong in [text[:-1], text + b"\0", text[:1], b"", text[:curve.size], text[:curve.size + 2] + b"\0"]:
                check(read(wrong) is None, "no key", wrong.hex())
            for tag in range(256):
                if tag != text[0]:
                    other = bytes([tag]) + text[1:]
                    good = tag in (2, 3) and len(text) == curve.size + 1
                    check(read(other) == (curve.negate(point) if good else None), "tag", other.hex())
        off = point[0], (point[1] + 1) % p
        check(read(curve.key(off, False)) is None, "off the curve", *off)
        check(read(b"\4" + (p + point[0]).to_bytes(curve.size + 1, "big")[-curve.size:] +
                   point[1].to_bytes(curve.size, "big")) in (None,) or point[0] + p < 1 << curve.bits, "x")
    for x in range(1, 60):
        square = (x ** 3 + curve.b) % p
        exists = pow(square, (p - 1) // 2, p) == 1
        for tag in (2, 3):
            check((read(bytes([tag]) + x.to_bytes(curve.size, "big")) is not None) == exists, "small x", x)
            check(read(bytes([tag]) + (p + x).to_bytes(curve.size, "big")) is None, "x of p and more", x)
        if exists:
            y = pow(square, (p + 1) // 4, p)
            for value in (p + y, y):
                text = b"\4" + x.to_bytes(curve.size, "big") + (value % (1 << curve.bits)).to_bytes(curve.size, "big")
                check((read(text) is not None) == (value == y), "y of p and more", x)


def check_signatures(probe, curve, cases):
    n, p = curve.n, curve.p
    marks = [n, n >> 1, curve.values["lambda"]]

    def verify(key, digest, signature):
        return probe.probe_verify(
            curve.index, octets(key), len(key), octets(digest), len(digest), octets(signature), len(signature))

    for i in range(cases):
        d, k = (structured(curve.bits, marks) % (n - 1) + 1 for _ in range(2))
        z = structured(curve.bits, marks)
        key, r = curve.times(d, curve.g), curve.times(k, curve.g)[0] % n
        s = pow(k, -1, n) * (z + r * d) % n
        if r == 0 or s == 0:
            continue
        text = curve.key(key, i % 4 > 0)
        digest = z.to_bytes(curve.size, "big") + chance.randbytes(i % 3 * 7)
        check(verify(text, digest, der(r, s)) == 1, "good signature", d, k, z)
        check(verify(text, digest, der(r, n - s)) == 1, "twin signature", d, k, z)
        other = curve.key(curve.times(d % (n - 1) + 1, curve.g))
        for wrong in [(text, digest, der(r, s % (n - 1) + 1)), (text, digest, der(r % (n - 1) + 1, s)),
                      (text, bytes([digest[0] ^ 1]) + digest[1:], der(r, s)), (other, digest, der(r, s)),
                      (text, digest, der(r, s + n)), (text, digest, der(r + n, s)), (text, digest, der(0, s)),
                      (text, digest, der(r, 0)), (text, digest, der(n, s)), (text, digest, der(r, s)[:-1])]:
            check(verify(*wrong) == 0, "bad signature", d, k, z)
        check(verify(text[:-1], digest, der(r, s)) == (0 if curve.index == 0 else -1), "no key", d)
    # The sum has x = 1 and r = 1 + p - n: r + n is x modulo p, and x is not r modulo n (SmallXTests.swift).
    for r in (1 + p - n, 2 + p - n, p - n):
        for x in (r + n - p, r):
            for _ in range(4):
                square = (x ** 3 + curve.b) % p
                y = pow(square, (p + 1) // 4, p)
                if y * y % p != square:
                    continue
                s, z = chance.randrange(1, n), chance.randrange(1, n)
                right = curve.add(curve.times(s, (x, y)), curve.times(n - z, curve.g))
                key = curve.times(pow(r, -1, n), right)
                expected = 1 if r % n in (x % n,) else 0
                check(verify(curve.key(key), z.to_bytes(curve.size, "big"), der(r, s)) == expected, "edge x", r, x)
    # x = r + n with a small r, so that both comparisons of ECDSA are needed.
    met = 0
    for r in list(range(1, 12)) + [p - n - 1 - i for i in range(20)]:
        x = r + n
        square = (x ** 3 + curve.b) % p
        y = pow(square, (p + 1) // 4, p)
        if x >= p or y * y % p != square:
            continue
        s, z = chance.randrange(1, n), chance.randrange(1, n)
        key = curve.times(pow(r, -1, n), curve.add(curve.times(s, (x, y)), curve.times(n - z, curve.g)))
        check(verify(curve.key(key), z.to_bytes(curve.size, "big"), der(r, s)) == 1, "x = r + n", r)
        met += 1
        if met == 6:
            break
    check(met == 6, "enough of x = r + n")
    # Signatures for which the sum is infinity.
    for _ in range(4):
        d, r, s = (chance.randrange(1, n) for _ in range(3))
        z = (-r * d) % n
        check(verify(curve.key(curve.times(d, curve.g)), z.to_bytes(curve.size, "big"), der(r, s)) == 0, "infinity")


def check_hashes(probe):
    out = (ctypes.c_uint8 * 52)()
    for count in list(range(0, 200)) + [1000, 4096]:
        message = chance.randbytes(count)
        probe.probe_hash(octets(message), count, out)
        check(bytes(out[:20]) == hashlib.sha1(message).digest(), "SHA-1", count)
        check(bytes(out[20:52]) == hashlib.sha256(message).digest(), "SHA-256", count)
    for first in list(range(0, 140)) + [200, 300]:
        for second in (0, 1, 55, 56, 63, 64, 65, 119, 120, 200):
            key, message = chance.randbytes(first), chance.randbytes(second)
            probe.probe_mac(octets(key), first, octets(message), second, out)
            check(bytes(out[:32]) == hmac.digest(key, message, "sha256"), "MAC", first, second)
    check(probe.probe_wiped(octets(bytes(range(1, 101))), 100) == 1, "a wiped hash is zeros")


def read_curves(path):
    values, tables = {}, {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            curve, name, *numbers = line.split()
            numbers = [int(digits, 16) for digits in numbers]
            if name == "table":
                tables[curve] = numbers
            else:
                values.setdefault(curve, {})[name] = numbers[0]
    names = ["secp192k1", "secp256k1", "secp192k1Small", "secp192k1SmallAbove"]
    return [Curve(i, name, values[name], tables[name]) for i, name in enumerate(names)]


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: arithmetic.py LIBRARY CONSTANTS")
    probe = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    curves = read_curves(sys.argv[2])
    small = []
    for curve in curves[2:]:
        quads = [curve.table[i:i + 3] + [0] for i in range(0, len(curve.table), 3)]
        parts = list(pieces(*(curve.values[name] for name in NAMES))) + [part for quad in quads for part in quad]
        small.append((ctypes.c_uint64 * len(parts))(*parts))
    probe.probe_small_curves(*small)
    check_hashes(probe)
    check_batches(probe, 1000)
    for curve in curves[:2]:
        check_constants(probe, curve)
        check_field(probe, curve, 600)
        check_digits(probe, curve, 30)
        check_keys(probe, curve, 3)
        check_points(probe, curve, 5)
    for curve in curves:
        check_reading(probe, curve)
        check_scalars(probe, curve, 400 if curve.index < 2 else 100)
        check_combinations(probe, curve, 5 if curve.index < 2 else 0)
    for curve in curves[:2]:
        check_signatures(probe, curve, 8)
    print(f"{checked} passed, 0 failed")


main()
