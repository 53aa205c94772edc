#!/usr/bin/env python3
"""Writes fixtures.h: the codes of the conformance suite, and the reference's answer to each.

    make-fixtures.py > fixtures.h

On Python's integers (Tests/Support) and hashlib: nothing of the library is used. Nonces and keys are derived from names,
so that the output is the same on every run; none of this is for real keys.
"""
import hashlib
import itertools
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Support"))
import genuine  # pylint: disable=wrong-import-position
from ecdsa import SECP192K1 as K192, SECP256K1 as K1, der, integer  # pylint: disable=wrong-import-position


def scalar(curve, *names):
    text = "|".join(str(name) for name in names).encode()
    return int.from_bytes(hashlib.sha512(text).digest(), "big") % (curve.n - 1) + 1


def sha1(data):
    return int.from_bytes(hashlib.sha1(data).digest(), "big")


def sign(curve, d, data, nonce="first", high=False, digest=sha1):
    e = digest(data)
    k = scalar(curve, "nonce", d, e, nonce)
    r = curve.times(k)[0] % curve.n
    s = pow(k, -1, curve.n) * (e + r * d) % curve.n
    if (s > curve.n // 2) != high:
        s = curve.n - s
    return r, s


def tlv(tag, body):
    return bytes([tag, len(body)]) + body


# ----------------------------------------------------------------------------------------------------------------------
# Codes
# ----------------------------------------------------------------------------------------------------------------------

NOW = 1700000000
SUCCESS, MALFORMED, STALE, EXPIRED, QUOTA, CARD, PARAM, VERSION = 1, -1, -2, -3, -5, -8, -10, -11

ISSUER = {i: scalar(K1, "issuer", i) for i in (0, 1, 2, 7, 255)}
ISSUER[9] = ISSUER[1]
ISSUER[10], ISSUER[11], ISSUER[12] = 1, K1.n - 1, 2
PUBLIC = {i: K1.compressed(K1.times(d)) for i, d in ISSUER.items()}
RIDER = scalar(K192, "rider")


def credential(uid=b"2088000000000001", expiry=NOW + 7 * 86400, window=600, quota=1000, reserved=b"\0" * 8 + b"TEST",
               rider=RIDER, public=None, card_type=b"CITY0001", card_no=b"6217000012345678",
               card_data=b"\0\1\2\x7f\x80\xfe\xff\0\0\n",
               card_no_len=None, card_data_len=None, left_over=b""):
    if public is None:
        public = K192.compressed(K192.times(rider))
    return (uid + expiry.to_bytes(4, "big") + window.to_bytes(2, "big") + quota.to_bytes(2, "big") + reserved + public
            + card_type + bytes([len(card_no) if card_no_len is None else card_no_len]) + card_no
            + bytes([len(card_data) if card_data_len is None else card_data_len]) + card_data + left_over)


def code(body=None, version=2, algorithm=1, key_id=1, issuer=None, issuer_signature=None, issuer_high=False,
         issuer_nonce="first", time=None, generated=NOW, rider=RIDER, user_signature=None, user_high=False,
         user_nonce="first", tail=b"", **fields):
    """A code; signatures are made unless given. A signature may be a function from the signed bytes to bytes."""
    if body is None:
        body = credential(rider=rider, **fields)
    if issuer_signature is None:
        d = ISSUER[key_id] if issuer is None else issuer
        issuer_signature = der(*sign(K1, d, body, issuer_nonce, issuer_high))
    elif callable(issuer_signature):
        issuer_signature = issuer_signature(body)
    stamp = generated.to_bytes(4, "big") if time is None else time
    head = (bytes([version, algorithm, key_id, len(body)]) + body + bytes([len(issuer_signature)]) + issuer_signature
            + bytes([len(stamp)]) + stamp)
    if user_signature is None:
        user_signature = der(*sign(K192, rider, head, user_nonce, user_high))
    elif callable(user_signature):
        user_signature = user_signature(head)
    return head + bytes([len(user_signature)]) + user_signature + tail


fixtures = []


def fixture(name, bytes_, verify=SUCCESS, info=SUCCESS):
    """The answers of verify_qrcode_v2 and get_qrcode_info at NOW, with the longest lists and the largest buffers."""
    assert name not in [f[0] for f in fixtures], name
    fixtures.append((name, bytes_, verify, info))


def fields():
    fixture("good", code())
    fixture("plain", code(card_type=b"\0" * 8))
    fixture("spelled", code(card_type=b"ANT00001"))
    fixture("type-with-space", code(card_type=b"~ CITY 2"))
    fixture("type-not-listed", code(card_type=b"TAXI0001"), CARD)
    fixture("type-in-lower-case", code(card_type=b"city0001"), CARD)
    for n in (0, 1, 15, 16, 17, 18, 100):
        fixture(f"card-no-{n}", code(card_no=b"1234567890ABCDEFGHIJ" * 5 if n == 100 else b"1234567890ABCDEFGH"[:n]))
    for n in (0, 1, 63, 64, 65, 66, 100):
        fixture(f"card-data-{n}", code(card_data=bytes((200 + i) % 256 for i in range(n))))
    fixture("longest-card-no", code(card_no=b"Z" * 184, card_data=b""))
    fixture("longest-card-data", code(card_no=b"", card_data=bytes(184)))
    fixture("longest-both", code(card_no=b"Y" * 92, card_data=b"\xff" * 92))
    fixture("shortest", code(card_no=b"", card_data=b""))
    fixture("reserved-ff", code(reserved=b"\xff" * 12))

    uid, number, kind = b"2088000000000001", b"6217000012345678", b"CITY0001"
    for byte in (0x00, 0x1F, 0x7F, 0x80, 0xFF):
        for at in (0, 9, 15):
            put = lambda text: text[:at] + bytes([byte]) + text[at + 1:]
            fixture(f"uid-{byte:02x}-at-{at}", code(uid=put(uid)), MALFORMED, MALFORMED)
            fixture(f"card-no-{byte:02x}-at-{at}", code(card_no=put(number)), MALFORMED, MALFORMED)
        for at in (0, 3, 7):
            fixture(f"type-{byte:02x}-at-{at}", code(card_type=kind[:at] + bytes([byte]) + kind[at + 1:]), MALFORMED,
                    MALFORMED)
    fixture("uid-of-spaces-and-tildes", code(uid=b" ~" * 8))
    fixture("card-no-of-spaces-and-tildes", code(card_no=b" ~" * 8))
    fixture("uid-of-nuls", code(uid=bytes(16)), MALFORMED, MALFORMED)
    fixture("type-seven-nuls", code(card_type=bytes(7) + b"1"), MALFORMED, MALFORMED)
    fixture("type-one-and-seven-nuls", code(card_type=b"A" + bytes(7)), MALFORMED, MALFORMED)

    for label, expiry, verdict in (("now", NOW, SUCCESS), ("second-ago", NOW - 1, EXPIRED), ("next", NOW + 1, SUCCESS),
                                   ("never", 2**32 - 1, SUCCESS), ("zero", 0, EXPIRED)):
        fixture(f"expiry-{label}", code(expiry=expiry), verdict)
    for window, edge in ((0, 0), (600, 600), (65535, 65535)):
        for sign_ in (-1, 1):
            label = f"window-{window}-" + ("past" if sign_ < 0 else "future")
            if edge:
                fixture(label + "-edge", code(window=window, generated=NOW + sign_ * edge))
            fixture(label + "-outside", code(window=window, generated=NOW + sign_ * (edge + 1)), STALE)
    fixture("window-0-now", code(window=0))
    fixture("generated-never", code(generated=0), STALE)
    fixture("generated-last", code(generated=2**32 - 1), STALE)
    for quota, verdict in ((0, QUOTA), (199, QUOTA), (200, SUCCESS), (201, SUCCESS), (65535, SUCCESS)):
        fixture(f"quota-{quota}", code(quota=quota), verdict)
    # For the ends of time; the suite sets the clock.
    fixture("time-0", code(generated=0, expiry=1000, window=600), EXPIRED)
    fixture("time-100", code(generated=100, expiry=1000, window=600), EXPIRED)
    fixture("time-last", code(generated=2**32 - 1, expiry=2**32 - 1, window=600), STALE)
    fixture("time-near-last", code(generated=2**32 - 101, expiry=2**32 - 1, window=600), STALE)
    fixture("time-expiry-0", code(generated=0, expiry=0, window=600), EXPIRED)

    for key_id in (0, 2, 7, 9, 255):
        fixture(f"key-{key_id}", code(key_id=key_id))
    fixture("key-not-listed", code(key_id=100, issuer=ISSUER[1]), PARAM)
    fixture("key-of-another", code(key_id=2, issuer=ISSUER[1]), MALFORMED)
    for algorithm in (0, 2, 127, 255):
        fixture(f"algorithm-{algorithm}", code(algorithm=algorithm))
    for version in (0, 1, 3, 130, 255):
        fixture(f"version-{version}", code(version=version), VERSION, VERSION)


def shapes():
    """Wrong lengths with valid signatures."""
    stamp = NOW.to_bytes(4, "big")
    for label, bytes_ in (("0", b""), ("3", stamp[1:]), ("5", b"\0" + stamp), ("5-behind", stamp + b"\0"),
                          ("255", bytes(251) + stamp)):
        fixture(f"time-length-{label}", code(time=bytes_), MALFORMED, MALFORMED)
    fixture("trailing-byte", code(tail=b"\0"), MALFORMED, MALFORMED)
    fixture("trailing-code", code(tail=code()), MALFORMED, MALFORMED)
    fixture("credential-left-over", code(left_over=b"\0"), MALFORMED, MALFORMED)
    fixture("credential-left-over-10", code(left_over=b"0123456789"), MALFORMED, MALFORMED)
    fixture("card-no-past-end", code(card_no_len=200), MALFORMED, MALFORMED)
    fixture("card-no-eats-data-length", code(card_no=b"12345", card_no_len=6, card_data=b""), MALFORMED, MALFORMED)
    fixture("card-data-one-past-end", code(card_data=b"12345", card_data_len=6), MALFORMED, MALFORMED)
    fixture("card-data-one-short", code(card_data=b"12345", card_data_len=4), MALFORMED, MALFORMED)
    fixture("card-data-255", code(card_data=b"12345", card_data_len=255), MALFORMED, MALFORMED)
    whole = credential(card_no=b"", card_data=b"")
    for n in (0, 1, 15, 16, 19, 20, 24, 35, 36, 60, 61, 68, 69, 70):
        fixture(f"credential-cut-at-{n}", code(whole[:n]), MALFORMED, MALFORMED)


def broken_signatures(curve, pair):
    """Encodings and values near a good signature, all of them invalid."""
    r, s = pair
    n = curve.n
    yield from ((f"{a}-{label}", der(*((value, s) if a == "r" else (r, value))))
                for a in "rs"
                for label, value in (("0", 0), ("1", 1), ("n-1", n - 1), ("n", n), ("n+1", n + 1),
                                     ("plus-n", (r if a == "r" else s) + n), ("one-more", (r if a == "r" else s) + 1),
                                     ("p", curve.p), ("ones", 256**curve.size - 1), ("32-bytes-more", r << 256)))
    yield "0-0", der(0, 0)
    yield "1-1", der(1, 1)
    yield "n-n", der(n, n)
    yield "swapped", der(s, r)
    yield "r-negated", der(n - r, s)
    body = integer(r) + integer(s)
    good = der(*pair)
    plain = lambda value: value.to_bytes((value.bit_length() + 7) // 8, "big")
    yield "empty", b""
    yield "one-byte", b"\x30"
    yield "empty-sequence", b"\x30\x00"
    yield "long-form-length", bytes([0x30, 0x81, len(body)]) + body
    yield "longer-form-length", bytes([0x30, 0x82, 0, len(body)]) + body
    yield "indefinite-length", b"\x30\x80" + body + b"\0\0"
    yield "length-one-more", bytes([0x30, len(body) + 1]) + body
    yield "length-one-less", bytes([0x30, len(body) - 1]) + body
    yield "byte-behind", good + b"\0"
    yield "byte-in-front", b"\0" + good
    yield "byte-inside", tlv(0x30, body + b"\0")
    yield "null-inside", tlv(0x30, body + b"\5\0")
    yield "third-integer", tlv(0x30, body + integer(1))
    yield "only-r", tlv(0x30, integer(r))
    yield "set", tlv(0x31, body)
    yield "primitive-sequence", tlv(0x10, body)
    yield "r-tag-3", tlv(0x30, tlv(3, integer(r)[2:]) + integer(s))
    yield "s-tag-3", tlv(0x30, integer(r) + tlv(3, integer(s)[2:]))
    yield "r-padded", tlv(0x30, tlv(2, b"\0" + integer(r)[2:]) + integer(s))
    yield "s-padded", tlv(0x30, integer(r) + tlv(2, b"\0" + integer(s)[2:]))
    yield "r-no-bytes", tlv(0x30, b"\2\0" + integer(s))
    yield "s-no-bytes", tlv(0x30, integer(r) + b"\2\0")
    yield "r-long-form", tlv(0x30, bytes([2, 0x81]) + integer(r)[1:] + integer(s))
    yield "s-long-form", tlv(0x30, integer(r) + bytes([2, 0x81]) + integer(s)[1:])
    yield "s-past-end", tlv(0x30, integer(r) + b"\2\x7f" + integer(s)[2:])
    yield "r-past-end", tlv(0x30, b"\2\x7f" + integer(r)[2:] + integer(s))
    yield "not-der", plain(r).rjust(curve.size, b"\0") + plain(s).rjust(curve.size, b"\0")
    yield "padded-to-255", good + bytes(255 - len(good))
    yield "255-of-30", b"\x30" * 255
    yield "255-as-integers", b"\x30\x81\xfc\x02\x7d" + b"\x11" * 125 + b"\x02\x7b" + b"\x11" * 123


def negative(curve, d, side):
    """A good pair with the top bit set in one number, without the leading zero byte: in DER that number is negative."""
    def make(data):
        for attempt in itertools.count():
            r, s = sign(curve, d, data, f"negative {attempt}", high=side == "s")
            value = r if side == "r" else s
            if value.bit_length() == 8 * curve.size:
                bare = tlv(2, value.to_bytes(curve.size, "big"))
                return tlv(0x30, bare + integer(s) if side == "r" else integer(r) + bare)
    return make


def infinite(curve, d):
    """r and s for which the sum of the verification is the point at infinity."""
    return lambda data: der(-sha1(data) * pow(d, -1, curve.n) % curve.n, 12345)


def signatures():
    sha256 = lambda data: int.from_bytes(hashlib.sha256(data).digest(), "big")
    body = credential()
    for high in (False, True):
        half = "high" if high else "low"
        fixture(f"issuer-s-{half}", code(issuer_high=high))
        fixture(f"user-s-{half}", code(user_high=high))
    for label, bytes_ in broken_signatures(K1, sign(K1, ISSUER[1], body)):
        fixture("issuer-sig-" + label, code(issuer_signature=bytes_), MALFORMED)
    head = code()[:-1 - code()[4 + len(body) + 1 + code()[4 + len(body)] + 5]]
    for label, bytes_ in broken_signatures(K192, sign(K192, RIDER, head)):
        fixture("user-sig-" + label, code(user_signature=bytes_), MALFORMED)
    for side in "rs":
        fixture(f"issuer-sig-{side}-negative", code(issuer_signature=negative(K1, ISSUER[1], side)), MALFORMED)
        fixture(f"user-sig-{side}-negative", code(user_signature=negative(K192, RIDER, side)), MALFORMED)
    fixture("issuer-sig-infinite", code(issuer_signature=infinite(K1, ISSUER[1])), MALFORMED)
    fixture("user-sig-infinite", code(user_signature=infinite(K192, RIDER)), MALFORMED)

    by = lambda curve, d, digest=sha1: lambda data: der(*sign(curve, d, data, digest=digest))
    fixture("issuer-sig-by-user-curve", code(issuer_signature=by(K192, ISSUER[1] % K192.n)), MALFORMED)
    fixture("user-sig-by-issuer-curve", code(user_signature=by(K1, RIDER)), MALFORMED)
    fixture("issuer-sig-by-rider", code(issuer_signature=by(K1, RIDER)), MALFORMED)
    fixture("user-sig-by-another-rider", code(user_signature=by(K192, scalar(K192, "another"))), MALFORMED)
    fixture("issuer-sig-by-unlisted-key", code(issuer_signature=by(K1, scalar(K1, "forger"))), MALFORMED)
    fixture("issuer-sig-sha256", code(issuer_signature=by(K1, ISSUER[1], sha256)), MALFORMED)
    fixture("user-sig-sha256", code(user_signature=by(K192, RIDER, lambda d: sha256(d) >> 64)), MALFORMED)
    # A digest that is left-aligned in 32 bytes instead of being a number.
    fixture("issuer-sig-digest-left", code(issuer_signature=by(K1, ISSUER[1], lambda d: sha1(d) << 96)), MALFORMED)
    fixture("user-sig-digest-left", code(user_signature=by(K192, RIDER, lambda d: sha1(d) << 32)), MALFORMED)
    fixture("issuer-sig-over-length-too", code(issuer_signature=lambda b: der(*sign(K1, ISSUER[1], bytes([len(b)]) + b))),
            MALFORMED)
    fixture("issuer-sig-over-head-too",
            code(issuer_signature=lambda b: der(*sign(K1, ISSUER[1], bytes([2, 1, 1, len(b)]) + b))), MALFORMED)
    fixture("user-sig-without-time", code(user_signature=lambda h: der(*sign(K192, RIDER, h[:-5]))), MALFORMED)
    fixture("user-sig-without-head", code(user_signature=lambda h: der(*sign(K192, RIDER, h[4:]))), MALFORMED)
    fixture("user-sig-with-its-length", code(user_signature=lambda h: der(*sign(K192, RIDER, h + b"\x36"))), MALFORMED)
    fixture("signatures-exchanged",
            code(issuer_signature=by(K192, RIDER), user_signature=by(K1, ISSUER[1])), MALFORMED)

    # Keys that are the generator, its negative and its double: additions of equal and opposite points.
    for key_id, label in ((10, "1"), (11, "n-1"), (12, "2")):
        fixture(f"issuer-key-{label}", code(key_id=key_id))
    for d, label in ((1, "1"), (K192.n - 1, "n-1"), (2, "2")):
        fixture(f"user-key-{label}", code(rider=d))
    # A key for which both products of the verification are one point: e = r d.
    k = scalar(K1, "doubling")
    r = K1.times(k)[0] % K1.n
    d = sha1(body) * pow(r, -1, K1.n) % K1.n
    PUBLIC[13] = K1.compressed(K1.times(d))
    fixture("issuer-products-equal", code(key_id=13, issuer_signature=der(r, 2 * sha1(body) * pow(k, -1, K1.n) % K1.n)))
    # A nonce point whose x is not below the order, so that r is x - n: the key follows from the signature.
    j = next(j for j in itertools.count(1) if K1.lift(K1.n + j))
    s = scalar(K1, "wrapped")
    q = K1.add(K1.times(s, K1.lift(K1.n + j)), K1.times(-sha1(body) % K1.n))
    PUBLIC[14] = K1.compressed(K1.times(pow(j, -1, K1.n), q))
    fixture("issuer-x-above-order", code(key_id=14, issuer_signature=der(j, s)))
    fixture("issuer-x-above-order-as-is", code(key_id=14, issuer_signature=der(j + K1.n, s)), MALFORMED)

    good = K192.compressed(K192.times(RIDER))
    small = next(x for x in itertools.count(1) if K192.lift(x))
    none = next(x for x in itertools.count(2) if not K192.lift(x))
    for label, public in (
            ("other-half", bytes([good[0] ^ 1]) + good[1:]), ("prefix-00", b"\0" + good[1:]), ("prefix-01", b"\1" + good[1:]),
            ("prefix-04", b"\4" + good[1:]), ("prefix-05", b"\5" + good[1:]), ("prefix-06", b"\6" + good[1:]),
            ("prefix-07", b"\7" + good[1:]), ("prefix-82", bytes([good[0] | 0x80]) + good[1:]), ("zeros", bytes(25)),
            ("not-on-curve", b"\2" + none.to_bytes(24, "big")), ("x-is-p", b"\2" + K192.p.to_bytes(24, "big")),
            ("x-above-p", b"\2" + (K192.p + small).to_bytes(24, "big")), ("x-ones", b"\3" + b"\xff" * 24)):
        fixture("user-key-" + label, code(public=public), MALFORMED)


def replays():
    """Other encodings of the code 'good', and codes that only look like it."""
    fixture("again-user-flipped", code(user_high=True))
    fixture("again-user-resigned", code(user_nonce="second"))
    fixture("again-issuer-flipped", code(issuer_high=True))
    fixture("again-issuer-resigned", code(issuer_nonce="second"))
    fixture("again-all-resigned", code(issuer_nonce="third", issuer_high=True, user_nonce="third", user_high=True))
    fixture("again-algorithm", code(algorithm=200))
    fixture("again-key-id-same-key", code(key_id=9))
    fixture("again-key-id-other-key", code(key_id=7))
    fixture("again-forged", code(user_signature=der(1, 1)), MALFORMED)
    fixture("again-issuer-forged", code(issuer_signature=der(1, 1)), MALFORMED)
    fixture("next-second", code(generated=NOW + 1))
    fixture("second-before", code(generated=NOW - 1))
    fixture("other-quota", code(quota=1001))
    fixture("other-uid", code(uid=b"2088000000000002"))
    fixture("other-rider-key", code(rider=scalar(K192, "another")))
    fixture("plain-other-bytes", code(card_type=b"\0" * 8, user_high=True))


def order():
    """Every combination of faults of a code from step 6 on; the suite adds the faults of a call.

    E expires at NOW + 100; W is good for 50 seconds, so both fail at NOW + 101. K has a key id that is not listed, I and
    U a bad signature of the issuer and the user, B a card number longer than its smallest buffer.
    """
    for bits in itertools.product((0, 1), repeat=6):
        e, w, k, i, u, b = bits
        body = credential(expiry=NOW + (100 if e else 86400), window=50 if w else 600,
                          card_no=b"12345678901234567890" if b else b"1234", uid=b"2088000000000500")
        forged = der(*sign(K1, ISSUER[2 if i else 1], body))
        fixture("order-" + "".join(str(bit) for bit in bits),
                code(body, key_id=100 if k else 1, issuer_signature=forged,
                     user_signature=(lambda h: der(*sign(K192, RIDER, h + b"!"))) if u else None),
                PARAM if k else MALFORMED if i or u else SUCCESS)


def riders():
    for i in range(300):
        fixture(f"rider-{i:03d}",
                code(uid=b"2088%012d" % (1000 + i), rider=scalar(K192, "rider", i), key_id=(0, 1, 2, 7, 255)[i % 5],
                     generated=NOW - 300 + 2 * i, card_no=b"%d" % (10**(i % 16)), card_type=b"\0" * 8 if i % 3 else b"CITY0001",
                     issuer_high=bool(i & 1), user_high=bool(i & 2)))


# Published by the vendor with its demo. They expired years ago: the suite sets the clock.
GENUINE = {"genuine-1": genuine.CODES["card"]["code"], "genuine-2": genuine.CODES["bus"]["code"]}
GENUINE_ISSUER = genuine.ISSUER_PUBLIC_KEY
PUBLISHED_KEYS = genuine.KEY_LIST


def signer_head(window):
    """A code up to its generation time: the suite adds a time and signs with a fixed nonce, which is cheap."""
    body = credential(uid=b"2088000000009999", window=window, rider=SIGNER, quota=65535)
    return (bytes([2, 1, 1, len(body)]) + body + tlv(0, der(*sign(K1, ISSUER[1], body)))[1:] + b"\4")


SIGNER = scalar(K192, "mill")


def literal(name, value):
    print(f'#define {name} "{value}"')


def main():
    fields()
    shapes()
    signatures()
    replays()
    order()
    riders()

    print("/* Made by make-fixtures.py; do not edit. Public keys and codes of no real rider, and the vendor's published ones. */")
    print("#ifndef FIXTURES_H\n#define FIXTURES_H\n")
    print(f"#define NOW {NOW}u\n")
    for key_id in sorted(PUBLIC):
        literal(f"ISSUER_{key_id}", PUBLIC[key_id].hex().upper())
    literal("KEY_LIST", "[" + ",".join(
        f'{{\\"key_id\\":{i},\\"public_key\\":\\"{PUBLIC[i].hex()}\\"}}' for i in sorted(PUBLIC)) + "]")
    literal("CARD_TYPES", '[\\"ANT00001\\",\\"CITY0001\\",\\"~ CITY 2\\"]')
    literal("GENUINE_ISSUER", GENUINE_ISSUER)
    none = next(x for x in itertools.count(2) if not K1.lift(x))
    small = next(x for x in itertools.count(1) if K1.lift(x))
    literal("KEY_WITH_SMALL_X", f"02{small:064X}")
    literal("KEY_WITH_THE_SAME_X_AND_P", f"02{small + K1.p:064X}")
    literal("KEY_WITH_X_P", f"02{K1.p:064X}")
    literal("KEY_NOT_ON_CURVE", f"02{none:064X}")
    literal("KEY_UNCOMPRESSED", "04" + "".join(f"{v:064X}" for v in K1.g))

    k = scalar(K192, "mill nonce")
    r = K192.times(k)[0] % K192.n
    literal("SIGNER_ORDER", f"{K192.n:048X}")
    literal("SIGNER_R", f"{r:048X}")
    literal("SIGNER_R_TIMES_KEY", f"{r * SIGNER % K192.n:048X}")
    literal("SIGNER_NONCE_INVERSE", f"{pow(k, -1, K192.n):048X}")
    literal("SIGNER_HEAD", signer_head(65535).hex().upper())
    literal("SIGNER_HEAD_60", signer_head(60).hex().upper())

    print("\n/* What verify_qrcode_v2 and get_qrcode_info answer at NOW, amount 200, with the lists above. */")
    print("static const struct fixture {\n    const char *name;\n    int verify, info;\n    const char *hex;\n} fixtures[] = {")
    for name, bytes_, verify, info in fixtures:
        print(f'    {{"{name}", {verify}, {info}, "{bytes_.hex().upper()}"}},')
    print("};\n")
    print(f"#define FIXTURE_COUNT {len(fixtures)}\n")
    print("static const char *const genuine_codes[] = {")
    for hex_ in GENUINE.values():
        print(f'    "{hex_}",')
    print("};\n\nstatic const char *const published_keys[] = {")
    for key in PUBLISHED_KEYS:
        print(f'    "{key}",')
    print("};\n\n#endif")


sys.exit(main())
