"""Textbook ECDSA on the two curves with Python's integers: an oracle that shares no code with the library.

Used by the tests of poscode, by the generator of the conformance suite's codes, and by the mutation tests.
"""

import hashlib


class Curve:
    """The curve y^2 = x^3 + b over p, with a generator g of prime order n. None is the point at infinity."""

    def __init__(self, name, p, b, n, g):
        self.name, self.p, self.b, self.n, self.g = name, p, b, n, g
        self.size = (p.bit_length() + 7) // 8
        self.doublings = [g]  # extended on demand

    def add(self, a, b):
        if a is None or b is None:
            return a or b
        if a[0] == b[0]:
            if (a[1] + b[1]) % self.p == 0:
                return None
            slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, self.p)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        x = (slope * slope - a[0] - b[0]) % self.p
        return x, (slope * (a[0] - x) - a[1]) % self.p

    def times(self, k, point=None):
        """The multiple of a point, or of g."""
        doubled = self.doublings if point is None else [point]
        total = None
        for i in range(k.bit_length()):
            if i == len(doubled):
                doubled.append(self.add(doubled[-1], doubled[-1]))
            if k >> i & 1:
                total = self.add(total, doubled[i])
        return total

    def lift(self, x):
        """A point with this x-coordinate, or None. Requires p = 3 mod 4."""
        square = (x ** 3 + self.b) % self.p
        y = pow(square, (self.p + 1) // 4, self.p)
        return (x, y) if y * y % self.p == square else None

    def coordinate(self, value):
        return value.to_bytes(self.size, "big")

    def compressed(self, point):
        return bytes([2 + (point[1] & 1)]) + self.coordinate(point[0])

    def uncompressed(self, point):
        return b"\x04" + self.coordinate(point[0]) + self.coordinate(point[1])

    def number(self, digest):
        """The leftmost bits of a digest, truncated to the bit length of the order (SEC 1, 4.1.4)."""
        value = int.from_bytes(digest, "big")
        return value >> max(8 * len(digest) - self.n.bit_length(), 0)

    def sign(self, private, digest, k=None):
        k = k or int.from_bytes(hashlib.sha512(digest + self.coordinate(private)).digest(), "big") % self.n or 1
        r = self.times(k)[0] % self.n
        return r, (self.number(digest) + r * private) * pow(k, -1, self.n) % self.n

    def verify(self, public, digest, r, s):
        if not (0 < r < self.n and 0 < s < self.n):
            return False
        w = pow(s, -1, self.n)
        point = self.add(self.times(self.number(digest) * w % self.n), self.times(r * w % self.n, public))
        return point is not None and point[0] % self.n == r


SECP256K1 = Curve(
    "secp256k1", 2**256 - 2**32 - 977, 7, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8))
SECP192K1 = Curve(
    "secp192k1", 2**192 - 2**32 - 4553, 3, 0xFFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D,
    (0xDB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D, 0x9B2F2F6D9C5628A7844163D015BE86344082AA88D95E2F9D))


def integer(value):
    content = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(content)]) + content


def der(r, s):
    content = integer(r) + integer(s)
    return b"\x30" + bytes([len(content)]) + content
