"""Many calls at once settle each trade, record and balance once."""

import urllib.parse

import support
from parallel import at_once, post, results_of
from support import TRADE_SETTLE, VIRTUALCARD_SEND, GatewayTest, number, time_text


class Concurrency(GatewayTest):
    def body(self, *trades):
        return urllib.parse.urlencode(self.client.parameters(TRADE_SETTLE, {"trade_list": list(trades)}))

    def test_a_hundred_copies_of_one_settlement(self):
        trade = self.gate.trade()
        body = self.body(trade)
        replies = at_once(100, lambda _: post(self.server, body))
        self.assertEqual(len(set(replies)), 1, set(replies))
        self.assertEqual(results_of(replies[0])[0]["result"], "SUCCESS")
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_a_hundred_trades_with_one_record(self):
        record = self.gate.record()
        bodies = [self.body(self.gate.trade(record)) for _ in range(100)]
        results = [results_of(body)[0] for body in at_once(100, lambda index: post(self.server, bodies[index]))]
        settled = [result for result in results if result["result"] == "SUCCESS"]
        self.assertEqual(len(settled), 1, results)
        self.assertEqual({result.get("error_code") for result in results}, {None, "RECORD_ALREADY_SETTLED"})
        self.assertEqual(self.paid(self.gate.trade(record)["user_id"]), 200)

    def test_a_hundred_different_trades_under_one_number(self):
        name = number()
        trades = [self.gate.trade(out_trade_no=name) for _ in range(100)]
        bodies = [self.body(trade) for trade in trades]
        results = [results_of(body)[0] for body in at_once(100, lambda index: post(self.server, bodies[index]))]
        self.assertEqual([result["result"] for result in results].count("SUCCESS"), 1)
        self.assertEqual(sum(self.paid(trade["user_id"]) for trade in trades), 200)

    def test_many_rides_on_one_prepaid_card(self):
        user, card_no = self.gate.user(), number("C")
        self.succeed(VIRTUALCARD_SEND, {
            "action": "ISSUE", "user_id": user, "last_update_time": time_text(), "card_type": "CITY0001",
            "card_no": card_no, "balance": "21.00"})
        codes = support.issue(self.server, "--uid", user, "--card-type", "CITY0001", "--card-no", card_no, "--vary",
                              "time", count=40)
        bodies = [self.body(self.gate.trade(self.gate.record(code))) for code in codes]
        results = [results_of(body)[0] for body in at_once(40, lambda index: post(self.server, bodies[index]))]
        self.assertEqual([result["result"] for result in results].count("SUCCESS"), 10)
        self.assertEqual({result.get("error_code") for result in results}, {None, "CARD_BALANCE_NOT_ENOUGH"})
        self.assertEqual(self.server.balance("card", f"CITY0001/{card_no}"), 100)
