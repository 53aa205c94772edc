"""Shared by the tests of posgateway: a server process, a merchant's client, a gate that writes records."""

import atexit
import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from rsa2 import Key

# Set by run.py; by the environment when unittest runs without run.py.
POSGATEWAY = os.environ.get("POSGATEWAY", "")
POSCODE = os.environ.get("POSCODE", "")

KEY_QUERY = "alipay.commerce.transport.offlinepay.key.query"
RECORD_VERIFY = "alipay.commerce.transport.offlinepay.record.verify"
TRADE_SETTLE = "alipay.commerce.transport.offlinepay.trade.settle"
VIRTUALCARD_SEND = "alipay.commerce.transport.offlinepay.virtualcard.send"
DATA_SEND = "alipay.commerce.data.send"
METHODS = (KEY_QUERY, RECORD_VERIFY, TRADE_SETTLE, VIRTUALCARD_SEND, DATA_SEND)

MESSAGES = {
    "10000": "Success", "20000": "Service Currently Unavailable", "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments", "40003": "Insufficient Conditions", "40004": "Business Failed",
    "40006": "Insufficient Permissions",
}
DAY = 86400
_numbers = itertools.count(int(time.time()) % 100000 * 100000)


def number(prefix="T"):
    """A number that no other test has used."""
    return f"{prefix}{next(_numbers)}"


def time_text(seconds=None):
    """The time in China, in the form of the platform API."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime((time.time() if seconds is None else seconds) + 8 * 3600))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def temporary_directory():
    path = tempfile.mkdtemp(prefix="posgateway test ")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def command(*arguments, env=None, timeout=30):
    """Runs a posgateway command until it ends."""
    result = subprocess.run(
        [POSGATEWAY, *arguments], capture_output=True, text=True, timeout=timeout, env=environment(env),
        stdin=subprocess.DEVNULL)
    assert result.returncode >= 0, f"posgateway {arguments} ended by signal {-result.returncode}: {result.stderr}"
    return result


def environment(more=None):
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(more or {})}


# The server.


class Server:
    """A server process with its own data directory and a free loopback port."""

    _template = None

    def __init__(self, *arguments, data=None, env=None, preexec=None, host="127.0.0.1", port=0, start=True):
        self.arguments, self.env, self.preexec = arguments, env, preexec
        self.host, self.wanted_port = host, port
        self.data = data or self._copy()
        self.log_path = os.path.join(temporary_directory(), "log")
        self.process = None
        if start:
            self.start()

    @classmethod
    def _copy(cls):
        """A new data directory. One server makes the keys of all of them, because making keys is slow."""
        if cls._template is None:
            cls._template = os.path.join(temporary_directory(), "data")
            cls(data=cls._template).stop()
        path = os.path.join(temporary_directory(), "data")
        shutil.copytree(cls._template, path)
        return path

    @property
    def database(self):
        return os.path.join(self.data, "gateway.sqlite")

    @property
    def log(self):
        return read(self.log_path)

    def demo(self, name):
        return read(os.path.join(self.data, "demo-merchant", name))

    def start(self):
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [POSGATEWAY, "serve", "--data", self.data, "--host", self.host, "--port", str(self.wanted_port),
                 *self.arguments],
                stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, env=environment(self.env),
                preexec_fn=self.preexec)
        atexit.register(self.kill)
        first = self.process.stdout.readline()
        found = re.fullmatch(r"posgateway is listening on (https?)://(\S+):(\d+)\n", first)
        assert found, f"the server did not start: {first!r} {self.log}"
        self.scheme, self.port = found[1], int(found[3])
        return self

    def stop(self, number=signal.SIGTERM):
        """Stops the server as a service manager does. Returns the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not end within 30 s of a signal") from None
        self.process.stdout.close()
        assert "Fatal error" not in self.log, self.log
        return self.process.returncode

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def is_running(self):
        return self.process.poll() is None

    def issuer_keys(self):
        """The path of the issuer's private keys, in the form that poscode reads."""
        path = os.path.join(self.data, "issuer-keys.txt")
        if not os.path.exists(path):
            result = command("issuer-keys", "--data", self.data)
            assert result.returncode == 0, result.stderr
            with open(path, "w", encoding="utf-8") as file:
                file.write(result.stdout)
        return path

    def audit(self):
        """Runs the audit, checks that it finds no error, and returns its figures."""
        result = command("audit", "--data", self.data)
        assert result.returncode == 0, result.stdout + result.stderr
        figures = json.loads(result.stdout)
        assert figures["faults"] == [] and figures["sum_cent"] == 0, figures
        assert figures["settled_trades"] <= figures["transfers"], figures
        return figures

    @contextlib.contextmanager
    def sql(self):
        """A connection of another process to the database."""
        connection = sqlite3.connect(self.database, isolation_level=None, timeout=30)
        try:
            yield connection
        finally:
            connection.close()

    def balance(self, kind, owner):
        """The balance in cents; None for an account that does not exist."""
        with self.sql() as db:
            row = db.execute("SELECT balance_cent FROM account WHERE kind = ? AND owner = ?", (kind, owner)).fetchone()
        return row and row[0]


def outer_address():
    """An address of this machine that is not a loopback address. Nothing is sent."""
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                return probe.getsockname()[0]
            except OSError:
                pass
    raise AssertionError("this test needs a network address besides the loopback's")


def damage(path, *names):
    """Overwrites the root pages of tables and indexes. Returns the file's content from before. The server has to be
    stopped, or all its commits have to be in the file."""
    with sqlite3.connect(path) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        roots = [db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0] for name in names]
    db.close()
    with open(path, "r+b") as file:
        before = file.read()
        for root in roots:
            file.seek((root - 1) * size)
            file.write(b"\xa5" * size)
    return before


# The merchant's client.


class Reply:
    """A reply whose form and signature are verified."""

    FORM = re.compile(rb'\{"(\w+)":(\{.*\}),"sign":"([A-Za-z0-9+/]+={0,2})"\}')

    def __init__(self, status, headers, body, key):
        assert status == 200, f"{status} {body!r}"
        assert headers["Content-Type"].lower().replace(" ", "") == "application/json;charset=utf-8", headers
        form = self.FORM.fullmatch(body)
        assert form, body
        self.body = body
        self.node, content, sign = form[1].decode(), form[2], form[3].decode()
        assert key.verifies(sign, content), f"the signature is not the node's: {body!r}"
        assert b"\n" not in body and b"\r" not in body, body
        self.content = json.loads(content)
        # No white space, and no unneeded escapes. In particular no "\\/".
        assert json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode() == content, content
        assert "sign" not in self.content, body
        self.code = self.content["code"]
        assert self.content["msg"] == MESSAGES[self.code], body
        assert self.code != "10000" or "sub_code" not in self.content, body
        self.sub_code, self.sub_msg = self.content.get("sub_code"), self.content.get("sub_msg")

    def __getitem__(self, name):
        return self.content[name]


def canonical(parameters):
    """The text that is signed."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters)
                    if name != "sign" and parameters[name] != "")


class Client:
    """A merchant's client. Without arguments it is the demo merchant's."""

    def __init__(self, server, app_id=None, key=None):
        self.server = server
        self.app_id = app_id or server.demo("app-id.txt").strip()
        self.key = key or Key(server.demo("app-private-key-pkcs1.pem"))
        self.gateway_key = Key(server.demo("gateway-public-key.pem"))
        self.connection = None

    def parameters(self, method, content=None, /, **changes):
        """Signed parameters. A change to None leaves the parameter out; `sign` may be changed too."""
        parameters = {
            "app_id": self.app_id, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
            "timestamp": time_text(), "version": "1.0",
        }
        if content is not None:
            parameters["biz_content"] = content if isinstance(content, str) else json.dumps(content)
        parameters.update(changes)
        parameters = {name: value for name, value in parameters.items() if value is not None}
        if "sign" not in changes:
            parameters["sign"] = self.key.sign(canonical(parameters))
        return parameters

    def send(self, query="", body=None, verb="POST", target=None, headers=None):
        """Sends one request. Returns status, headers and body. The connection is kept."""
        target = target if target is not None else "/gateway.do" + ("?" + query if query else "")
        if body is not None and not isinstance(body, bytes):
            body = body.encode()
        headers = headers or ({"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {})
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
        try:
            self.connection.request(verb, target, body, headers)
            response = self.connection.getresponse()
            return response.status, response.headers, response.read()
        except BaseException:
            self.close()
            raise

    def look(self, target="/health"):
        """Asks for readiness after the cached answer has expired."""
        time.sleep(1.1)
        return self.send(verb="GET", target=target)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def answer(self, *arguments, **options):
        return Reply(*self.send(*arguments, **options), self.gateway_key)

    def post(self, parameters):
        return self.answer(body=urllib.parse.urlencode(parameters))

    def call(self, method, content=None, /, **changes):
        return self.post(self.parameters(method, content, **changes))

    def settle(self, *trades):
        """Settles the trades. Returns one result for each."""
        reply = self.call(TRADE_SETTLE, {"trade_list": list(trades)})
        assert reply.code == "10000" and len(reply["result_list"]) == len(trades), reply.body
        return reply["result_list"]


def exchange(server, content, seconds=20):
    """Sends bytes on a new connection. Returns what comes back until the server closes it."""
    with socket.create_connection((server.host, server.port), timeout=seconds) as connection:
        connection.sendall(content)
        parts = []
        with contextlib.suppress(ConnectionResetError, socket.timeout):
            while part := connection.recv(65536):
                parts.append(part)
    return b"".join(parts)


# A gate.


def issue(server, *arguments, count=1):
    """Codes in hex, signed by the server's issuer."""
    result = subprocess.run(
        [POSCODE, "issue", "--issuer-keys", server.issuer_keys(), "--count", str(count), *arguments],
        capture_output=True, text=True, check=True)
    return result.stdout.split()


def user_of(code):
    return bytes.fromhex(code)[4:20].decode()


def generated_of(code):
    content = bytes.fromhex(code)
    end = 4 + content[3]
    time_at = end + 1 + content[end] + 1
    return int.from_bytes(content[time_at:time_at + 4], "big")


def prefixed(content):
    return len(content).to_bytes(2, "big") + content


def pos_param(trip, **members):
    return json.dumps({"pos_id": "p1", "type": trip, "subject": "bus 12", "record_id": number("r"), **members})


def record(code, key, trip="SINGLE", amount=200, at=None, param=None, key_id=None, mac=None):
    """The record that a gate writes when it accepts a code, byte by byte."""
    at = generated_of(code) if at is None else at
    fields = [bytes.fromhex(code), (param or pos_param(trip)).encode(), amount.to_bytes(4, "big"),
              at.to_bytes(4, "big"), b"1.0.0", key_id or hashlib.sha256(key).digest()[:4]]
    content = b"".join(prefixed(field) for field in fields)
    signed = (0x3000 | len(content) + 34).to_bytes(2, "big") + content
    mac = mac or hmac.new(key, signed, hashlib.sha256).digest()
    return (signed + prefixed(mac)).hex().upper()


class Gate:
    """A gate that writes records with the demo merchant's key. It takes codes from a prepared list."""

    def __init__(self, server):
        self.server = server
        self.key = bytes.fromhex(server.demo("record-key.hex").strip())
        self.codes = []
        self.users = itertools.count(2088000000000001)

    def user(self):
        """A user id that no other code of this gate has."""
        return str(next(self.users))

    def code(self, *arguments):
        """A new code of a new rider. With arguments, poscode issues the code that they ask for."""
        if arguments:
            if "--uid" not in arguments:
                arguments += ("--uid", self.user())
            return issue(self.server, *arguments)[0]
        if not self.codes:
            count = 50
            self.codes = issue(self.server, "--vary", "rider", "--uid", self.user(), count=count)
            for _ in range(count - 1):
                self.user()
        return self.codes.pop()

    def record(self, code=None, **options):
        return record(code or self.code(), self.key, **options)

    def trade(self, *records, **changes):
        """A valid trade of the given records; without records, of one single ride."""
        records = records or (self.record(),)
        trade = {
            "user_id": bytes.fromhex(records[0])[8:24].decode("latin-1"), "out_trade_no": number(),
            "actual_order_time": time_text(), "subject": "984 路公交", "amount": "2.00", "records": list(records),
            **changes,
        }
        return {name: value for name, value in trade.items() if value is not None}


# A test.


class GatewayTest(unittest.TestCase):
    """One server for each class."""

    maxDiff = None
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.arguments)
        cls.client = Client(cls.server)
        cls.gate = Gate(cls.server)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        running = cls.server.is_running()
        if running:
            assert cls.server.stop() == 0, cls.server.log
        assert running, "the server has ended: " + cls.server.log
        # The ledger is correct whatever the tests have sent.
        cls.server.audit()

    def succeed(self, method, content=None, /, **changes):
        reply = self.client.call(method, content, **changes)
        self.assertEqual(reply.code, "10000", reply.body.decode())
        return reply

    def refuse(self, code, sub_code, message, method, content=None, /, **changes):
        return self.refused(code, sub_code, message, self.client.call(method, content, **changes))

    def refused(self, code, sub_code, message, reply):
        self.assertEqual((reply.code, reply.sub_code), (code, sub_code), reply.body.decode())
        self.assertRegex(reply.sub_msg, message or ".")
        return reply

    def settled(self, *trades):
        """Settles the trades, checks that all succeed, and returns their trade numbers."""
        results = self.client.settle(*trades)
        for trade, result in zip(trades, results):
            self.assertEqual(
                {name: result.get(name) for name in ("result", "out_trade_no", "error_code")},
                {"result": "SUCCESS", "out_trade_no": trade["out_trade_no"], "error_code": None}, result)
            self.assertRegex(result["trade_no"], r"\A\d{28}\Z")
        return [result["trade_no"] for result in results]

    def failed(self, error_code, message, trade):
        (result,) = self.client.settle(trade)
        self.check_failure(result, error_code, message)
        return result

    def check_failure(self, result, error_code, message=""):
        self.assertEqual(
            (result["result"], result.get("error_code"), result.get("need_retry")), ("FAIL", error_code, False), result)
        self.assertRegex(result["error_message"], message or ".")
        # The platform's document limits both to 128 characters.
        self.assertLessEqual(len(result["error_message"]), 128, result)
        self.assertLessEqual(len(result["message"]), 128, result)
        self.assertNotIn("trade_no", result)

    def paid(self, user_id):
        """The cents that a rider has paid."""
        return -(self.server.balance("rider", user_id) or 0)


class ServerTest(unittest.TestCase):
    """Each test has a server of its own."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.kill)
        self.client, self.gate = Client(self.server), Gate(self.server)
        self.addCleanup(self.client.close)
