"""A call that changes something is answered after its sync."""

import contextlib
import os
import threading
import unittest
import urllib.parse

import recording
from recorded_load import place
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
