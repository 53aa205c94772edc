"""What went wrong inside is said once, in the log, and found by the id that the reply gives."""

import concurrent.futures
import contextlib
import itertools
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import unittest

import recording
import support
from pages import Visitor
from support import (
    DATA_SEND,
    KEY_QUERY,
    RECORD_VERIFY,
    VIRTUALCARD_SEND,
    Client,
    Gate,
    Server,
    command,
    number,
    read,
    temporary_directory,
    time_text,
)
from test_health import damage
from test_power_cuts import notices

REQUEST = re.compile(r"[Rr]equest ([0-9a-f]{17,32})\b")


class InternalErrors(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.kill)
        self.client, self.gate = Client(self.server), Gate(self.server)
        self.addCleanup(self.client.close)

    def said(self, message, cause, place, effect="nothing of it is kept"):
        """The one line of the log that a reply's message leads to."""
        self.assertLessEqual(len(message), 128, message)
        ids = REQUEST.findall(message)
        self.assertEqual(len(ids), 1, message)
        lines = [line for line in self.server.log.splitlines() if f"hb.request.id={ids[0]} " in line]
        errors = [line for line in lines if "internal error" in line]
        self.assertEqual(len(errors), 1, lines)
        for part in (f"cause={cause} ", f"in={place} ", f"effect={effect} ", "advice=", "error="):
            self.assertIn(part, errors[0])
        return errors[0], [line for line in lines if line not in errors]

    def card(self):
        return {"action": "ISSUE", "user_id": self.gate.user(), "last_update_time": time_text(), "card_type": "CITY0001",
                "card_no": number("C"), "balance": "3.00"}

    def metric(self, line):
        text = self.client.send(verb="GET", target="/metrics")[2].decode()
        return sum(float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line + " "))

    def test_a_locked_database(self):
        trades = [self.gate.trade(), self.gate.trade()]
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            results = self.client.settle(*trades, self.gate.trade(amount="x"))
            refusals = [(method, self.client.call(method, content)) for method, content in
                        ((VIRTUALCARD_SEND, self.card()), (DATA_SEND, notices(self.gate.user(), 1)))]
            db.execute("ROLLBACK")
        self.assertEqual([result["result"] for result in results], ["UNKNOWN", "UNKNOWN", "FAIL"])
        # One call, one reason: its trades share the id.
        self.assertEqual(results[0]["message"], results[1]["message"])
        error, (call,) = self.said(results[0]["error_message"], "database-locked", "trade.settle")
        self.assertIn("answered=UNKNOWN for 2 of 3 trades ", error)
        self.assertIn("database is locked", error)
        # It is listed as what it is, though the reply's own code is 10000.
        self.assertIn(" code=unknown ", " " + call)
        self.assertEqual(self.metric('posgateway_calls_total{method="trade.settle",code="unknown"}'), 1)
        self.assertEqual(self.metric('posgateway_trades_total{result="UNKNOWN"}'), 2)
        for method, reply in refusals:
            self.assertEqual((reply.code, reply.sub_code), ("20000", "isp.unknow-error"))
            error, (call,) = self.said(reply.sub_msg, "database-locked", ".".join(method.split(".")[-2:]))
            self.assertIn("answered=20000 ", error)
            self.assertIn(" code=20000 ", " " + call)
        # Every call has an id of its own.
        self.assertEqual(self.server.log.count("internal error"), 3)

    @contextlib.contextmanager
    def recorded(self):
        """Has the server start again with the recorder, whose faults can be set from then on."""
        work = temporary_directory()
        self.assertEqual(self.server.stop(), 0)
        path = os.path.join(work, "fault")
        self.server.env = recording.environment(os.path.join(work, "log"), self.server.data, fault=path)
        self.server.start()

        def set_fault(name):
            if name is None:
                os.remove(path)
            else:
                with open(path, "w", encoding="ascii") as file:
                    file.write(name)

        yield set_fault
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        self.server.audit()

    def test_a_disk_that_is_full_or_fails(self):
        with self.recorded() as set_fault:
            for name, cause, effect in (
                ("full", "disk-full", "nothing of it is kept"),
                # Whether a commit whose sync has failed is there after a restart nobody knows.
                ("no-sync", "disk-failing", "it may be kept: the retry finds out"),
            ):
                with self.subTest(name):
                    set_fault(name)
                    trade = self.gate.trade()
                    (result,) = self.client.settle(trade)
                    self.assertEqual(result["result"], "UNKNOWN")
                    self.said(result["message"], cause, "trade.settle", effect)
                    set_fault(None)
                    self.assertEqual(self.client.settle(trade)[0]["result"], "SUCCESS")

    def test_a_damaged_database(self):
        self.client.settle(self.gate.trade())
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        damage(self.server.database, "trade", "notice")
        self.server.start()
        (result,) = self.client.settle(self.gate.trade())
        self.assertEqual(result["result"], "UNKNOWN")
        error, _ = self.said(result["message"], "database-damaged", "trade.settle")
        for advice in ("stop the gateway", "keep a copy", "last backup", "posgateway audit", "docs/gateway.md"):
            self.assertIn(advice, error)
        reply = self.client.call(DATA_SEND, notices(self.gate.user(), 1))
        self.assertEqual(reply.code, "20000")
        self.said(reply.sub_msg, "database-damaged", "data.send")
        # Damage in one place spoils nothing that does not come there.
        self.assertEqual(self.client.call(KEY_QUERY).code, "10000")
        self.assertEqual(self.client.call(VIRTUALCARD_SEND, self.card()).code, "10000")
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        # The audit says the same, in its own form.
        audit = command("audit", "--data", self.server.data)
        self.assertEqual(audit.returncode, 1, audit.stderr)
        (fault,) = json.loads(audit.stdout)["faults"]
        self.assertIn("last backup", fault)

    def test_a_damaged_database_that_keeps_it_from_starting(self):
        self.assertEqual(self.server.stop(), 0)
        for name in ("issuer_key", "merchant", "grdb_migrations"):
            with self.subTest(name):
                before = damage(self.server.database, name)
                result = command("serve", "--data", self.server.data, "--port", "0")
                self.assertGreater(result.returncode, 0)
                (said,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
                self.assertIn("gateway.sqlite is no database that can be used", said)
                self.assertIn("last backup", said)
                with open(self.server.database, "wb") as file:
                    file.write(before)

    def test_a_merchant_s_key_that_is_damaged(self):
        self.assertEqual(self.server.stop(), 0)
        with self.server.sql() as db:
            db.execute("UPDATE merchant SET public_key = x'00'")
        self.server.start()
        reply = self.client.call(RECORD_VERIFY, {"record": "00"})
        # Not "no key": somebody had pasted one.
        self.assertEqual((reply.code, reply.sub_code), ("20000", "isp.unknow-error"))
        error, _ = self.said(reply.sub_msg, "merchant-key-damaged", "record.verify")
        self.assertIn(self.client.app_id, error)
        self.assertIn("paste", error)

    def test_a_backup_that_takes_a_damaged_database_s_place(self):
        # The way that docs/gateway.md shows.
        kept, lost = self.gate.trade(), self.gate.trade()
        (first,) = self.client.settle(kept)
        copy = os.path.join(temporary_directory(), "copy.sqlite")
        subprocess.run(["sqlite3", self.server.database, f"VACUUM INTO '{copy}'"], check=True)
        self.client.settle(lost)
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        damage(self.server.database, "settled_code", "account")
        readable = subprocess.run(
            ["sqlite3", self.server.database, ".dump trade"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn(lost["out_trade_no"], readable)
        shutil.copy(copy, self.server.database)
        self.assertEqual(self.server.audit()["settled_trades"], 1)
        self.server.start()
        self.assertEqual(self.client.settle(kept), [first])
        self.assertEqual(self.client.settle(lost)[0]["result"], "SUCCESS")
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.server.audit()["settled_trades"], 2)

    def test_the_commands_of_the_manual_restore_a_backup(self):
        manual = read(os.path.join(os.path.dirname(__file__), "../../docs/gateway.md"))
        part = manual[manual.index("**Backup.**"):manual.index("**When the database is damaged.**")]
        backup, restore = re.findall(r"```sh\n(.*?)```", part, re.S)
        *restore, start = restore.splitlines()
        self.assertEqual(start, "posgateway serve --data posgateway-data")
        place = temporary_directory()
        path = os.path.join(place, "posgateway-data")
        os.symlink(support.POSGATEWAY, os.path.join(place, "posgateway"))
        shutil.copytree(Server(start=False).data, path)

        def run(commands):
            subprocess.run(["bash", "-euc", commands], cwd=place, check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, "PATH": place + ":" + os.environ["PATH"]})

        server = Server(data=path)
        client, gate = Client(server), Gate(server)
        trades = [gate.trade() for _ in range(3)]
        answers = client.settle(*trades)
        run(backup)
        client.settle(gate.trade())
        client.close()
        password = read(os.path.join(path, "console-password.txt"))
        server.kill()
        run("\n".join(restore))
        self.assertTrue(os.path.isdir(path + ".lost"))
        server.start()
        client = Client(server)
        self.assertEqual(client.settle(*trades), answers)
        self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
        client.close()
        self.assertEqual(read(os.path.join(path, "console-password.txt")), password)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.audit()["settled_trades"], 4)
        for directory, names, files in os.walk(path):
            for name in names + files:
                self.assertEqual(os.stat(os.path.join(directory, name)).st_mode & 0o077, 0, name)

    def test_a_page(self):
        visitor = Visitor(self.server)
        self.assertEqual(visitor.send("GET", "/").status, 200)
        with self.server.sql() as db:
            db.execute("DROP TABLE session")
        visitor.cookies["posgateway_rider"] = "0" * 64
        answer = visitor.send("GET", "/")
        self.assertEqual(answer.status, 503)
        error, _ = self.said(answer.text, "other", "/")
        self.assertIn("no such table: session", error)
        self.assertIn("answered=503 ", error)

    def test_a_gateway_key_that_cannot_be_read(self):
        self.assertEqual(self.server.stop(), 0)
        path = os.path.join(self.server.data, "gateway-private-key.pem")
        os.remove(path)
        os.mkdir(path)
        result = command("serve", "--data", self.server.data, "--port", "0")
        self.assertGreater(result.returncode, 0)
        # Why it cannot be read, and not that it is no key.
        self.assertRegex(result.stderr, r"(?m)^Error: .*gateway-private-key\.pem: read: Is a directory")


class Backup(unittest.TestCase):
    """The backup that docs/gateway.md shows, beside a gateway that settles."""

    def test_under_load(self):
        server = Server()
        self.addCleanup(server.kill)
        server.issuer_keys()
        answered, stopping, lock = [], threading.Event(), threading.Lock()
        gates = [Gate(server) for _ in range(4)]
        for index, gate in enumerate(gates):
            gate.users = itertools.count(2088000000000001 + index * 1_000_000)

        def work(gate):
            client = Client(server)
            try:
                while not stopping.is_set():
                    trade = gate.trade()
                    (result,) = client.settle(trade)
                    assert result["result"] == "SUCCESS", result
                    with lock:
                        answered.append(trade["out_trade_no"])
            finally:
                client.close()

        def wait_for_more(count):
            target = len(answered) + count
            while len(answered) < target and not any(future.done() for future in futures):
                time.sleep(0.01)

        copies = []
        with concurrent.futures.ThreadPoolExecutor(len(gates)) as pool:
            futures = [pool.submit(work, gate) for gate in gates]
            try:
                for _ in range(5):
                    wait_for_more(100)
                    with lock:
                        before = list(answered)
                    copy = os.path.join(temporary_directory(), "gateway.sqlite")
                    subprocess.run(["sqlite3", server.database, f"VACUUM INTO '{copy}'"], check=True, timeout=60)
                    copies.append((copy, before))
                wait_for_more(100)
            finally:
                stopping.set()
            for future in futures:
                future.result()
        self.assertEqual(server.stop(), 0)
        self.assertGreaterEqual(len(answered), 600)
        for copy, before in copies:
            result = command("audit", "--data", os.path.dirname(copy))
            figures = json.loads(result.stdout)
            self.assertEqual((result.returncode, figures["faults"]), (0, []), result.stderr)
            with contextlib.closing(sqlite3.connect(copy)) as db:
                kept = [name for name, in db.execute("SELECT out_trade_no FROM trade WHERE error_code IS NULL")]
            self.assertEqual(len(kept), len(set(kept)))
            self.assertEqual(set(before) - set(kept), set())
            # Nothing but what was answered in the end.
            self.assertEqual(set(kept) - set(answered), set())


class Ending(unittest.TestCase):
    """After a clean stop the one file has everything."""

    def test_a_copy_of_the_one_file(self):
        for running in (False, True):
            with self.subTest(running=running):
                server = Server()
                client, gate = Client(server), Gate(server)
                trades = [gate.trade() for _ in range(20)]
                numbers = [result["trade_no"] for result in client.settle(*trades)]
                # Reading connections are open: those that close last must not leave anything in the log.
                self.assertEqual(client.send(verb="GET", target="/health")[0], 200)
                Visitor(server).send("GET", "/")
                client.close()
                with contextlib.ExitStack() as stack:
                    if running:
                        # A program that has the database open keeps the log from being removed, and nothing else.
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
            # It reads what was there before the last trade, which so cannot be brought into the file.
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
