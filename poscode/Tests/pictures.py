"""Pictures of codes: what a decoder reads from one, and a PNG made of rows."""

import struct
import subprocess
import zlib


def scan(path):
    """What a real decoder reads from a picture, in binary mode."""
    process = subprocess.run(
        ["zbarimg", "--quiet", "--nodbus", "--raw", "--oneshot", "-Sbinary", path], capture_output=True, check=True)
    return process.stdout


def png(rows, scale):
    """A grey-scale PNG of rows of booleans, True for dark."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    side = len(rows[0]) * scale
    lines = b"".join(
        (b"\x00" + b"".join((b"\x00" if dark else b"\xff") * scale for dark in row)) * scale for row in rows)
    header = struct.pack(">IIBBBBB", side, len(rows) * scale, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines))
            + chunk(b"IEND", b""))
