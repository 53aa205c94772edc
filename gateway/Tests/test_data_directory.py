"""A data directory that is incomplete, broken or of another time zone keeps the server from starting."""

import contextlib
import os
import shutil

from ride_notices import notices
from starting import StartTest
from support import DATA_SEND, VIRTUALCARD_SEND, Client, Gate, Server, number, time_text


class DataDirectory(StartTest):
    def test_another_time_zone(self):
        # A database of a version that did not store the zone adopts the zone of its next start.
        old = Server()
        old.stop()
        with old.sql() as db:
            db.execute("DELETE FROM setting")
        server = Server("--utc-offset", "7", data=old.data)
        server.stop()
        server.arguments = ()
        server.start()  # Nothing is stored yet: the zone can still be changed.
        client, gate = Client(server), Gate(server)
        trade = gate.trade()
        card = {"action": "ISSUE", "user_id": gate.user(), "card_type": "CITY0001", "card_no": number("C"),
                "last_update_time": time_text(), "balance": "1.00"}
        for store in (lambda: client.settle(trade), lambda: client.call(VIRTUALCARD_SEND, card),
                      lambda: client.call(DATA_SEND, notices(gate.user(), 1))):
            data = self.data()
            shutil.copytree(server.data, data)
            copy = Server(data=data)
            client.server = copy
            store()
            client.close()
            copy.stop()
            before = self.contents(data)
            self.refuse("--utc-offset is 7, and the times .* were read at 8: .*start with --utc-offset 8",
                        "--data", data, "--port", "0", "--utc-offset", "7")
            for name in ("gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"):
                before.pop(name, None)
            self.assertLessEqual(before.items(), self.contents(data).items())
            copy.start()
            copy.stop()
        client.close()
        self.assertEqual(server.stop(), 0)

    def test_data_that_is_broken(self):
        good = Server()
        self.assertEqual(good.stop(), 0)
        for name, content in (("gateway.sqlite", b"this is no database" * 1000), ("gateway-private-key.pem", b"no key"),
                              ("gateway-private-key.pem", b""), ("gateway-private-key.pem", b"\xff\xfe")):
            with self.subTest(name=name, content=content[:20]):
                data = self.data()
                shutil.copytree(good.data, data)
                for suffix in ("-wal", "-shm"):
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(os.path.join(data, "gateway.sqlite" + suffix))
                with open(os.path.join(data, name), "wb") as file:
                    file.write(content)
                self.refuse(name.split(".")[0], "--data", data, "--port", "0")
        self.refuse("", "--data", self.file("a file"), "--port", "0")
        self.refuse("", "--data", "/proc/nothing", "--port", "0")

    def test_a_database_that_is_lost(self):
        # A gateway that took this for a first start would settle every code again, and replace the keys.
        good = Server()
        client = Client(good)
        client.settle(Gate(good).trade())
        client.close()
        good.kill()  # All commits are in the log.
        log = "gateway.sqlite-wal"
        self.assertGreater(os.path.getsize(os.path.join(good.data, log)), 0)
        key, demo = "gateway-private-key.pem", "demo-merchant"
        for gone, empty, message in (
            ((), ("gateway.sqlite",), "gateway.sqlite is missing or empty, and .*-wal is there"),
            (("gateway.sqlite",), (), "gateway.sqlite is missing or empty, and .*-wal is there"),
            (("gateway.sqlite", key, demo), (), "gateway.sqlite is missing or empty, and .*-wal is there"),
            (("gateway.sqlite",), (log,), "gateway.sqlite is missing or empty, and .*pem is there"),
            (("gateway.sqlite", log), (), "gateway.sqlite is missing or empty, and .*pem is there"),
            (("gateway.sqlite", log, key), (), "gateway.sqlite is missing or empty, and .*demo-merchant is there"),
            ((log,), ("gateway.sqlite",), "gateway.sqlite is missing or empty, and .*pem is there"),
        ):
            with self.subTest(gone=gone, empty=empty):
                self.refuse_and_leave(good.data, gone, empty, message)

    def test_a_database_without_its_log(self):
        # A copy of gateway.sqlite alone, from a gateway that was killed soon after its first start.
        good = Server(data=self.data())
        good.kill()
        self.refuse_and_leave(good.data, ("gateway.sqlite-wal", "gateway.sqlite-shm"), (), "no tables",
                              written=("gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"))

    def refuse_and_leave(self, source, gone, empty, message, written=()):
        """Checks that the server does not start without these files, and changes no other file than `written`."""
        data = self.data()
        shutil.copytree(source, data)
        for name in gone:
            path = os.path.join(data, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        for name in empty:
            os.truncate(os.path.join(data, name), 0)
        before = self.contents(data)
        self.refuse(message, "--data", data, "--port", "0")
        after = self.contents(data)
        for name in written:
            before.pop(name, None)
            after.pop(name, None)
        self.assertEqual(after, before)

    @staticmethod
    def contents(data):
        return {os.path.relpath(os.path.join(place, name), data): open(os.path.join(place, name), "rb").read()
                for place, _, names in os.walk(data) for name in names}

    def test_a_first_start_that_is_finished_keeps_the_keys(self):
        good = Server()
        good.stop()
        with good.sql() as db:
            for table in ("record_key", "merchant"):
                db.execute(f"DELETE FROM {table}")
        os.remove(os.path.join(good.data, "demo-merchant", "app-public-key.txt"))
        before = self.contents(os.path.join(good.data, "demo-merchant"))
        good.start()
        client = Client(good)
        self.assertEqual(client.settle(Gate(good).trade())[0]["result"], "SUCCESS")
        client.close()
        good.stop()
        after = self.contents(os.path.join(good.data, "demo-merchant"))
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertIn("app-public-key.txt", after)
        # A file that belongs to other keys is not overwritten.
        with good.sql() as db:
            for table in ("record_key", "merchant"):
                db.execute(f"DELETE FROM {table}")
        for name, content in (("app-private-key-pkcs8.pem", b"another"), ("app-private-key-pkcs1.pem", b"no key"),
                              ("record-key.hex", b"00")):
            with self.subTest(name):
                data = self.data()
                shutil.copytree(good.data, data)
                with open(os.path.join(data, "demo-merchant", name), "wb") as file:
                    file.write(content)
                self.refuse(f"{name}.*never overwritten", "--data", data, "--port", "0")
                self.assertEqual(self.contents(data)[os.path.join("demo-merchant", name)], content)

    def test_a_gateway_key_that_is_lost(self):
        # Every merchant's SDK is set up with the public half of this key.
        good = Server()
        good.stop()
        self.refuse_and_leave(
            good.data, ("gateway-private-key.pem",), (), "gateway-private-key.pem is missing.*put it back",
            written=("gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"))
