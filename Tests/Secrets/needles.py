#!/usr/bin/env python3
"""Prints the bytes that must not be found in memory: record keys, and values computed from a record key alone.

    Tests/Secrets/needles.py

A line for each: the key's number, a name, and the bytes in hex, inverted, so that the list does not contain the
bytes themselves. Written from FIPS 180-4 and RFC 2104, for little-endian machines.
"""
import hashlib
import struct

# The longest key, the shortest one of whole words, and one between.
KEYS = [hashlib.sha512(b"the first record key").digest(), hashlib.sha512(b"the second").digest()[:16],
        hashlib.sha512(b"the key in a file").digest()[:32]]


def primes(count):
    found = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def root_bits(number, power):
    """The first 32 bits of the fractional part of a square or cube root."""
    low, high = 0, number << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle ** power <= number << 32 * power else (low, middle)
    return low & 0xFFFFFFFF


START = [root_bits(prime, 2) for prime in primes(8)]
ROUND = [root_bits(prime, 3) for prime in primes(64)]


def rotated(x, by):
    return (x >> by | x << 32 - by) & 0xFFFFFFFF


def compressed(block):
    """The message schedule of SHA-256's first block, and the working variables after its last round."""
    w = list(struct.unpack(">16I", block))
    for t in range(16, 64):
        s0 = rotated(w[t - 15], 7) ^ rotated(w[t - 15], 18) ^ w[t - 15] >> 3
        s1 = rotated(w[t - 2], 17) ^ rotated(w[t - 2], 19) ^ w[t - 2] >> 10
        w.append(w[t - 16] + s0 + w[t - 7] + s1 & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = START
    for t in range(64):
        t1 = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ e & (f ^ g)) + ROUND[t] + w[t]
        t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + (a & b | c & (a | b))
        a, b, c, d, e, f, g, h = t1 + t2 & 0xFFFFFFFF, a, b, c, d + t1 & 0xFFFFFFFF, e, f, g
    return w, [a, b, c, d, e, f, g, h]


def both_orders(name, data):
    yield name, data
    yield f"{name}-words", b"".join(data[i:i + 4][::-1] for i in range(0, len(data) - 3, 4))


def needles(key):
    yield from both_orders("key", key)
    yield "hex", key.hex().encode()
    yield "HEX", key.hex().upper().encode()
    blocks = {"inner": bytes(byte ^ 0x36 for byte in key.ljust(64, b"\0")),
              "outer": bytes(byte ^ 0x5C for byte in key.ljust(64, b"\0")),
              "id": padded(key)[:64]}
    for name, block in blocks.items():
        if name != "id":
            yield from both_orders(f"{name}-pad", block[:len(key)])
        schedule, working = compressed(block)
        yield f"{name}-schedule", struct.pack("<48I", *schedule[16:])
        yield f"{name}-rounds", struct.pack("<8I", *working)
        state = added(working)
        # The first four bytes of a key's digest are its id, which records carry.
        yield from both_orders(f"{name}-state", state[4:] if name == "id" else state)


def padded(message):
    """A message with the padding that makes it whole blocks."""
    return message + b"\x80" + bytes(-(len(message) + 9) % 64) + struct.pack(">Q", 8 * len(message))


def added(working):
    """The state after the first block."""
    return struct.pack(">8I", *(a + b & 0xFFFFFFFF for a, b in zip(START, working, strict=True)))


def main():
    assert added(compressed(padded(b"abc"))[1]) == hashlib.sha256(b"abc").digest()
    for number, key in enumerate(KEYS):
        for name, data in needles(key):
            print(number, name, bytes(byte ^ 0xFF for byte in data).hex())


if __name__ == "__main__":
    main()
