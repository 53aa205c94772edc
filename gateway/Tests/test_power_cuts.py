"""Power cuts: a gateway under load is recorded. After a simulated cut at any moment, all answered calls are kept."""

import collections
import contextlib
import filecmp
import os
import random
import shutil
import sqlite3
import tempfile
import threading
import time
import unittest
import urllib.parse

import recording
import support
from ride_notices import notices
from support import (
    DATA_SEND,
    KEY_QUERY,
    TRADE_SETTLE,
    VIRTUALCARD_SEND,
    Client,
    Gate,
    Server,
    command,
    number,
    time_text,
)

SEED = int(os.environ.get("SEED", "1"))


def place():
    """A temporary directory, in memory if possible: the disk's behaviour is simulated."""
    path = tempfile.mkdtemp(prefix="posgateway-cuts-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    unittest.addModuleCleanup(shutil.rmtree, path, ignore_errors=True)
    return path


class Promises:
    """What was asked for, and what the replies have promised so far."""

    def __init__(self, base=None):
        # By out_trade_no: what a kept result says. A trade that was asked for and not answered may be there, complete.
        self.trades, self.asked = dict(base.trades if base else {}), set(base.asked if base else ())
        # By card: the messages in the order in which they were sent, and how many of them were answered.
        self.cards = {name: list(messages) for name, messages in base.cards.items()} if base else {}
        self.cards_answered = collections.Counter(base.cards_answered if base else ())
        self.notices, self.notices_asked = set(base.notices if base else ()), set(base.notices_asked if base else ())
        self.count = base.count if base else 0

    def note(self, method, content, reply):
        if method == TRADE_SETTLE:
            if reply is None:
                self.asked.update(trade["out_trade_no"] for trade in content["trade_list"])
                return 0
            kept = 0
            for result in reply.get("result_list", ()):
                if result["result"] != "UNKNOWN" and result.get("error_code") != "ILLEGAL_PARAMS":
                    self.trades[result["out_trade_no"]] = (result.get("trade_no"), result.get("error_code"))
                    kept += 1
            self.count += kept
            return kept
        if method == VIRTUALCARD_SEND:
            name = content["card_type"], content["card_no"]
            if reply is None:
                messages = self.cards.setdefault(name, [])
                if content not in messages:
                    messages.append(content)
            elif reply["code"] == "10000":
                self.cards_answered[name] = self.cards[name].index(content) + 1
                self.count += 1
                return 1
        if method == DATA_SEND:
            names = {item["biz_no"] for item in content["op_data"]["info"]}
            if reply is None:
                self.notices_asked |= names
            elif reply["code"] == "10000":
                self.notices |= names
                self.count += 1
                return 1
        return 0


class Ledger:
    """Checks a database that a cut has left. `faults` says what is wrong with it."""

    def __init__(self, path, promises):
        self.promises, self.faults = promises, []
        # The rollback of a journal needs write access. Otherwise read-only access is enough.
        mode = "rw" if os.path.exists(path + "-journal") else "ro"
        self.db = sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode={mode}", uri=True)
        self.db.row_factory = sqlite3.Row
        try:
            self.look()
        except sqlite3.DatabaseError as error:
            self.fault(f"the database cannot be read: {error}")
        finally:
            self.db.close()

    def fault(self, text):
        self.faults.append(text)

    def rows(self, table):
        return self.db.execute(f"SELECT * FROM {table}").fetchall()

    def look(self):
        if not self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'trade'").fetchone():
            # The schema is created in one transaction, before the first call is answered.
            if self.promises.count:
                self.fault("there is no schema")
            return
        integrity = self.db.execute("PRAGMA integrity_check").fetchone()[0]
        if integrity != "ok":
            self.fault(integrity)
        if self.db.execute("PRAGMA foreign_key_check").fetchone():
            self.fault("a row has no partner")
        self.look_at_trades()
        self.look_at_cards()
        notices = {row["biz_no"] for row in self.rows("notice")}
        if self.promises.notices - notices:
            self.fault(f"notices are lost: {self.promises.notices - notices}")
        if notices - self.promises.notices_asked:
            self.fault("there are notices that nobody has sent")

    def look_at_trades(self):
        trades = {row["out_trade_no"]: row for row in self.rows("trade")}
        transfers = self.rows("transfer")
        codes = collections.Counter(row["trade_id"] for row in self.rows("settled_code"))
        of_trade = collections.defaultdict(list)
        balances = collections.Counter()
        for transfer in transfers:
            of_trade[transfer["trade_id"]].append(transfer["amount_cent"])
            balances[transfer["debit_account"]] -= transfer["amount_cent"]
            balances[transfer["credit_account"]] += transfer["amount_cent"]
        for name, row in trades.items():
            moved = of_trade.pop(row["id"], [])
            if row["error_code"] is None and (moved != [row["amount_cent"]] or not codes[row["id"]]):
                self.fault(f"trade {name} settled by {moved} with {codes[row['id']]} codes")
            if row["error_code"] is not None and (moved or codes[row["id"]]):
                self.fault(f"trade {name} failed and has moved {moved}")
        of_trade.pop(None, None)
        if of_trade:
            self.fault(f"transfers without a trade: {dict(of_trade)}")
        for row in self.rows("account"):
            if row["balance_cent"] != balances.pop(row["id"], 0):
                self.fault(f"the balance of {row['kind']} {row['owner']} is not the sum of its transfers")
        if sum(balances.values()) or any(balances.values()):
            self.fault("transfers of no account")
        for name, (trade_no, error_code) in self.promises.trades.items():
            row = trades.get(name)
            if row is None:
                self.fault(f"trade {name} was answered and is lost")
            elif error_code != row["error_code"] or trade_no and int(trade_no[10:]) != row["id"]:
                self.fault(f"trade {name} was answered {trade_no} {error_code} and is {tuple(row)}")
        if set(trades) - self.promises.asked:
            self.fault("there are trades that nobody has sent")

    def look_at_cards(self):
        cards = {(row["card_type"], row["card_no"]): row for row in self.rows("card") if row["app_id"]}
        money = {row["owner"]: row["balance_cent"] for row in self.rows("account") if row["kind"] == "card"}
        for name, messages in self.promises.cards.items():
            least = self.promises.cards_answered[name]
            row = cards.get(name)
            state = None
            if row:
                state = "REVOKE" if row["is_revoked"] else money.get("/".join(name), 0)
            # The last answered state, or the state of a later message.
            allowed = [
                "REVOKE" if message["action"] == "REVOKE" else round(100 * float(message["balance"]))
                for message in messages[max(least - 1, 0):]] + ([None] if least == 0 else [])
            if state not in allowed:
                self.fault(f"card {name} is {state} where {allowed} was answered or sent")


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


def step_of(event, path, answers):
    """The kind of moment after an event, or None."""
    if event.kind == "reply":
        return "an answer is given" if answers else None
    name = os.path.basename(path or "")
    if name.endswith("-shm") or name in ("lock", ""):
        return None
    is_file = {"gateway.sqlite": "the database", "gateway.sqlite-wal": "the log"}.get(name)
    if event.kind == "write":
        return f"{is_file} is written" if is_file else "another file is written"
    if event.kind == "truncate":
        return f"{is_file} is cut off" if is_file else None
    if event.kind == "sync ends":
        return f"{is_file} is synced" if is_file else "a directory or another file is synced"
    if event.kind == "open":
        return "a name changes" if event.value else None
    return "a name changes" if event.kind in ("rename", "unlink", "mkdir") else None


# For each kind of moment: the number of cuts, and how many of them one moment may get.
SHARES = {
    "an answer is given": (620, 2), "the log is written": (500, 1), "the log is synced": (320, 2),
    "the database is written": (380, 1), "the database is synced": (60, 8),
    "a name changes": (160, 8), "another file is written": (60, 4), "a directory or another file is synced": (160, 6),
}


def steps_of(events, root):
    """For each kind of moment: the numbers of the events that it comes after."""
    disk, calls, promises = recording.Disk(root), recording.Calls(), Promises()
    steps = collections.defaultdict(list)
    for index, event in enumerate(events):
        path = disk.feed(event)
        answers = sum(promises.note(*call) for call in calls.feed(event))
        if step := step_of(event, path, answers):
            steps[step].append(index)
    return steps, disk, promises


def cut_all(record, events, dice, wanted, look, lies=()):
    """Replays the events. `wanted` has the number of power cuts after each event; `look` gets what each cut leaves. Ends
    when `look` returns true."""
    disk, calls, promises = recording.Disk(record.root, lies=lies), recording.Calls(), Promises()
    for index, event in enumerate(events):
        disk.feed(event)
        for call in calls.feed(event):
            promises.note(*call)
        for _ in range(wanted.get(index, 0)):
            into = os.path.join(record.work, "cut")
            disk.cut(into, dice.choice(("nothing", "all", "any")),
                     dice.choice(("nothing", "nothing", "all", "any", "any", "any")), dice)
            try:
                if look(index, into, promises):
                    return
            finally:
                shutil.rmtree(into, ignore_errors=True)


def choose(steps, dice, shares=None):
    wanted = collections.Counter()
    for step, (share, most) in (shares or SHARES).items():
        moments = list(steps[step])
        dice.shuffle(moments)
        for index in (moments * most)[:share]:
            wanted[index] += 1
    return wanted


class PowerCuts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"\npower cuts: SEED={SEED}", flush=True)
        cls.record = Record(random.Random(SEED))
        cls.steps, cls.disk, cls.promises = steps_of(cls.record.events, cls.record.root)

    def faults(self, into, promises):
        data = os.path.join(into, "a", "data")
        faults = []
        database = os.path.join(data, "gateway.sqlite")
        if os.path.exists(database):
            faults += Ledger(database, promises).faults
        elif promises.count:
            faults.append("there is no database")
        # Whoever got an answer knows these keys, so they must be kept.
        for name in ("gateway-private-key.pem", "console-password.txt", "demo-merchant/record-key.hex",
                     "demo-merchant/app-private-key-pkcs8.txt") if promises.count else ():
            path, original = os.path.join(data, name), os.path.join(self.record.data, name)
            if not os.path.exists(path) or not filecmp.cmp(path, original, shallow=False):
                faults.append(f"{name} is lost")
        return faults

    def test_the_record_is_whole(self):
        # Without a cut, the simulated disk equals the real files: no event is missing from the recording.
        seen, there = self.disk.seen(), self.record.files()
        aside = {name for name in set(seen) | set(there) if name.endswith(("-shm", "/issuer-keys.txt"))}
        self.assertEqual(set(seen) - aside, set(there) - aside)
        for name in sorted(set(there) - aside):
            self.assertTrue(seen[name] == there[name], f"{name} differs")
        # The load was large enough.
        self.assertGreaterEqual(len(self.promises.trades), 700)
        self.assertGreaterEqual(sum(self.promises.cards_answered.values()), 150)
        self.assertGreaterEqual(len(self.promises.notices), 100)
        self.assertEqual(sum(event.kind == "process" for event in self.record.events), 3)
        self.assertTrue(self.record.has_died, "the log was not synced: the gateway did not die there")

    def test_no_power_cut_loses_an_answer(self):
        dice = random.Random(SEED + 1)
        wanted = choose(self.steps, dice)
        found = collections.Counter()
        kind_of = {index: step for step, moments in self.steps.items() for index in moments}

        def look(index, into, promises):
            faults = self.faults(into, promises)
            self.assertEqual(faults[:3], [], f"SEED={SEED}, a cut after event {index}, {kind_of[index]}")
            found[kind_of[index]] += 1

        cut_all(self.record, self.record.events, dice, wanted, look)
        for step in SHARES:
            print(f"    cuts right after {step:<38} {found[step]:6}")
        print(f"    cuts in all {sum(found.values()):44}", flush=True)
        self.assertGreaterEqual(sum(found.values()), 2000)
        for step in SHARES:
            self.assertGreaterEqual(found[step], 8, step)

    def test_a_disk_that_breaks_a_promise_is_noticed(self):
        # Shows that these tests can fail. A log that is synced at checkpoints only is PRAGMA synchronous = NORMAL.
        for name, events, lies in (
            ("no sync", self.record.events, ("no sync",)),
            ("no sync of directories", self.record.events, ("no sync of directories",)),
            ("no sync at a commit", recording.without_syncs_at_commits(self.record.events), ()),
            ("no sync at a start", recording.without_syncs_at_starts(self.record.events), ()),
        ):
            with self.subTest(name):
                noticed = []
                dice = random.Random(SEED + 2)

                def look(_, into, promises):
                    noticed.extend(self.faults(into, promises))
                    return any("is lost" in fault or "no database" in fault for fault in noticed)

                steps, _, _ = steps_of(events, self.record.root)
                answers = steps["an answer is given"]
                if name == "no sync at a start":
                    starts = [index for index, event in enumerate(events) if event.kind == "process"]
                    answers = [index for index in answers if index > starts[1]][:6]
                wanted = choose({"an answer is given": answers}, dice, {"an answer is given": (300, 50)})
                cut_all(self.record, events, dice, wanted, look, lies)
                self.assertTrue(any("is lost" in fault or "no database" in fault for fault in noticed), noticed[:3])

    def test_a_gateway_goes_on_after_a_cut(self):
        # A sample of moments during the first start and the load. After every third of them, cuts during the next start
        # are tried too.
        dice = random.Random(SEED + 3)
        first = next(index for index, event in enumerate(self.record.events) if event.kind == "request")
        moments = sorted(index for all_moments in self.steps.values() for index in all_moments)
        chosen = collections.Counter(
            dice.sample([index for index in moments if index < first], 6)
            + dice.sample([index for index in moments if index >= first], 12))
        begun = []

        def look(index, into, promises):
            begun.append(index)
            self.go_on(into, promises, dice, cuts=40 if len(begun) % 3 == 0 else 0)

        cut_all(self.record, self.record.events, dice, chosen, look)
        self.assertEqual(len(begun), 18)

    def go_on(self, into, promises, dice, cuts):
        data = os.path.join(into, "a", "data")
        log = os.path.join(self.record.work, "second log")
        before = os.path.join(self.record.work, "before")
        with contextlib.suppress(FileNotFoundError):
            os.remove(log)
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(into, before)
        server = Server(data=data, env=recording.environment(log, into))
        client, gate = Client(server), Gate(server)
        # New riders, different from those of the load.
        gate.users = iter(range(2077000000000000 + 1000 * dice.randrange(10**6), 2077999999999999))
        # Trades that were asked for are sent again. Answered ones get the same answer.
        asked = {trade["out_trade_no"]: trade for method, content in self.contents() if method == TRADE_SETTLE
                 for trade in content["trade_list"]}
        again = dice.sample(sorted(promises.asked), min(20, len(promises.asked)))
        for name in again:
            (result,) = client.settle(asked[name])
            self.assertIn(result["result"], ("SUCCESS", "FAIL"), result)
            if name in promises.trades:
                self.assertEqual((result.get("trade_no"), result.get("error_code")), promises.trades[name])
        results = client.settle(*(gate.trade() for _ in range(5)))
        self.assertEqual({result["result"] for result in results}, {"SUCCESS"}, results)
        self.assertEqual(client.send(verb="GET", target="/health")[0], 200)
        client.close()
        self.assertEqual(server.stop(), 0, server.log)
        server.audit()
        if not cuts:
            return
        # Cuts during this start and its calls.
        events = recording.read(log)
        kept = Promises(promises)
        disk, calls = recording.Disk(into, start=before), recording.Calls()
        chosen = set(dice.sample(range(len(events)), cuts))
        for index, event in enumerate(events):
            disk.feed(event)
            for call in calls.feed(event):
                kept.note(*call)
            if index in chosen:
                place_of_cut = os.path.join(self.record.work, "second cut")
                disk.cut(place_of_cut, dice.choice(("nothing", "all", "any")), dice.choice(("nothing", "any")), dice)
                faults = Ledger(os.path.join(place_of_cut, "a/data/gateway.sqlite"), kept).faults if kept.count else []
                shutil.rmtree(place_of_cut)
                self.assertEqual(faults[:3], [], f"SEED={SEED}, a second cut after event {index}")

    @classmethod
    def contents(cls):
        calls = recording.Calls()
        for event in cls.record.events:
            for method, content, reply in calls.feed(event):
                if reply is None:
                    yield method, content


class Syncs(unittest.TestCase):
    """A call that changes something is answered after its sync has ended."""

    @classmethod
    def setUpClass(cls):
        cls.work = place()

    def server(self, **more):
        log = os.path.join(self.work, number("log"))
        data = Server(start=False).data
        server = Server(data=data, env=recording.environment(log, data, **more))
        self.addCleanup(server.kill)
        return server, log

    def test_each_answer_waits_for_its_sync(self):
        server, log = self.server()
        client, gate = Client(server), Gate(server)
        for _ in range(10):
            self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
        card = {"action": "ISSUE", "user_id": gate.user(), "last_update_time": time_text(), "card_type": "CITY0001",
                "card_no": number("C"), "balance": "3.00"}
        self.assertEqual(client.call(VIRTUALCARD_SEND, card).code, "10000")
        self.assertEqual(client.call(DATA_SEND, notices(gate.user(), 2)).code, "10000")
        self.assertEqual(client.call(KEY_QUERY).code, "10000")
        client.close()
        self.assertEqual(server.stop(), 0)
        found = recording.between(log)
        self.assertEqual([method for method, _, _, _ in found],
                         [TRADE_SETTLE] * 10 + [VIRTUALCARD_SEND, DATA_SEND, KEY_QUERY])
        for method, _, writes, syncs in found[:-1]:
            with self.subTest(method):
                self.assertGreater(writes, 0)
                self.assertGreaterEqual(syncs, 1)
        # A call that changes nothing needs no sync. So the syncs above belong to their calls.
        self.assertEqual(found[-1][2:], (0, 0))

    def test_a_directory_that_was_there_is_synced_too(self):
        # A process may have created the directory and its file, and been killed before it synced them.
        server, log = self.server()
        server.stop()
        root = os.path.dirname(server.data)
        server.env = recording.environment(log + "2", root)
        server.start()
        server.stop()
        places, synced = {}, set()
        for event in recording.read(log + "2"):
            if event.kind == "open":
                places[event.file] = event.data.decode()
            elif event.kind == "sync begins":
                begun = places[event.file]
            elif event.kind == "sync ends":
                synced.add(begun)
        self.assertLessEqual({root, server.data}, synced)

    def test_a_log_beside_a_database_elsewhere_is_synced_too(self):
        # SQLite keeps its log beside the target of a symbolic link.
        server = Server()
        self.addCleanup(server.kill)
        client = Client(server)
        client.settle(Gate(server).trade())
        client.close()
        server.kill()
        root = os.path.dirname(server.data)
        elsewhere = os.path.join(root, "elsewhere")
        os.mkdir(elsewhere)
        for name in ("gateway.sqlite", "gateway.sqlite-wal"):
            os.rename(os.path.join(server.data, name), os.path.join(elsewhere, name))
        with contextlib.suppress(FileNotFoundError):
            os.remove(server.database + "-shm")
        os.symlink(os.path.join(elsewhere, "gateway.sqlite"), server.database)
        log = os.path.join(self.work, number("log"))
        server.env = recording.environment(log, root)
        server.start()
        server.kill()
        places, synced = {}, set()
        for event in recording.read(log):
            if event.kind == "open":
                places[event.file] = event.data.decode()
            elif event.kind == "sync ends":
                synced.add(places[event.file])
        self.assertLessEqual({elsewhere, os.path.join(elsewhere, "gateway.sqlite-wal"), server.data}, synced)
        self.assertEqual(server.audit()["settled_trades"], 1)

    def test_settlements_that_wait_share_a_sync(self):
        server, log = self.server(slow=150)
        gate = Gate(server)
        client = Client(server)
        client.settle(gate.trade())
        before = sum(event.kind == "sync ends" for event in recording.read(log))
        bodies = [urllib.parse.urlencode(client.parameters(TRADE_SETTLE, {"trade_list": [gate.trade()]}))
                  for _ in range(24)]
        answers = []

        def post(body):
            other = Client(server)
            answers.append(other.answer(body=body)["result_list"][0]["result"])
            other.close()

        threads = [threading.Thread(target=post, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        syncs = sum(event.kind == "sync ends" for event in recording.read(log)) - before
        client.close()
        self.assertEqual(answers, ["SUCCESS"] * 24)
        self.assertEqual(server.stop(), 0)
        self.assertLess(syncs, 12)

    def test_it_does_not_start_when_the_setting_does_not_hold(self):
        log = os.path.join(self.work, number("log"))
        data = Server(start=False).data
        for setting, instead in (("PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"),
                                 ("PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF")):
            with self.subTest(instead):
                env = recording.environment(log, data, setting=setting, instead=instead)
                result = command("serve", "--data", data, "--port", "0", env=env)
                self.assertGreater(result.returncode, 0)
                self.assertEqual(result.stdout, "")
                self.assertRegex(result.stderr, r"(?m)^Error: .*synchronous is [01], ")


if __name__ == "__main__":
    unittest.main()
