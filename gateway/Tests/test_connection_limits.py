"""The limits on connections, of one address and of all."""

import contextlib
import re
import resource
import socket
import threading
import time
import urllib.parse

from processes import cpu_time, resident
from strangers import POST, LimitTest, Stranger
from support import KEY_QUERY, Client, exchange


class AsItStarts(LimitTest):
    """The default settings hold what docs/gateway.md says about strangers."""

    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def grows(self, content, count, at_once):
        """MiB of memory that `count` connections take after they have sent the content. Rides settle meanwhile."""
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
        # All bodies together are 2.2 GiB.
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
        # A repeated parameter counts once.
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
                # A new connection is accepted, and an old one is closed.
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
        # The stranger holds all connections of this address.
        self.client.close()
        time.sleep(0.5)
        with Stranger(self.server, "127.0.0.1") as stranger:
            for _ in range(16):
                stranger.open_without_reading(operator)
            # Waits until the server is idle: all connections wait for the client.
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
        # Strangers at the merchant's own address. Some send whole requests, some send none.
        for content in (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b""):
            with self.subTest(content=content), Stranger(self.server, "127.0.0.1") as stranger:
                stranger.open(content, 64)
                if content:
                    # A new connection is refused while all connections of its address are being answered.
                    stranger.wait_until_answered()
                for _ in range(20):
                    with socket.create_connection((self.server.host, self.server.port), timeout=20) as good:
                        stranger.open(content, 2)
                        good.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        self.assertIn(b"HTTP/1.1 200 ", good.recv(1000))
        self.end()
