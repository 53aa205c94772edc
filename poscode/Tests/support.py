"""Shared by the tests of poscode."""

import ctypes
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")

# Set by run.py; by the environment when unittest runs without run.py.
POSCODE = os.environ.get("POSCODE", "")

NOTICE = "poscode: signed with the published development issuer key"


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.text = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")

    def json(self):
        """The one JSON object of the output."""
        (line,) = self.text.splitlines()
        return json.loads(line)

    def json_lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


def poscode(*arguments, stdin=b"", env=None, cwd=None):
    """Runs poscode until it ends. It must not end by a signal or print a trap."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    environment = {"PATH": os.environ["PATH"], "TZ": "Asia/Shanghai", "HOME": "/nonexistent"}
    environment.update(env or {})
    process = subprocess.run(
        [POSCODE, *arguments], input=stdin, capture_output=True, env=environment, timeout=60, cwd=cwd)
    result = Result(process)
    assert result.code >= 0, f"poscode {arguments} ended by signal {-result.code}: {result.err}"
    assert "Fatal error" not in result.err and "Backtrace" not in result.err, result.err
    return result


class CommandTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="poscode-test-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def file(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def succeed(self, *arguments, **options):
        result = poscode(*arguments, **options)
        self.assertEqual(result.code, 0, result.err + result.text)
        return result

    def refuse(self, code, message, *arguments, **options):
        """Checks that the command ends with this code, gives its reason on standard error, and prints nothing."""
        result = poscode(*arguments, **options)
        self.assertEqual(result.code, code, result.err + result.text)
        self.assertRegex(result.err, message)
        self.assertEqual(result.out, b"")
        return result

    def issue(self, *arguments):
        """Issues one code. Returns its hex."""
        code = self.succeed("issue", *arguments).text
        self.assertRegex(code, r"\A[0-9A-F]+\n\Z")
        return code.strip()


def key_list(keys):
    return json.dumps([{"key_id": key_id, "public_key": key} for key_id, key in keys])


# The library, which makes records.


class _Request(ctypes.Structure):
    _fields_ = [("qrcode", ctypes.c_char_p), ("qrcode_len", ctypes.c_int), ("pos_param", ctypes.c_char_p),
                ("amount_cent", ctypes.c_int)]


class _Response(ctypes.Structure):
    _fields_ = [(name, kind) for field in ("uid", "record", "card_no", "card_data", "card_type")
                for name, kind in ((field, ctypes.c_void_p), (field + "_len", ctypes.c_int))]


POS_PARAM = '{"pos_id":"p1","type":"SINGLE","subject":"bus 12","record_id":"r1"}'


class Gate:
    """A terminal that loads a key list and makes records of codes, through the C interface."""

    def __init__(self, keys, record_key=None):
        path = os.environ.get("POSOFFLINE_LIBRARY") or os.path.join(ROOT, "build", "libposoffline.so")
        if not os.path.exists(path):
            subprocess.run([os.path.join(ROOT, "scripts", "build-library.sh"), "host", "build"], check=True, cwd=ROOT)
        self.library = ctypes.CDLL(path)
        self.library.free_pos_verify()
        if record_key is not None:
            assert self.library.posoffline_set_record_key(record_key, len(record_key)) == 1
        assert self.library.init_pos_verify(keys.encode(), b'["ANT00001"]') == 1

    def record(self, code, amount=200, pos_param=POS_PARAM):
        """The record of a code in hex; a negative number when the code is refused."""
        content = bytes.fromhex(code)
        request = _Request(content, len(content), pos_param.encode(), amount)
        response = _Response()
        buffers = []
        for field, size in (("uid", 64), ("record", 3072), ("card_no", 256), ("card_data", 256), ("card_type", 16)):
            buffer = ctypes.create_string_buffer(size)
            buffers.append(buffer)
            setattr(response, field, ctypes.addressof(buffer))
            setattr(response, field + "_len", size)
        result = self.library.verify_qrcode_v2(ctypes.byref(request), ctypes.byref(response))
        return buffers[1].value.decode() if result == 1 else result

    def close(self):
        self.library.free_pos_verify()


def development_keys():
    return poscode("keygen", "issuer", "--development", "--public", "--output", "-").text


def strip_escapes(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
