"""The limit on memory for request bodies."""

import time
import urllib.parse

from processes import cpu_time, resident
from strangers import POST, LimitTest, Stranger
from support import KEY_QUERY, Client

MIB = 1 << 20


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
            # 8 MiB of bodies, each in a buffer of up to twice its size, and what the allocator keeps.
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
                # The strangers have held their bodies for longer than an ordinary body takes to arrive.
                time.sleep(0.5)
                self.assertEqual(self.client.answer(body=body).code, "10000")
        self.end()

    def test_answers_that_nobody_takes(self):
        operator = self.operator_of_long_pages()
        self.settles()
        with Stranger(self.server, "127.0.0.2") as stranger:
            self.client.close()
            stranger.open_without_reading(operator, count=30, requests=4)
            # Waits until the server is idle: all remaining connections wait for the client.
            spent = -1
            while spent != (spent := cpu_time(self.server)):
                time.sleep(1)
            # Each holds a page of more than a million bytes.
            self.assertLessEqual(sum(stranger.are_open()), 9)
            self.settles()
        self.assertIn("too many bytes in requests under way", self.server.log)
        # A client that reads its answers is not closed.
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
