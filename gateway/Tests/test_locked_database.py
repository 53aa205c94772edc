"""Calls while another process has locked the database."""

import concurrent.futures
import threading
import time
import urllib.parse

from parallel import at_once, post, results_of
from support import KEY_QUERY, TRADE_SETTLE, VIRTUALCARD_SEND, GatewayTest, number, time_text


class Unwritable(GatewayTest):
    """While the ledger cannot be written, trades get UNKNOWN. A retry settles them."""

    def check_unknown(self, result, trade):
        self.assertEqual(
            (result["result"], result["error_code"], result["need_retry"], result["out_trade_no"]),
            ("UNKNOWN", "UNKNOWN", True, trade["out_trade_no"]))
        self.assertEqual(result["next_retry_time"], result["next_try_time"])
        self.assertRegex(result["next_retry_time"], r"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
        self.assertGreater(result["next_retry_time"], time_text(time.time() - 5))
        self.assertLess(result["next_retry_time"], time_text(time.time() + 60))
        self.assertLessEqual(len(result["error_message"]), 128)
        self.assertNotIn("trade_no", result)

    def test_a_locked_database(self):
        trade, bad = self.gate.trade(), self.gate.trade(amount="x")
        card = {"action": "ISSUE", "user_id": self.gate.user(), "last_update_time": time_text(),
                "card_type": "CITY0001", "card_no": number("C"), "balance": "3.00"}
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            unknown, failed = self.client.settle(trade, bad)
            self.check_unknown(unknown, trade)
            self.check_failure(failed, "ILLEGAL_PARAMS", "amount")
            self.refuse("20000", "isp.unknow-error", "again", VIRTUALCARD_SEND, card)
            self.assertEqual(self.client.look()[0], 503)
            # Calls that only read still work.
            self.succeed(KEY_QUERY)
            self.succeed("alipay.commerce.transport.offlinepay.record.verify", {"record": self.gate.record()})
            db.execute("ROLLBACK")
        self.assertEqual(self.paid(trade["user_id"]), 0)
        self.settled(trade)
        self.succeed(VIRTUALCARD_SEND, card)
        self.assertEqual(self.paid(trade["user_id"]), 200)
        self.assertEqual(self.client.look()[0], 200)

    def test_many_calls_while_it_is_locked(self):
        trades = [self.gate.trade() for _ in range(100)]
        bodies = [urllib.parse.urlencode(self.client.parameters(TRADE_SETTLE, {"trade_list": [trade]}))
                  for trade in trades]
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            replies = at_once(100, lambda index: post(self.server, bodies[index]))
            db.execute("ROLLBACK")
        for reply, trade in zip(replies, trades):
            self.check_unknown(results_of(reply)[0], trade)
        for reply in at_once(100, lambda index: post(self.server, bodies[index])):
            self.assertEqual(results_of(reply)[0]["result"], "SUCCESS")
        self.assertEqual([self.paid(trade["user_id"]) for trade in trades], [200] * 100)

    def test_a_short_lock_is_waited_for(self):
        trade = self.gate.trade()
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            threading.Timer(1, lambda: None).start()
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(self.client.settle, trade)
                time.sleep(1)
                db.execute("ROLLBACK")
                self.assertEqual(waiting.result()[0]["result"], "SUCCESS")
