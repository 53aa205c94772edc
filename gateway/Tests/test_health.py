"""Readiness (/health): whether a settlement can be kept. Liveness (/health/live): whether the process answers."""

import concurrent.futures
import json
import os
import shutil
import sqlite3
import time
import unittest

import recording
from support import KEY_QUERY, TRADE_SETTLE, Client, Gate, Server, damage, number, temporary_directory


def contents(path):
    """The content of the database, as SQL."""
    db = sqlite3.connect(path)
    try:
        return list(db.iterdump())
    finally:
        db.close()


class Health(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = temporary_directory()

    def setUp(self):
        self.log, self.fault = (os.path.join(self.work, number(name)) for name in ("log", "fault"))
        self.slow = 0

    def start(self, data=None, **more):
        server = Server(start=False, data=data)
        server.env = recording.environment(self.log, server.data, fault=self.fault, **more)
        server.start()
        self.addCleanup(server.kill)
        client = Client(server)
        self.addCleanup(client.close)
        return server, client, Gate(server)

    @staticmethod
    def checkpoint(server):
        """Moves all commits into the database file. The next readiness check writes its pages to the log again."""
        with server.sql() as db:
            busy, count, done = db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
            assert (busy, count) == (0, done)

    def set_fault(self, name):
        with open(self.fault, "w", encoding="ascii") as file:
            file.write(name)

    def check(self, client, cause):
        """Checks readiness under both its names, and that liveness is ok in either case."""
        expected = (200, {"status": "ok"}) if cause is None else (503, {"status": "not ready", "cause": cause})
        for path, ask in (("/health", client.look), ("/health/ready", lambda path: client.send(verb="GET", target=path))):
            status, headers, body = ask(path)
            self.assertEqual((status, json.loads(body)), expected)
            self.assertEqual(headers["Content-Type"], "application/json")
        status, _, body = client.send(verb="GET", target="/health/live")
        self.assertEqual((status, json.loads(body)), (200, {"status": "ok"}))

    def test_a_look_writes_what_a_settlement_writes_and_leaves_nothing(self):
        server, client, gate = self.start()
        client.settle(gate.trade())
        self.checkpoint(server)
        before, size = contents(server.database), os.path.getsize(server.database)
        self.check(client, None)
        for _ in range(10):
            self.assertEqual(client.look()[0], 200)
        self.checkpoint(server)
        self.assertEqual(contents(server.database), before)
        self.assertEqual(os.path.getsize(server.database), size)
        client.close()
        self.assertEqual(server.stop(), 0)
        server.audit()
        looks = {"settlement": [], "look": [], "live": []}
        for method, _, writes, syncs in recording.between(self.log):
            name = {TRADE_SETTLE: "settlement", "GET /health HTTP/1.1": "look", "GET /health/live HTTP/1.1": "live"}
            if method in name:
                looks[name[method]].append((writes, syncs))
        ((settled, _),) = looks["settlement"]
        self.assertEqual(len(looks["look"]), 11)
        self.assertGreaterEqual(min(writes for writes, _ in looks["look"]), settled)
        self.assertGreaterEqual(min(syncs for _, syncs in looks["look"]), 1)
        self.assertEqual(looks["live"], [(0, 0)])

    def log_size(self, server):
        return os.path.getsize(server.database + "-wal")

    def test_strangers_who_ask_let_the_log_not_grow(self):
        server, client, _ = self.start()
        with server.sql() as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM trade").fetchall()
            begin, before = time.monotonic(), self.log_size(server)
            for _ in range(700):
                self.assertEqual(client.send(verb="GET", target="/health")[0], 200)
            # A check writes about 50 KB, and there is at most one a second.
            self.assertLess(self.log_size(server) - before, 100_000 * (2 + time.monotonic() - begin))

    def test_the_log_is_made_small_again_when_a_reader_has_gone(self):
        server, client, gate = self.start()
        with server.sql() as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM trade").fetchall()
            settled = 0
            while self.log_size(server) < 6_000_000:
                client.settle(*(gate.trade() for _ in range(50)))
                settled += 1
                self.assertLess(settled, 200, "the log does not grow while another program reads")
            reader.execute("COMMIT")
        for _ in range(3):
            client.settle(gate.trade())
        self.assertLessEqual(self.log_size(server), 5_000_000)
        client.close()
        self.assertEqual(server.stop(), 0)
        server.audit()

    def test_the_log_stays_small_while_nobody_else_reads(self):
        server, client, gate = self.start()
        written = 0
        while written < 8_000_000:
            before = self.log_size(server)
            client.settle(*(gate.trade() for _ in range(20)))
            # A log that starts again from its beginning does not grow. It has still written some pages.
            written += max(self.log_size(server) - before, 50_000)
            self.assertLess(self.log_size(server), 5_500_000)

    def test_a_full_disk(self):
        server, client, gate = self.start()
        self.check(client, None)
        self.set_fault("full")
        # Space that the log already has can be overwritten: a settlement may succeed, and readiness must agree.
        results = set()
        for _ in range(200):
            result = client.settle(gate.trade())[0]["result"]
            # Only the first of each result: a check's result is cached for a second.
            if result not in results:
                self.check(client, None if result == "SUCCESS" else "disk-full")
            results.add(result)
            if results == {"SUCCESS", "UNKNOWN"}:
                break
        self.assertEqual(client.call(KEY_QUERY).code, "10000")
        os.remove(self.fault)
        self.check(client, None)
        self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
        self.assertIn("UNKNOWN", results)
        lines = [line for line in server.log.splitlines() if "not ready" in line or "ready again" in line]
        # One line for each change, however often readiness is asked for.
        self.assertEqual(["not ready" in line for line in lines], [True, False], lines)
        self.assertIn("cause=disk-full", lines[0])
        self.assertIn("make room", lines[0])

    def test_a_disk_that_does_not_sync(self):
        server, client, gate = self.start()
        trade = gate.trade()
        self.set_fault("no-sync")
        self.assertEqual(client.settle(trade)[0]["result"], "UNKNOWN")
        self.check(client, "disk-failing")
        os.remove(self.fault)
        self.check(client, None)
        self.assertEqual(client.settle(trade)[0]["result"], "SUCCESS")
        self.assertEqual(server.balance("rider", trade["user_id"]), -200)
        client.close()
        self.assertEqual(server.stop(), 0)
        server.audit()

    def test_a_database_file_that_is_not_there_any_more(self):
        server, client, gate = self.start()
        self.check(client, None)
        trade = gate.trade()
        aside = server.database + ".aside"
        os.rename(server.database, aside)
        self.check(client, "database-replaced")
        # The open file still takes settlements. The log line must not say otherwise.
        self.assertEqual(client.settle(trade)[0]["result"], "SUCCESS")
        (line,) = (line for line in server.log.splitlines() if "not ready" in line)
        self.assertIn("cause=database-replaced", line)
        self.assertIn("a file that the next start does not open", line)
        self.assertNotIn("UNKNOWN", line)
        # Another intact database is not the one that settlements go to.
        shutil.copy(aside, server.database)
        self.check(client, "database-replaced")
        os.replace(aside, server.database)
        self.check(client, None)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.audit()["settled_trades"], 1)

    def test_a_locked_database(self):
        server, client, _ = self.start()
        with server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            self.check(client, "database-locked")
            db.execute("ROLLBACK")
        self.check(client, None)

    def test_a_database_that_is_damaged_while_it_runs(self):
        server, client, gate = self.start()
        # The server has good copies of these pages in memory.
        for name in ("settled_code", "trade_by_card", "account"):
            with self.subTest(name):
                client.settle(gate.trade())
                self.check(client, None)
                self.checkpoint(server)
                before = damage(server.database, name)
                self.check(client, "database-damaged")
                with open(server.database, "r+b") as file:
                    file.write(before)
                # The result stays, because the rest of the file was not checked.
                self.check(client, "database-damaged")
                client.close()
                self.assertEqual(server.stop(), 0)
                server.start()

    def test_a_database_that_was_damaged_before_the_start(self):
        for name in ("trade", "transfer", "sqlite_autoindex_trade_1", "settled_code"):
            with self.subTest(name):
                server, client, gate = self.start()
                client.settle(gate.trade())
                client.close()
                self.assertEqual(server.stop(), 0)
                damage(server.database, name)
                server.start()
                # The damage is found before the first settlement fails, also where no statement has read yet.
                self.check(client, "database-damaged")
                self.assertEqual(client.settle(gate.trade())[0]["result"], "UNKNOWN")
                self.check(client, "database-damaged")
                server.kill()

    def test_those_who_ask_at_once_share_a_look(self):
        server, client, _ = self.start(slow=150)
        self.check(client, None)
        before = len([event for event in recording.read(self.log) if event.kind == "sync ends"])

        def look(_):
            other = Client(server)
            try:
                return other.send(verb="GET", target="/health")[0]
            finally:
                other.close()

        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            self.assertEqual(set(pool.map(look, range(40))), {200})
        syncs = len([event for event in recording.read(self.log) if event.kind == "sync ends"]) - before
        self.assertLess(syncs, 20)
