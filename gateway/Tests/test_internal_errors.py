"""Internal errors are logged once, under the request id that the reply gives."""

import contextlib
import json
import os
import re

import recording
from pages import Visitor
from ride_notices import notices
from support import (
    DATA_SEND,
    KEY_QUERY,
    RECORD_VERIFY,
    VIRTUALCARD_SEND,
    ServerTest,
    command,
    damage,
    number,
    temporary_directory,
    time_text,
)

REQUEST = re.compile(r"[Rr]equest ([0-9a-f]{17,32})\b")


class InternalErrors(ServerTest):
    def said(self, message, cause, place, effect="nothing of it is kept"):
        """The one log line with the request id of a reply's message, and the other lines of that request."""
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
        # All trades of a call share one reason and one id.
        self.assertEqual(results[0]["message"], results[1]["message"])
        error, (call,) = self.said(results[0]["error_message"], "database-locked", "trade.settle")
        self.assertIn("answered=UNKNOWN for 2 of 3 trades ", error)
        self.assertIn("database is locked", error)
        # The call is listed as unknown, although the reply's own code is 10000.
        self.assertIn(" code=unknown ", " " + call)
        self.assertEqual(self.metric('posgateway_calls_total{method="trade.settle",code="unknown"}'), 1)
        self.assertEqual(self.metric('posgateway_trades_total{result="UNKNOWN"}'), 2)
        for method, reply in refusals:
            self.assertEqual((reply.code, reply.sub_code), ("20000", "isp.unknow-error"))
            error, (call,) = self.said(reply.sub_msg, "database-locked", ".".join(method.split(".")[-2:]))
            self.assertIn("answered=20000 ", error)
            self.assertIn(" code=20000 ", " " + call)
        # Each call has its own id.
        self.assertEqual(self.server.log.count("internal error"), 3)

    @contextlib.contextmanager
    def recorded(self):
        """Restarts the server with the recorder, which then injects disk faults."""
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
                # After a failed sync it is unknown whether the commit survives a restart.
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
        # Calls that do not read the damaged pages still work.
        self.assertEqual(self.client.call(KEY_QUERY).code, "10000")
        self.assertEqual(self.client.call(VIRTUALCARD_SEND, self.card()).code, "10000")
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        # The audit gives the same advice.
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
        # The error is not "no key", because a key was set.
        self.assertEqual((reply.code, reply.sub_code), ("20000", "isp.unknow-error"))
        error, _ = self.said(reply.sub_msg, "merchant-key-damaged", "record.verify")
        self.assertIn(self.client.app_id, error)
        self.assertIn("paste", error)

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
        # The message says why the file cannot be read.
        self.assertRegex(result.stderr, r"(?m)^Error: .*gateway-private-key\.pem: read: Is a directory")
