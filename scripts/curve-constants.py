#!/usr/bin/env python3
"""Derives every constant of Sources/PortableCrypto from the parameters that SEC 2 (version 2.0) gives.

    curve-constants.py            prints "curve name value..." lines; the test suite compares them with the Swift code
    curve-constants.py --table C  prints the Swift source of the generator table of curve C (secp192k1, secp256k1)

Needs nothing but Python 3. Nothing here is read at run time.
"""

import sys

# SEC 2, sections 2.2.1 and 2.4.1: y^2 = x^3 + b over p, base point (gx, gy) of prime order n, cofactor 1.
CURVES = {
    "secp192k1": dict(
        bits=192,
        p=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFEE37,
        b=3,
        gx=0xDB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D,
        gy=0x9B2F2F6D9C5628A7844163D015BE86344082AA88D95E2F9D,
        n=0xFFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D,
    ),
    "secp256k1": dict(
        bits=256,
        p=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F,
        b=7,
        gx=0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        gy=0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
        n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
}

# The width of the signed digits of the base point's scalar. The table holds 2^(w-2) odd multiples.
GENERATOR_WINDOW = 9
SMALL_WINDOW = 5


def add(P, Q, p):
    if P is None:
        return Q
    if Q is None:
        return P
    if P[0] == Q[0]:
        if (P[1] + Q[1]) % p == 0:
            return None
        m = 3 * P[0] * P[0] * pow(2 * P[1], -1, p) % p
    else:
        m = (Q[1] - P[1]) * pow(Q[0] - P[0], -1, p) % p
    x = (m * m - P[0] - Q[0]) % p
    return (x, (m * (P[0] - x) - P[1]) % p)


def multiply(k, P, p):
    R = None
    while k:
        if k & 1:
            R = add(R, P, p)
        P = add(P, P, p)
        k >>= 1
    return R


def square_root(a, p):
    """A square root of a modulo p, for p = 3 mod 4; None if a is not a square."""
    y = pow(a, (p + 1) // 4, p)
    return y if y * y % p == a % p else None


def integer_root(a):
    r = 1 << ((a.bit_length() + 1) // 2)
    while True:
        s = (r + a // r) // 2
        if s >= r:
            return r
        r = s


def rounded(a, b):
    """a / b to the nearest integer, for b > 0."""
    return (2 * a + b) // (2 * b)


def point_from(x, b, p):
    while True:
        y = square_root(x**3 + b, p)
        if y is not None and y != 0:
            return (x, y)
        x += 1


def cube_root_of_unity(m):
    g = 2
    while pow(g, (m - 1) // 3, m) == 1:
        g += 1
    return pow(g, (m - 1) // 3, m)


def endomorphism(p, n, G):
    """(beta, lambda) with lambda * (x, y) = (beta * x, y). Of the two pairs, the one with the smaller beta."""
    beta = cube_root_of_unity(p)
    beta = min(beta, beta * beta % p)
    lam = cube_root_of_unity(n)
    for candidate in (lam, lam * lam % n):
        if multiply(candidate, G, p) == (beta * G[0] % p, G[1]):
            return beta, candidate
    raise ValueError("no endomorphism")


def lattice(n, lam):
    """A short basis of {(x, y): x + y * lambda = 0 mod n}: Guide to Elliptic Curve Cryptography, algorithm 3.74.

    Ordered and signed so that (a1, b1), (a2, b2) has b1 <= 0 < b2 and determinant n.
    """
    rows = [(n, 0), (lam, 1)]  # (remainder, t): remainder = t * lambda mod n
    while rows[-1][0] ** 2 >= n:
        q = rows[-2][0] // rows[-1][0]
        rows.append((rows[-2][0] - q * rows[-1][0], rows[-2][1] - q * rows[-1][1]))
    q = rows[-2][0] // rows[-1][0]
    after = (rows[-2][0] - q * rows[-1][0], rows[-2][1] - q * rows[-1][1])
    first = (rows[-1][0], -rows[-1][1])
    second = min(((r, -t) for r, t in (rows[-2], after)), key=lambda v: v[0] ** 2 + v[1] ** 2)
    if first[1] > 0:
        first, second = second, first
    if second[1] <= 0:
        second = (-second[0], -second[1])
    if first[0] * second[1] - first[1] * second[0] < 0:
        first = (-first[0], -first[1])
    (a1, b1), (a2, b2) = first, second
    assert (a1 + b1 * lam) % n == 0 and (a2 + b2 * lam) % n == 0
    assert a1 * b2 - a2 * b1 == n and b1 <= 0 < b2
    return a1, b1, a2, b2


def twist_orders(p, n):
    """The orders of the six curves y^2 = x^3 + b over p, from that of one: 4p = t^2 + 3v^2."""
    t = p + 1 - n
    v = integer_root((4 * p - t * t) // 3)
    assert t * t + 3 * v * v == 4 * p
    return {p + 1 - s for e in (t, (t + 3 * v) // 2, (t - 3 * v) // 2) for s in (e, -e)}


def small_group(p, n, lowest, highest, above):
    """A curve over p with a subgroup of prime order q in lowest...highest that has the endomorphism.

    It is scaled so that one of its points has the x-coordinate 5 (or q + 5 if above), which makes signatures exist
    whose r is such a coordinate: ECDSA.swift compares x with r and with r + q, nothing else.
    """
    orders = sorted(twist_orders(p, n))
    for q in range(lowest, highest):
        if q % 6 != 1 or any(q % d == 0 for d in range(2, q)):
            continue
        for order in orders:
            if order % q or order % (q * q) == 0:
                continue
            for b in range(1, 40):
                P = point_from(1, b, p)
                if multiply(order, P, p) is not None:
                    continue
                P = multiply(order // q, P, p)
                if P is None:
                    continue
                x = (q if above else 0) + 5
                for k in range(1, q):
                    kP = multiply(k, P, p)
                    u = square_root(x * pow(kP[0], -1, p), p)
                    if u is not None:
                        return dict(p=p, n=q, b=b * pow(u, 6, p) % p,
                                    gx=P[0] * u * u % p, gy=P[1] * pow(u, 3, p) % p)
    raise ValueError("no small group")


def constants(c):
    """(name, value) in order; a value is an integer, below 2^bits or, where signed, in two's complement."""
    bits, p, n = c["bits"], c["p"], c["n"]
    G = (c["gx"], c["gy"])
    assert (G[1] ** 2 - G[0] ** 3 - c["b"]) % p == 0 and multiply(n, G, p) is None
    beta, lam = endomorphism(p, n, G)
    a1, b1, a2, b2 = lattice(n, lam)
    full = n.bit_length() == bits
    # The reciprocals below fit the curve's words, with 64 bits to spare before the point.
    shift = bits + 64 if full else bits
    g1, g2 = rounded(b2 << shift, n), rounded(-b1 << shift, n)
    # The rounding of the reciprocal changes k * g / 2^shift by at most k / 2^(shift + 1) < 2^-65. So each half is at
    # most 1/2 + 2^-65 times the sum of the basis vectors' coordinates.
    assert n < 1 << (shift - 64)
    widest = max(abs(a1) + abs(a2), abs(b1) + abs(b2))
    half = ((widest * ((1 << 64) + 1) >> 65) + 1).bit_length()
    wrap = lambda v: v % (1 << bits)
    return [
        ("prime", p),
        ("tail", (1 << bits) - p),
        ("b", c["b"]),
        ("order", n),
        ("orderBits", n.bit_length()),
        ("primeMinusOrder", p - n),
        ("montgomeryFactor", pow(2, 2 * bits, n)),
        ("beta", beta),
        ("lambda", lam),
        ("basisA1", wrap(a1)),
        ("basisA2", wrap(a2)),
        ("basisMinusB1", -b1),
        ("basisB2", b2),
        ("splitShift", shift),
        ("split1", g1),
        ("split2", g2),
        ("halfBits", half),
        ("gx", G[0]),
        ("gy", G[1]),
    ]


def odd_multiples(c, window):
    p, G = c["p"], (c["gx"], c["gy"])
    twice, P, points = add(G, G, p), G, []
    for _ in range(1 << (window - 2)):
        points.append(P)
        P = add(P, twice, p)
    return points


def quads(value, bits):
    return [(value >> s) & 0xFFFFFFFFFFFFFFFF for s in range(0, bits, 64)]


def table_words(c, window):
    return [w for P in odd_multiples(c, window) for v in P for w in quads(v, c["bits"])]


def print_table(name):
    c = CURVES[name]
    words = table_words(c, GENERATOR_WINDOW)
    last = (1 << (GENERATOR_WINDOW - 1)) - 1
    print(f"// The odd multiples 1, 3, 5, ... {last} of {name}'s base point: x then y, each {c['bits'] // 64} words")
    print("// of 64 bits, least significant first. Constant data; nothing is computed at start.")
    print(f"// Generated: scripts/curve-constants.py --table {name}")
    print()
    print(f"let {name}Table: InlineArray<{len(words)}, UInt64> = [")
    per = c["bits"] // 64
    for i in range(0, len(words), per):
        print("    " + ", ".join(f"0x{w:016X}" for w in words[i : i + per]) + ",")
    print("]")


def small_curves():
    for name, c in CURVES.items():
        for above in (False, True):
            s = small_group(c["p"], c["n"], 19, 3000, above)
            s["bits"] = c["bits"]
            yield name + ("SmallAbove" if above else "Small"), s


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--table" and sys.argv[2] in CURVES:
        print_table(sys.argv[2])
        return
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    for name, c in CURVES.items():
        for key, value in constants(c):
            print(name, key, f"{value:X}")
        print(name, "table", *(f"{w:X}" for w in table_words(c, GENERATOR_WINDOW)))
    for name, c in small_curves():
        for key, value in constants(c):
            print(name, key, f"{value:X}")
        print(name, "table", *(f"{w:X}" for w in table_words(c, SMALL_WINDOW)))


if __name__ == "__main__":
    main()
