"""Power cuts: a gateway under load is recorded. After a simulated cut at any moment, all answered calls are kept."""

import collections
import contextlib
import filecmp
import os
import random
import shutil
import unittest

import recording
from promises import Ledger, Promises
from recorded_load import Record
from support import TRADE_SETTLE, Client, Gate, Server

SEED = int(os.environ.get("SEED", "1"))


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
        # Answered calls have used these keys, so they must be kept.
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


if __name__ == "__main__":
    unittest.main()
