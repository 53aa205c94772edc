"""Requests that are broken, and strangers who hold connections, memory and descriptors: nobody else notices."""

import contextlib
import os
import re
import resource
import socket
import ssl
import struct
import subprocess
import threading
import time
import unittest
import urllib.parse

import support
from pages import PageTest, Visitor
from support import KEY_QUERY, Client, Gate, Server, exchange, read, temporary_directory

POST = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\n"
MIB = 1 << 20


class BrokenRequests(PageTest):
    """Whatever is wrong with a request is the sender's fault: 400, and nothing in the log that wakes an operator."""

    HEAD = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\n"
    CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

    def tearDown(self):
        self.assertNotRegex(self.server.log, r" (error|critical)[: ]")
        self.assertEqual(self.client.call(KEY_QUERY).code, "10000")

    def half(self, content):
        """What comes back when the sender's side is closed behind the content."""
        with socket.create_connection((self.server.host, self.server.port), timeout=20) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)

    def test_malformed_chunks(self):
        for chunks in (b"zz\r\n", b"5\r\nabcdefgh\r\n", b"-1\r\n\r\n", b"1\r\naXX", b"fffffffffffffffffff\r\n", b"\r\n",
                       b"3 ;x\r\nabc\r\n", b"5\r\nab"):
            for path in (b"/gateway.do", b"/console/login", b"/p/f/public_transit/sign", b"/logout"):
                with self.subTest(chunks=chunks, path=path):
                    head = self.CHUNKED.replace(b"/gateway.do", path).replace(
                        b"Host: x", f"Host: 127.0.0.1:{self.server.port}".encode())
                    self.assertRegex(self.half(head + b"3\r\na=b\r\n" + chunks)[:13], rb"\AHTTP/1.1 400 ")

    def test_bodies_that_break_off(self):
        for body in (b"Content-Length: 100\r\n\r\na=b", b"Content-Length: 1\r\n\r\n",
                     b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n"):
            with self.subTest(body=body):
                self.assertRegex(self.half(self.HEAD + body)[:13], rb"\AHTTP/1.1 400 ")
                # Without a word, and with a reset.
                for linger in (struct.pack("ii", 0, 0), struct.pack("ii", 1, 0)):
                    connection = socket.create_connection((self.server.host, self.server.port))
                    connection.sendall(self.HEAD + body)
                    time.sleep(0.05)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    connection.close()

    def test_half_a_form_does_nothing(self):
        visitor = Visitor(self.server)
        visitor.sign_page()
        form = urllib.parse.urlencode({
            "form_token": visitor.form_token, "decision": "agree", "redirectUrl": "http://m.example/"})
        head = (f"POST /p/f/public_transit/sign HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
                f"Cookie: posgateway_form={visitor.cookies['posgateway_form']}\r\n").encode()
        body = form.encode()
        for rest in (b"Content-Length: %d\r\n\r\n%s" % (len(body) + 20, body),
                     b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)):
            self.assertRegex(self.half(head + rest)[:13], rb"\AHTTP/1.1 400 ")
        with self.server.sql() as db:
            self.assertEqual(db.execute("SELECT COUNT(*) FROM rider").fetchone()[0], 0)
        self.assertRegex(self.half(head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))[:13], rb"\AHTTP/1.1 303 ")

    def test_who_asks_first_is_told_after_the_answers_that_are_due(self):
        body = urllib.parse.urlencode(self.client.parameters(KEY_QUERY)).encode()
        call = self.HEAD + b"Content-Length: %d\r\n" % len(body)
        for _ in range(30):
            with socket.create_connection((self.server.host, self.server.port), timeout=20) as connection:
                connection.sendall(call + b"\r\n" + body + call + b"Expect: 100-continue\r\n\r\n")
                came = b""
                while b"HTTP/1.1 100 " not in came:
                    came += (part := connection.recv(65536))
                    self.assertTrue(part, came)
                self.assertEqual(re.findall(rb"HTTP/1.1 (\d+) ", came), [b"200", b"100"])
                connection.sendall(body)
                while came.count(b'"sign":"') < 2:
                    came += (part := connection.recv(65536))
                    self.assertTrue(part, came)
            self.assertEqual(re.findall(rb"HTTP/1.1 (\d+) ", came), [b"200", b"100", b"200"])

    def test_two_host_headers(self):
        own = f"127.0.0.1:{self.server.port}"
        for first, second in (("x", "y"), ("x", "x"), (own, "evil.example"), ("evil.example", own), (own, own)):
            for target in ("/gateway.do", "/", "/console/login", "/health", "/nothing"):
                with self.subTest(first=first, second=second, target=target):
                    answer = exchange(self.server, (f"GET {target} HTTP/1.1\r\nHost: {first}\r\nhost: {second}\r\n"
                                                    "Connection: close\r\n\r\n").encode())
                    self.assertRegex(answer[:13], rb"\AHTTP/1.1 400 ")
                    self.assertIn(b"Host", answer)


class Stranger:
    """Connections from one address of the loopback's that are opened and not closed."""

    def __init__(self, server, address):
        self.server, self.address = server, address
        self.sockets, self.came = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.sockets:
            connection.close()

    def open(self, content=b"", count=1):
        """Opens connections and sends the same on each; those that the server ends at once are no failure."""
        for _ in range(count):
            connection = socket.socket()
            connection.settimeout(30)
            connection.bind((self.address, 0))
            connection.connect((self.server.host, self.server.port))
            self.sockets.append(connection)
            self.came.append(b"")
            self.send(connection, content)

    def open_without_reading(self, operator, count=1, requests=16):
        """Asks for more than the way has room for, in so many requests on each connection, and takes none of it."""
        for _ in range(count):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
            connection.bind((self.address, 0))
            connection.connect((self.server.host, self.server.port))
            self.sockets.append(connection)
            self.came.append(b"")
            self.send(connection, (f"GET /console HTTP/1.1\r\nHost: localhost\r\nCookie: posgateway_console="
                                   f"{operator.cookies['posgateway_console']}\r\n\r\n").encode() * requests)

    @staticmethod
    def send(connection, content):
        # What has no room on the way is not waited for: the other end may not be reading.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, socket.timeout):
            connection.sendall(content)

    def are_open(self):
        """Which of them the server has not ended; `came` has what it has sent on each."""
        states = []
        for index, connection in enumerate(self.sockets):
            connection.setblocking(False)
            try:
                while part := connection.recv(65536):
                    self.came[index] += part
                states.append(False)
            except BlockingIOError:
                states.append(True)
            except OSError:
                states.append(False)
            connection.setblocking(True)
        return states

    def wait_until_open(self, count, seconds=20):
        """Until exactly so many are open; nothing here depends on how long it takes."""
        end = time.monotonic() + seconds
        while sum(self.are_open()) != count and time.monotonic() < end:
            time.sleep(0.05)
        return sum(self.are_open())

    def wait_until_answered(self, seconds=20):
        """Until each that is open has an answer; nothing here depends on how long it takes."""
        end = time.monotonic() + seconds
        while waiting := [came for came, is_open in zip(self.came, self.are_open()) if is_open and not came]:
            if time.monotonic() > end:
                raise AssertionError(f"{len(waiting)} have no answer")
            time.sleep(0.05)


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def resident(server):
    """MiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", read(f"/proc/{server.process.pid}/status"))[1]) / 1024


def cpu_time(server):
    """Ticks."""
    return sum(int(field) for field in read(f"/proc/{server.process.pid}/stat").rpartition(")")[2].split()[11:13])


class LimitTest(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.server = Server(env={"POSGATEWAY_" + name: value for name, value in self.settings.items()})
        self.addCleanup(self.server.kill)
        self.client, self.gate = Client(self.server), Gate(self.server)
        self.addCleanup(self.client.close)

    def settles(self):
        """A ride is settled, on a connection of its own and on the one that is kept."""
        other = Client(self.server)
        for client in (self.client, other):
            trade = self.gate.trade()
            self.assertEqual(client.settle(trade)[0]["result"], "SUCCESS")
        other.close()

    def operator_of_long_pages(self):
        """One whose console is 16 times longer than what a connection holds."""
        for _ in range(50):
            self.client.call(KEY_QUERY, sign="AAAA", notify_url='"' * 4000)
        operator = Visitor(self.server)
        operator.log_in()
        self.assertGreater(len(operator.get("/console").text), 1_000_000)
        return operator

    def end(self):
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        self.server.audit()


class AsItStarts(LimitTest):
    """What docs/gateway.md says of strangers and the settings that nobody has changed."""

    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def grows(self, content, count, at_once):
        """MiB that so many connections take that stop behind the same content; rides are settled throughout."""
        self.settles()
        before = most = resident(self.server)
        with Stranger(self.server, "127.0.0.2") as stranger, Stranger(self.server, "127.0.0.3") as another:
            for _ in range(count // at_once // 2):
                stranger.open(content, at_once)
                another.open(content, at_once)
                self.settles()
                most = max(most, resident(self.server))
        self.end()
        return most - before

    def test_a_thousand_half_sent_bodies(self):
        # 2.2 GiB, were they all kept.
        self.assertLess(self.grows(POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_990_000, 1000, 10), 200)

    def test_a_thousand_half_sent_heads(self):
        head = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (index, b"y" * 7000) for index in range(11))
        self.assertLess(self.grows(head, 1000, 50), 200)

    def test_as_many_parameters_as_there_may_be_and_one_more(self):
        for count, code in ((20_000, "10000"), (20_001, "40002")):
            parameters = self.client.parameters(KEY_QUERY)
            parameters = self.client.parameters(KEY_QUERY, **{f"p{index}": "1" for index in range(count - len(parameters))})
            self.assertEqual(len(parameters), count)
            reply = self.client.post(parameters)
            self.assertEqual(reply.code, code, reply.body[:300])
        self.assertEqual(reply.sub_code, "isv.invalid-parameter")
        # One that comes again is none more.
        body = urllib.parse.urlencode(self.client.parameters(KEY_QUERY)) + "&p=1" + "&p=2" * 25_000
        self.assertEqual(self.client.answer(body=body).sub_code, "isv.invalid-signature")
        self.end()

    def test_a_thousand_that_say_nothing(self):
        self.assertLess(self.grows(b"", 1000, 100), 40)


class ManyConnections(LimitTest):
    settings = {"CONNECTIONS_TOTAL": "40", "CONNECTIONS_PER_ADDRESS": "16"}

    def test_of_one_address(self):
        for content in (b"", b"GET", POST, POST + b"Content-Length: 1000\r\n\r\na="):
            with self.subTest(content=content), Stranger(self.server, "127.0.0.2") as stranger:
                stranger.open(content, 16)
                self.assertEqual(stranger.wait_until_open(16), 16)
                self.settles()
                # A newcomer is let in, and one of the old ones goes.
                stranger.open(content, 10)
                self.assertEqual(stranger.wait_until_open(16), 16)
                self.assertEqual(stranger.are_open()[16:], [True] * 10)
                self.settles()
        self.assertIn("too many connections", self.server.log)
        self.end()

    def test_the_log_has_counted_each_in_the_end(self):
        with Stranger(self.server, "127.0.0.2") as stranger:
            stranger.open(b"GET", 16)
            self.assertEqual(stranger.wait_until_open(16), 16)
            for _ in range(3):
                stranger.open(b"GET", 10)
                self.assertEqual(stranger.wait_until_open(16), 16)
        self.end()
        counts = re.findall(r"count=(\d+) .*reason=too many connections .*connections ended", self.server.log)
        self.assertEqual(sum(map(int, counts)), 30, self.server.log)

    def test_of_all_addresses(self):
        with contextlib.ExitStack() as stack:
            strangers = [stack.enter_context(Stranger(self.server, f"127.0.1.{index}")) for index in range(1, 9)]
            for _ in range(5):
                for stranger in strangers:
                    stranger.open(POST, 2)
                    self.settles()
            self.assertLessEqual(sum(sum(stranger.are_open()) for stranger in strangers), 40)
        self.end()

    def test_the_good_client_s_own_address(self):
        with Stranger(self.server, "127.0.0.1") as stranger:
            for _ in range(30):
                stranger.open(POST, 3)
                other = Client(self.server)
                self.assertEqual(other.call(KEY_QUERY).code, "10000")
                other.close()
        self.end()

    def test_who_is_being_answered_does_not_go(self):
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            answers = []
            threads = [threading.Thread(target=lambda trade=self.gate.trade(): answers.append(
                Client(self.server).settle(trade)[0]["result"])) for _ in range(12)]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            with Stranger(self.server, "127.0.0.1") as stranger:
                stranger.open(POST, 50)
                db.execute("ROLLBACK")
                for thread in threads:
                    thread.join(30)
        self.assertEqual(answers, ["SUCCESS"] * 12)
        self.end()

    def test_who_takes_no_answers_goes(self):
        operator = self.operator_of_long_pages()
        # All places of this address are the stranger's.
        self.client.close()
        time.sleep(0.5)
        with Stranger(self.server, "127.0.0.1") as stranger:
            for _ in range(16):
                stranger.open_without_reading(operator)
            # Until all of them wait for the other end: then the server has nothing to do.
            spent = -1
            while spent != (spent := cpu_time(self.server)):
                time.sleep(1)
            for _ in range(20):
                other = Client(self.server)
                self.assertEqual(other.call(KEY_QUERY).code, "10000")
                other.close()
        self.end()

    def test_a_few_requests_at_once_and_thousands(self):
        one = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        self.assertEqual(exchange(self.server, one * 15 + last).count(b"HTTP/1.1 200 "), 16)
        with Stranger(self.server, "127.0.0.2") as stranger:
            stranger.open(one * 30_000, 5)
            self.assertEqual(stranger.wait_until_open(0), 0)
        self.settles()
        self.end()

    def test_a_kept_connection_outlives_those_that_have_said_nothing(self):
        self.assertEqual(self.client.call(KEY_QUERY).code, "10000")
        kept = self.client.connection.sock
        with Stranger(self.server, "127.0.0.1") as stranger:
            stranger.open(b"", 60)
            self.assertEqual(self.client.call(KEY_QUERY).code, "10000")
            self.assertIs(self.client.connection.sock, kept)
        self.end()


class Newcomers(LimitTest):
    settings = {"CONNECTIONS_TOTAL": "200", "CONNECTIONS_PER_ADDRESS": "64"}

    def test_newcomers_are_not_ended_before_they_have_sent(self):
        # Strangers who send whole requests, and those who send none, at the good client's own address.
        for content in (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b""):
            with self.subTest(content=content), Stranger(self.server, "127.0.0.1") as stranger:
                stranger.open(content, 64)
                if content:
                    # A newcomer has no place while all of the address are being answered.
                    stranger.wait_until_answered()
                for _ in range(20):
                    with socket.create_connection((self.server.host, self.server.port), timeout=20) as good:
                        stranger.open(content, 2)
                        good.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        self.assertIn(b"HTTP/1.1 200 ", good.recv(1000))
        self.end()


class BodiesUnderWay(LimitTest):
    settings = {"REQUEST_MEMORY": "8"}

    def test_a_hundred_half_sent_bodies(self):
        self.settles()
        before = resident(self.server)
        with Stranger(self.server, "127.0.0.2") as stranger, Stranger(self.server, "127.0.0.3") as another:
            for _ in range(10):
                for each in (stranger, another):
                    each.open(POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_990_000, 5)
                self.settles()
            held = sum(stranger.are_open()) + sum(another.are_open())
            self.assertLessEqual(held, 4)
            # Eight MiB of bodies, each perhaps in a buffer of twice its size, and what the allocator keeps.
            self.assertLess(resident(self.server) - before, 64)
        self.assertIn("too many bytes in requests under way", self.server.log)
        self.end()

    def test_who_is_ended_is_told(self):
        with Stranger(self.server, "127.0.0.2") as stranger:
            stranger.open(POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_000_000, 12)
            self.assertLessEqual(stranger.wait_until_open(8), 8)
            told = [came for came, is_open in zip(stranger.came, stranger.are_open()) if not is_open]
            self.assertEqual({came[:13] for came in told}, {b"HTTP/1.1 503 "}, told)
        self.end()

    def test_long_heads(self):
        head = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (index, b"y" * 7000) for index in range(11))
        self.settles()
        for before in (b"", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"):
            with self.subTest(before=before), Stranger(self.server, "127.0.0.2") as stranger:
                start = resident(self.server)
                stranger.open(before + head, 400)
                self.settles()
                self.assertLess(resident(self.server) - start, 40)
        self.end()

    def test_a_body_at_the_limit_while_others_trickle(self):
        body = urllib.parse.urlencode(self.client.parameters(KEY_QUERY))
        body += "&" * (2 * MIB - len(body))
        with Stranger(self.server, "127.0.0.2") as stranger:
            for _ in range(5):
                stranger.open(POST + b"Content-Length: 1000000\r\n\r\n" + b"a" * 900_000, 9)
                # They have held theirs for longer than an honest body takes to come.
                time.sleep(0.5)
                self.assertEqual(self.client.answer(body=body).code, "10000")
        self.end()

    def test_answers_that_nobody_takes(self):
        operator = self.operator_of_long_pages()
        self.settles()
        with Stranger(self.server, "127.0.0.2") as stranger:
            self.client.close()
            stranger.open_without_reading(operator, count=30, requests=4)
            # Until all that are left wait for the other end.
            spent = -1
            while spent != (spent := cpu_time(self.server)):
                time.sleep(1)
            # Each holds a page of more than a million bytes at the least.
            self.assertLessEqual(sum(stranger.are_open()), 9)
            self.settles()
        self.assertIn("too many bytes in requests under way", self.server.log)
        # Whoever takes what is sent has never to go for it.
        for _ in range(10):
            self.assertGreater(len(operator.get("/console").text), 1_000_000)
        self.end()

    def test_answers_give_the_room_back(self):
        body = urllib.parse.urlencode(self.client.parameters(KEY_QUERY))
        body += "&" * (2 * MIB - len(body))
        for _ in range(30):
            self.assertEqual(self.client.answer(body=body).code, "10000")
        for content, status in ((b"a" * 3 * MIB, 413), (b"a" * 100_000, 404)):
            for _ in range(20):
                other = Client(self.server)
                self.assertEqual(other.send(
                    target="/gateway.do" if status == 413 else "/nothing", body=content)[0], status)
                other.close()
        self.assertEqual(self.client.answer(body=body).code, "10000")
        self.assertNotIn("connections ended", self.server.log)
        self.end()


class SlowRequests(LimitTest):
    settings = {"REQUEST_TIME": "2"}

    def test_a_byte_now_and_then_does_not_help(self):
        for content, answer in ((POST + b"Content-Length: 100\r\n\r\n", b"HTTP/1.1 408 "),
                                (POST + b"Transfer-Encoding: chunked\r\n\r\n64\r\n", b"HTTP/1.1 408 "), (POST, b""),
                                (b"", b""),
                                (b"POST /nothing HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 100\r\n\r\n", b"HTTP/1.1 404 ")):
            for before in (0, 1, 2):
                with self.subTest(content=content, before=before), self.connected(before) as slow:
                    slow.sendall(content)
                    came, is_open, sent = b"", True, 0
                    while is_open:
                        try:
                            part = slow.recv(65536)
                            came, is_open = came + part, part != b""
                        except TimeoutError:
                            pass
                        except OSError:
                            is_open = False
                        with contextlib.suppress(OSError):
                            slow.send(b"a")
                        sent += 1
                        self.assertLess(sent, 90, "it goes on for ever")
                    self.assertTrue(came.startswith(answer), came)
                    self.settles()
        self.assertNotRegex(self.server.log, r" (error|critical)[: ]")
        self.end()

    def connected(self, before):
        """A connection that has had so many answers."""
        connection = socket.create_connection((self.server.host, self.server.port))
        connection.settimeout(20)
        for _ in range(before):
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            came = b""
            while not came.endswith(b'{"status":"ok"}\n'):
                part = connection.recv(65536)
                self.assertNotEqual(part, b"")
                came += part
        connection.settimeout(0.2)
        return connection

    def test_a_kept_connection_may_say_nothing_for_longer_than_a_request_may_take(self):
        with self.connected(1) as kept:
            time.sleep(3)
            kept.settimeout(20)
            kept.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertTrue(kept.recv(65536).startswith(b"HTTP/1.1 200 "))
        self.end()

    def test_who_takes_no_answers(self):
        operator = self.operator_of_long_pages()
        with Stranger(self.server, "127.0.0.2") as stranger:
            stranger.open_without_reading(operator)
            end = time.monotonic() + 60
            while "took too long" not in self.server.log:
                self.assertLess(time.monotonic(), end, "it is waited for for ever")
                time.sleep(0.1)
            self.assertEqual(stranger.wait_until_open(0), 0)
        self.settles()
        self.end()

    def test_a_slow_answer_is_not_a_slow_request(self):
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            results, trade = [], self.gate.trade()
            waiting = threading.Thread(target=lambda: results.append(self.client.settle(trade)[0]["result"]))
            waiting.start()
            # Longer than a request may take, and less than the database waits for.
            time.sleep(2.5)
            db.execute("ROLLBACK")
            waiting.join(30)
        self.assertEqual(results, ["SUCCESS"])
        self.end()


class OverTLS(unittest.TestCase):
    """Before the encryption is agreed on, and behind it."""

    def test_strangers(self):
        directory = temporary_directory()
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        server = Server("--tls-certificate", certificate, "--tls-key", key, env={
            "POSGATEWAY_CONNECTIONS_PER_ADDRESS": "16", "POSGATEWAY_REQUEST_MEMORY": "8", "POSGATEWAY_REQUEST_TIME": "2"})
        self.addCleanup(server.kill)
        context = ssl._create_unverified_context()
        with Stranger(server, "127.0.0.2") as silent, Stranger(server, "127.0.0.1") as trickling:
            # The first bytes of a greeting, and nothing at all.
            silent.open(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 10)
            silent.open(b"", 10)
            self.assertLessEqual(silent.wait_until_open(16), 16)
            for _ in range(20):
                connection = context.wrap_socket(socket.create_connection((server.host, server.port)))
                trickling.sockets.append(connection)
                trickling.send(connection, POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_000_000)
                self.assertEqual(Visitor(server).get("/health").status, 200)
            self.assertEqual(silent.wait_until_open(0), 0)
            # Whoever says nothing more has no descriptor any more, greeting or not.
            before = descriptors(server)
            for _ in range(100):
                trickling.sockets.append(context.wrap_socket(socket.create_connection((server.host, server.port))))
            self.assertLess(descriptors(server), before + 40)
        self.assertIn("too many connections", server.log)
        self.assertIn("too many bytes", server.log)
        self.assertNotRegex(server.log, r" (error|critical)[: ]")
        self.assertEqual(server.stop(), 0)


class FewDescriptors(unittest.TestCase):
    def test_a_low_limit_is_kept_to(self):
        server = Server(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
        self.assertRegex(server.log, "warning posgateway: connections=36 set=4000 .*limit of open files")
        client, gate = Client(server), Gate(server)
        with Stranger(server, "127.0.0.2") as stranger:
            for _ in range(10):
                stranger.open(POST, 20)
                self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
                other = Client(server)
                self.assertEqual(other.settle(gate.trade())[0]["result"], "SUCCESS")
                other.close()
        client.close()
        self.assertNotIn("cannot be accepted", server.log)
        self.assertEqual(server.stop(), 0)

    def test_too_low_a_limit_keeps_it_from_starting(self):
        result = subprocess.run(
            ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh", support.POSGATEWAY, "serve", "--data",
             os.path.join(temporary_directory(), "data"), "--port", "0"],
            capture_output=True, text=True, timeout=30, env=support.environment())
        self.assertGreater(result.returncode, 0)
        self.assertRegex(result.stderr, "Error: the limit of open files, 60, is too low")

    def test_a_soft_limit_is_raised(self):
        server = Server(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 4096)))
        with Stranger(server, "127.0.0.2") as stranger:
            stranger.open(b"", 300)
            self.assertEqual(stranger.wait_until_open(300), 300)
        self.assertNotIn("limit of open files", server.log)
        self.assertEqual(server.stop(), 0)

    def test_waiting_for_descriptors_is_no_work(self):
        server = Server()
        self.addCleanup(server.kill)
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (descriptors(server), hard))
        with Stranger(server, "127.0.0.2") as stranger:
            stranger.open(b"", 3)
            end, counts = time.monotonic() + 60, []
            # The second line comes after ten seconds, and counts the tries.
            while len(counts) < 2 and time.monotonic() < end:
                time.sleep(0.2)
                counts = [int(count) for count in re.findall(r"count=(\d+).*cannot be accepted", server.log)]
            self.assertEqual(len(counts), 2)
            self.assertLess(counts[1], 300)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.assertEqual(Visitor(server).get("/health").status, 200)
        self.assertEqual(server.stop(), 0)

    def test_they_run_out_and_come_back(self):
        server = Server()
        self.addCleanup(server.kill)
        client, gate = Client(server), Gate(server)
        self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
        taken = descriptors(server)
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
        with Stranger(server, "127.0.0.2") as stranger:
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (taken + 8, hard))
            stranger.open(POST, 40)
            # Who is connected is served, and the strangers make room for whoever comes.
            for _ in range(20):
                self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
            other = Client(server)
            self.assertEqual(other.settle(gate.trade())[0]["result"], "SUCCESS")
            other.close()
            lines = [line for line in server.log.splitlines() if "cannot be accepted" in line]
            # Not one for each time.
            self.assertIn(len(lines), range(1, 10), lines)
            self.assertRegex(lines[0], r" error\b.*")
            self.assertIn("reason=Too many open files", lines[0])
            self.assertIn("are accepted again", server.log)
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        for _ in range(20):
            other = Client(server)
            self.assertEqual(other.settle(gate.trade())[0]["result"], "SUCCESS")
            other.close()
        client.close()
        self.assertEqual(server.stop(), 0)
        server.audit()
