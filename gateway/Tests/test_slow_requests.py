"""The limit on the time of a request."""

import contextlib
import socket
import threading
import time

from strangers import POST, LimitTest, Stranger


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
        """A connection that has had this many answers."""
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
            # Longer than the limit for a request, and shorter than the database's lock timeout.
            time.sleep(2.5)
            db.execute("ROLLBACK")
            waiting.join(30)
        self.assertEqual(results, ["SUCCESS"])
        self.end()
