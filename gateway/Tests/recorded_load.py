"""A gateway under load, recorded by recorder.c."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
import time
import unittest

import recording
import support
from ride_notices import notices
from support import DATA_SEND, TRADE_SETTLE, VIRTUALCARD_SEND, Client, Gate, Server, number, time_text


def place():
    """A temporary directory, in memory if possible: the disk's behaviour is simulated."""
    path = tempfile.mkdtemp(prefix="posgateway-cuts-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    unittest.addModuleCleanup(shutil.rmtree, path, ignore_errors=True)
    return path


class Load:
    """Calls of several clients at once. Calls without an answer are sent again after a restart."""

    def __init__(self, server, dice):
        self.server, self.dice = server, dice
        self.client = Client(server)
        self.gate = Gate(server)
        self.waiting, self.wrong = [], []
        self.lock = threading.Lock()

    def make(self, count):
        self.gate.codes += support.issue(
            self.server, "--vary", "rider", "--uid", str(2088000000000001 + 1000 * self.dice.randrange(10**6)),
            count=2 * count + 20)
        calls = []
        for index in range(count):
            if index % 40 == 7:
                trades = [self.gate.trade() for _ in range(12)]
            elif index % 10 == 3:
                trades = [self.gate.trade(amount="20.01"), self.gate.trade()]
            else:
                trades = [self.gate.trade()]
            calls.append([(TRADE_SETTLE, {"trade_list": trades})])
            if index % 12 == 5:
                card, user = number("C"), self.gate.user()
                calls.append([(VIRTUALCARD_SEND, {
                    "action": action, "user_id": user, "last_update_time": time_text(time.time() - 60 + step),
                    "card_type": "CITY0001", "card_no": card, **({"balance": balance} if balance else {}),
                }) for step, (action, balance) in enumerate(
                    (("ISSUE", "21.00"), ("UPDATE", "7.50"), ("UPDATE", "9.00"), ("REVOKE", None)))])
            if index % 8 == 2:
                calls.append([(DATA_SEND, notices(self.gate.user(), 1 + index % 5))])
        self.waiting += calls

    def run(self, threads=6):
        """Sends all waiting calls. Those without an answer stay in the list. True when the list is empty."""
        again = []

        def work():
            client = Client(self.server, app_id=self.client.app_id, key=self.client.key)
            while True:
                with self.lock:
                    if not self.waiting:
                        break
                    call = self.waiting.pop(0)
                while call:
                    try:
                        reply = client.call(*call[0])
                    except (OSError, AssertionError, support.http.client.HTTPException):
                        with self.lock:
                            again.append(call)
                        client.close()
                        return
                    if reply.code != "10000":
                        self.wrong.append(reply.body)
                    call = call[1:]
            client.close()

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not self.wrong, self.wrong
        self.waiting = again + self.waiting
        return not self.waiting


class Record:
    """A recording: first start, load, death during a sync, second start, load, clean stop, third start, load."""

    def __init__(self, dice):
        self.work = place()
        self.root = os.path.join(self.work, "root")
        self.log = os.path.join(self.work, "log")
        os.mkdir(self.root)
        self.data = os.path.join(self.root, "a", "data")
        env = recording.environment(self.log, self.root)
        fault = os.path.join(self.work, "fault")
        server = Server(data=self.data, env={**env, "RECORDER_FAULT": fault})
        load = Load(server, dice)
        load.make(300)
        assert load.run(), server.log
        with open(fault, "w", encoding="ascii") as file:
            file.write("death")
        load.waiting = [[(TRADE_SETTLE, {"trade_list": [load.gate.trade()]})] for _ in range(6)]
        self.has_died = not load.run()
        server.kill()
        written = self.written()
        load.waiting.sort(key=lambda call: call[0][1]["trade_list"][0]["out_trade_no"] not in written)
        # The next start reads what the dead process has written before it is synced. One thread sends the retries, so
        # that a retry shares no sync with a new trade.
        server.env = env
        server.start()
        assert load.run(threads=1), server.log
        load.make(330)
        assert load.run(), server.log
        assert server.stop() == 0, server.log
        server.start()
        load.make(30)
        assert load.run(), server.log
        server.kill()
        self.events = recording.read(self.log)

    def written(self):
        """The trades that the next start will find in the database."""
        copy = os.path.join(self.work, "copy")
        shutil.copytree(self.data, copy, ignore=shutil.ignore_patterns("*-shm"))
        with contextlib.closing(sqlite3.connect(os.path.join(copy, "gateway.sqlite"))) as db:
            names = {name for name, in db.execute("SELECT out_trade_no FROM trade")}
        shutil.rmtree(copy)
        return names

    def files(self):
        """The real files."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders:
                found[os.path.relpath(os.path.join(folder, name), self.root)] = recording.DIRECTORY
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.root)] = file.read()
        return found
