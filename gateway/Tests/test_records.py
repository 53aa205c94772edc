"""The interfaces key.query and record.verify."""

import json
import os
import subprocess
import time

import support
from support import KEY_QUERY, RECORD_VERIFY, GatewayTest, command, issue, pos_param, record, user_of

# docs/format.md publishes this key. Gates without their own key sign with it.
DEVELOPMENT_KEY = b"posoffline development key"


class KeyQuery(GatewayTest):
    def test_the_keys(self):
        keys = self.succeed(KEY_QUERY)["keys"]
        self.assertEqual(len(keys), 32)
        self.assertEqual(sorted(key["key_id"] for key in keys), list(range(32)))
        for key in keys:
            self.assertEqual(set(key), {"key_id", "public_key"})
            self.assertIs(type(key["key_id"]), int)
            self.assertRegex(key["public_key"], r"\A0[23][0-9A-F]{64}\Z")
        self.assertEqual(len({key["public_key"] for key in keys}), 32)

    def test_content_is_not_needed_and_not_read(self):
        first = self.succeed(KEY_QUERY)["keys"]
        for content in ("", "{}", '{"x":1}'):
            self.assertEqual(self.succeed(KEY_QUERY, content)["keys"], first)

    def test_a_gate_takes_the_list_and_the_codes(self):
        keys = self.succeed(KEY_QUERY)["keys"]
        code = issue(self.server)[0]
        path = os.path.join(self.server.data, "keys.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(keys, file)
        result = subprocess.run(
            [support.POSCODE, "inspect", code, "--keys", path, "--json"], capture_output=True, text=True, check=False)
        self.assertTrue(json.loads(result.stdout)["good"], result.stdout + result.stderr)


class RetiredKey(GatewayTest):
    def test_a_retired_key_leaves_the_list_and_what_it_signed_before_still_counts(self):
        before = self.succeed(KEY_QUERY)["keys"]
        now = int(time.time())
        old, new = [issue(self.server, "--key-id", "31", "--generated", str(at), "--expiry", str(now + 99))[0]
                    for at in (now - 100, now)]
        self.server.stop()
        self.client.close()
        with self.server.sql() as db:
            db.execute("UPDATE issuer_key SET state = 'retired', retired_at = ? WHERE key_id = 31", (now - 50,))
        self.server.start()
        after = self.succeed(KEY_QUERY)["keys"]
        self.assertEqual(after, [key for key in before if key["key_id"] != 31])
        self.assertNotIn("\n31 ", command("issuer-keys", "--data", self.server.data).stdout)
        self.succeed(RECORD_VERIFY, {"record": self.gate.record(old)})
        self.refuse("40004", "FAIL", "retired", RECORD_VERIFY, {"record": self.gate.record(new)})


class RecordVerify(GatewayTest):
    def test_good_records(self):
        now = int(time.time())
        for text in (
            self.gate.record(), self.gate.record().lower(), self.gate.record(trip="IN", amount=0),
            self.gate.record(trip="OUT"), self.gate.record(amount=2000),
            self.gate.record(self.gate.code("--generated", "1500000000")),
            self.gate.record(self.gate.code("--generated", str(now)), at=now - 60),
            self.gate.record(self.gate.code("--generated", str(now - 100)), at=now - 40),
            self.gate.record(self.gate.code("--generated", str(now), "--expiry", str(now)), at=now),
            self.gate.record(self.gate.code("--card-type", "plain")),
            self.gate.record(self.gate.code("--card-type", "CITY0001", "--card-no", "3301", "--card-data", "00ff")),
            self.gate.record(self.gate.code("--s", "high")), self.gate.record(self.gate.code("--s", "low")),
            self.gate.record(param=pos_param("SINGLE", line="984 路", more={"a": [1, 2]})),
        ):
            reply = self.succeed(RECORD_VERIFY, {"record": text})
            self.assertEqual(set(reply.content), {"code", "msg"})

    def test_the_same_record_again(self):
        once = self.gate.record()
        for _ in range(3):
            self.succeed(RECORD_VERIFY, {"record": once})
        self.settled(self.gate.trade(once))
        self.succeed(RECORD_VERIFY, {"record": once})

    def test_verifying_moves_nothing(self):
        once = self.gate.record()
        self.succeed(RECORD_VERIFY, {"record": once})
        self.assertEqual(self.paid(user_of(once[8:])), 0)

    def test_records_that_do_not_hold(self):
        now = int(time.time())
        code = self.gate.code
        for name, message, text in (
            ("MAC", "MAC", self.gate.record(mac=b"\0" * 32)),
            ("key", "record key", record(code(), b"k" * 32)),
            ("issuer", "issuer", self.gate.record(code("--wrong", "issuer-signature=other-key"))),
            ("issuer key", "issuer key 99", self.gate.record(code("--wrong", "issuer-key-id=99"))),
            ("issuer's bytes", "issuer", self.gate.record(code("--wrong", "issuer-signature=corrupt"))),
            ("rider", "rider", self.gate.record(code("--wrong", "user-signature=other-key"))),
            ("early", "good for 60", self.gate.record(code("--generated", str(now)), at=now - 61)),
            ("late", "good for 60", self.gate.record(code("--generated", str(now - 100)), at=now - 39)),
            ("expired", "expired", self.gate.record(code("--generated", str(now), "--expiry", str(now - 1)), at=now)),
            ("quota", "quota", self.gate.record(amount=2001)),
            ("type", "type", self.gate.record(param=pos_param("BOTH"))),
            ("no JSON", "pos_param", self.gate.record(param="x")),
        ):
            with self.subTest(name):
                self.refuse("40004", "FAIL", message, RECORD_VERIFY, {"record": text})

    def test_each_changed_byte_is_found(self):
        good = bytes.fromhex(self.gate.record())
        for place in range(len(good)):
            changed = bytearray(good)
            changed[place] ^= 1
            reply = self.client.call(RECORD_VERIFY, {"record": changed.hex()})
            self.assertEqual((reply.code, reply.sub_code in ("FAIL", "ILLEGAL_PARAMS")), ("40004", True), place)

    def test_what_is_no_record(self):
        good = self.gate.record()
        for wrong in ("0", "00", "x", good[:-2], good + "00", good[:-1], " " + good, "1" + good[1:], "2" + good[1:],
                      "FF" * 2048, "FF" * 2049, "F" * 100000, 1, True, {}, [good], good.encode().hex()):
            with self.subTest(wrong=str(wrong)[:30]):
                self.refuse("40004", "ILLEGAL_PARAMS", "record", RECORD_VERIFY, {"record": wrong})
        for missing in ({}, {"record": ""}, {"record": None}, {"Record": good}, {"records": [good]}, None):
            with self.subTest(missing=str(missing)[:30]):
                self.refuse("40004", "ILLEGAL_PARAMS", "record", RECORD_VERIFY, missing)

    def test_a_record_around_what_is_no_code(self):
        for code in ("02", "01" + self.gate.code()[2:], self.gate.code()[:-2]):
            text = self.gate.record(code=code, at=0)
            self.refuse("40004", "FAIL", "code", RECORD_VERIFY, {"record": text})
            self.failed("RECORD_INVALID", "code", self.gate.trade(text))

    def test_the_development_key_counts_only_where_it_was_allowed(self):
        published = record(self.gate.code(), DEVELOPMENT_KEY)
        self.refuse("40004", "FAIL", "development", RECORD_VERIFY, {"record": published})
        self.failed("RECORD_INVALID", "development", self.gate.trade(published))


class DevelopmentKey(GatewayTest):
    arguments = ("--accept-development-key",)

    def test_a_test_server_takes_it(self):
        published = record(self.gate.code(), DEVELOPMENT_KEY)
        self.succeed(RECORD_VERIFY, {"record": published})
        self.settled(self.gate.trade(published))
        self.succeed(RECORD_VERIFY, {"record": self.gate.record()})
