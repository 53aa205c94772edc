"""Pictures of codes: a decoder, and a writer of PNG files."""

import struct
import subprocess
import zlib


def scan(path):
    """The bytes that zbar decodes from a picture."""
    process = subprocess.run(
        ["zbarimg", "--quiet", "--nodbus", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-Sbinary",
         path], capture_output=True, check=True)
    return process.stdout


def png(rows, scale):
    """A grey-scale PNG of rows of booleans. True is dark."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    side = len(rows[0]) * scale
    lines = b"".join(
        (b"\x00" + b"".join((b"\x00" if dark else b"\xff") * scale for dark in row)) * scale for row in rows)
    header = struct.pack(">IIBBBBB", side, len(rows) * scale, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines))
            + chunk(b"IEND", b""))
