"""Shared by the tests of the limits: clients that hold connections, and a server with low limits."""

import contextlib
import socket
import time
import unittest

from pages import Visitor
from support import KEY_QUERY, Client, Gate, Server

POST = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\n"


class Stranger:
    """Connections from one loopback address that are opened and not closed."""

    def __init__(self, server, address):
        self.server, self.address = server, address
        self.sockets, self.came = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.sockets:
            connection.close()

    def open(self, content=b"", count=1):
        """Opens connections and sends the same on each. The server may close some of them at once."""
        for _ in range(count):
            connection = socket.socket()
            connection.settimeout(30)
            connection.bind((self.address, 0))
            connection.connect((self.server.host, self.server.port))
            self.sockets.append(connection)
            self.came.append(b"")
            self.send(connection, content)

    def open_without_reading(self, operator, count=1, requests=16):
        """Requests more than the socket buffers hold, with several requests on each connection, and reads nothing."""
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
        # Gives up when the buffers are full: the server may not be reading.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, socket.timeout):
            connection.sendall(content)

    def are_open(self):
        """Which connections the server has kept open. `came` holds what it has sent on each."""
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
        """Waits until exactly `count` connections are open. The result does not depend on how long it takes."""
        end = time.monotonic() + seconds
        while sum(self.are_open()) != count and time.monotonic() < end:
            time.sleep(0.05)
        return sum(self.are_open())

    def wait_until_answered(self, seconds=20):
        """Waits until each open connection has an answer. The result does not depend on how long it takes."""
        end = time.monotonic() + seconds
        while waiting := [came for came, is_open in zip(self.came, self.are_open()) if is_open and not came]:
            if time.monotonic() > end:
                raise AssertionError(f"{len(waiting)} have no answer")
            time.sleep(0.05)


class LimitTest(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.server = Server(env={"POSGATEWAY_" + name: value for name, value in self.settings.items()})
        self.addCleanup(self.server.kill)
        self.client, self.gate = Client(self.server), Gate(self.server)
        self.addCleanup(self.client.close)

    def settles(self):
        """Settles a ride on a new connection and another on the kept connection."""
        other = Client(self.server)
        for client in (self.client, other):
            trade = self.gate.trade()
            self.assertEqual(client.settle(trade)[0]["result"], "SUCCESS")
        other.close()

    def operator_of_long_pages(self):
        """An operator whose console page is 16 times longer than a connection's buffers."""
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
