"""Requests that are not well-formed HTTP."""

import re
import socket
import struct
import time
import urllib.parse

from pages import PageTest, Visitor
from support import KEY_QUERY, exchange


class BrokenRequests(PageTest):
    """A broken request gets 400. The log has no error for it."""

    HEAD = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\n"
    CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

    def tearDown(self):
        self.assertNotRegex(self.server.log, r" (error|critical)[: ]")
        self.assertEqual(self.client.call(KEY_QUERY).code, "10000")

    def half(self, content):
        """Sends the content, closes the sending side, and returns what comes back."""
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
                # Closed without sending, and reset.
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
