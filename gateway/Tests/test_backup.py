"""The backup that docs/gateway.md shows, and its restore."""

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

import support
from support import Client, Gate, Server, ServerTest, command, damage, read, temporary_directory


class Backup(unittest.TestCase):
    """The backup of docs/gateway.md runs while the gateway settles."""

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
            # Every settled trade in the copy was answered in the end.
            self.assertEqual(set(kept) - set(answered), set())


class Restoring(ServerTest):
    def test_a_backup_that_takes_a_damaged_database_s_place(self):
        # The steps that docs/gateway.md shows.
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
