"""A stop: calls under way are answered, and the database file is complete."""

import concurrent.futures
import contextlib
import os
import shutil
import signal
import socket
import time
import unittest
import urllib.parse

from pages import Visitor
from support import KEY_QUERY, TRADE_SETTLE, Client, Gate, Server, ServerTest, temporary_directory


class Ending(ServerTest):
    def test_on_either_signal(self):
        for stopping in (signal.SIGTERM, signal.SIGINT):
            self.client.close()
            self.assertEqual(self.client.call(KEY_QUERY).code, "10000")
            self.assertEqual(self.server.stop(stopping), 0)
            self.server.start()

    def test_calls_that_are_under_way_are_answered(self):
        trade = self.gate.trade()
        with self.server.sql() as db, concurrent.futures.ThreadPoolExecutor(1) as pool:
            db.execute("BEGIN EXCLUSIVE")
            waiting = pool.submit(self.client.settle, trade)
            time.sleep(0.5)
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            db.execute("ROLLBACK")
            self.assertEqual(waiting.result()[0]["result"], "SUCCESS")
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(self.server.balance("rider", trade["user_id"]), -200)

    def test_the_second_half_of_a_call_is_waited_for(self):
        trade = self.gate.trade()
        body = urllib.parse.urlencode(self.client.parameters(TRADE_SETTLE, {"trade_list": [trade]})).encode()
        head = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        with socket.create_connection((self.server.host, self.server.port)) as connection:
            connection.sendall(head + body[:200])
            time.sleep(0.5)
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            connection.sendall(body[200:])
            connection.settimeout(20)
            self.assertIn(b"HTTP/1.1 200", connection.recv(65536))
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(self.server.balance("rider", trade["user_id"]), -200)

    def test_idle_and_half_open_connections_hold_nothing_up(self):
        for content in (b"", b"POST /gateway.do HTT",
                        b"POST /gateway.do HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
                        b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"):
            with self.subTest(content=content), socket.create_connection(
                    (self.server.host, self.server.port)) as connection:
                connection.sendall(content)
                time.sleep(0.2)
                self.assertEqual(self.server.stop(), 0)
            self.server.start()


class CopyAfterStop(unittest.TestCase):
    """After a clean stop the database file is complete without the log."""

    def test_a_copy_of_the_one_file(self):
        for running in (False, True):
            with self.subTest(running=running):
                server = Server()
                client, gate = Client(server), Gate(server)
                trades = [gate.trade() for _ in range(20)]
                numbers = [result["trade_no"] for result in client.settle(*trades)]
                # Reading connections are open. They must not leave anything in the log when they close last.
                self.assertEqual(client.send(verb="GET", target="/health")[0], 200)
                Visitor(server).send("GET", "/")
                client.close()
                with contextlib.ExitStack() as stack:
                    if running:
                        # Another program that has the database open keeps the log file from being removed.
                        stack.enter_context(server.sql()).execute("SELECT * FROM trade").fetchall()
                    self.assertEqual(server.stop(), 0)
                    self.assertNotIn("not closed", server.log)
                    if not running:
                        self.assertFalse(os.path.exists(server.database + "-wal"))
                    copy = os.path.join(temporary_directory(), "data")
                    shutil.copytree(server.data, copy, ignore=shutil.ignore_patterns("gateway.sqlite-*"))
                restored = Server(data=copy)
                client = Client(restored)
                self.assertEqual([result["trade_no"] for result in client.settle(*trades)], numbers)
                client.close()
                self.assertEqual(restored.stop(), 0)
                self.assertEqual(restored.audit()["settled_trades"], 20)

    def test_a_reader_that_is_in_the_way(self):
        server = Server()
        client, gate = Client(server), Gate(server)
        client.settle(gate.trade())
        with server.sql() as db:
            # This reader's snapshot is older than the last trade, which therefore cannot be moved into the file.
            db.execute("BEGIN")
            self.assertEqual(db.execute("SELECT COUNT(*) FROM trade").fetchone()[0], 1)
            client.settle(gate.trade())
            client.close()
            self.assertEqual(server.stop(), 0)
            db.execute("ROLLBACK")
        (said,) = [line for line in server.log.splitlines() if "the database was not closed" in line]
        self.assertIn("cause=database-locked", said)
        self.assertIn("effect=nothing is lost; a copy needs gateway.sqlite-wal", said)
        self.assertEqual(server.audit()["settled_trades"], 2)
