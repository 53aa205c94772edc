"""trade.settle: a trade, a record and a code settle once."""

import os
import time

from support import GatewayTest, pos_param, time_text


class Once(GatewayTest):
    """No trade, record or code moves money twice."""

    def test_the_same_again_is_a_retry(self):
        trade = self.gate.trade()
        first, second = self.client.settle(trade), self.client.settle(trade)
        self.assertEqual(first, second)
        self.assertEqual(first[0]["result"], "SUCCESS")
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_the_same_again_after_a_restart(self):
        trade, failing = self.gate.trade(), self.gate.trade(amount="19.00")
        first = self.client.settle(trade, failing)
        self.client.close()
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertEqual(self.client.settle(trade, failing), first)
        self.assertEqual([result["result"] for result in first], ["SUCCESS", "FAIL"])
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_the_same_with_its_members_in_another_order(self):
        trade = self.gate.trade()
        first = self.client.settle(trade)
        self.assertEqual(self.client.settle(dict(sorted(trade.items(), reverse=True))), first)

    def test_the_same_twice_in_a_list(self):
        trade = self.gate.trade()
        numbers = self.settled(trade, trade)
        self.assertEqual(len(set(numbers)), 1)
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_another_trade_under_the_same_number(self):
        trade = self.gate.trade()
        self.settled(trade)
        for change in (
            {"amount": "1.00"}, {"subject": "another"}, {"actual_order_time": time_text(time.time() - 60)},
            {"order_biz_context": "{}"}, {"seller_login_name": "demo@posoffline.example"},
            {"user_id": "2088999999999999"}, {"records": [self.gate.record()]},
        ):
            with self.subTest(change):
                self.failed("ILLEGAL_PARAMS", "out_trade_no", {**trade, **change})
        self.assertEqual(self.paid(trade["user_id"]), 200)
        other = self.gate.trade(out_trade_no=trade["out_trade_no"])
        self.failed("ILLEGAL_PARAMS", "out_trade_no", other)
        self.assertEqual(self.paid(other["user_id"]), 0)

    def test_a_record_in_another_trade(self):
        once = self.gate.record()
        trade = self.gate.trade(once)
        self.settled(trade)
        for change in ({}, {"amount": "1.00"}, {"subject": "another"}):
            with self.subTest(change):
                self.failed("RECORD_ALREADY_SETTLED", "once", self.gate.trade(once, **change))
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_a_record_twice_in_a_list(self):
        once = self.gate.record()
        first, second = self.gate.trade(once), self.gate.trade(once)
        results = self.client.settle(first, second)
        self.assertEqual(results[0]["result"], "SUCCESS")
        self.check_failure(results[1], "RECORD_ALREADY_SETTLED")
        self.assertEqual(self.paid(first["user_id"]), 200)

    def test_a_failed_trade_leaves_its_record(self):
        once = self.gate.record()
        self.failed("AMOUNT_ABOVE_CAP", "", self.gate.trade(once, amount="99.00"))
        self.settled(self.gate.trade(once))

    def test_a_failed_trade_keeps_its_number(self):
        trade = self.gate.trade(amount="99.00")
        first = self.failed("AMOUNT_ABOVE_CAP", "", trade)
        self.failed("ILLEGAL_PARAMS", "out_trade_no", {**trade, "amount": "1.00"})
        self.assertEqual(self.client.settle(trade), [first])
        self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_a_malformed_trade_leaves_its_number(self):
        trade = self.gate.trade()
        self.failed("ILLEGAL_PARAMS", "amount", {**trade, "amount": "x"})
        self.settled(trade)

    def test_one_code_in_two_records(self):
        # Two gates have accepted the code, or one before and after a restart. It is one ride.
        code = self.gate.code()
        self.settled(self.gate.trade(self.gate.record(code)))
        for change in ({}, {"amount": 100}, {"at": int(time.time()) + 1}, {"param": pos_param("SINGLE")}):
            other = self.gate.record(code, **change)
            self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(other, amount="1.00"))

    def test_one_code_with_other_signatures(self):
        # ECDSA signatures are malleable: s can be replaced by n - s. The signed code is the same.
        key = os.path.join(self.server.data, "rider-key")
        with open(key, "w", encoding="ascii") as file:
            file.write("11" * 24 + "\n")
        at = str(int(time.time()))
        user = self.gate.user()
        codes = [self.gate.code("--uid", user, "--rider-key", key, "--generated", at, "--s", s)
                 for s in ("low", "high")]
        self.assertNotEqual(*codes)
        self.settled(self.gate.trade(self.gate.record(codes[0])))
        self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(self.gate.record(codes[1])))

    def test_an_entry_that_has_settled_is_no_part_of_another_ride(self):
        user, start = "2088333300001111", int(time.time()) - 7200
        codes = [self.gate.code("--uid", user, "--generated", str(start + 600 * index)) for index in range(5)]
        early, first, second, third, fourth = [
            self.gate.record(code, trip=trip, amount=amount)
            for code, trip, amount in zip(codes, ("IN", "IN", "OUT", "IN", "OUT"), (0, 0, 200, 0, 300))]
        self.settled(self.gate.trade(first, second))
        self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(first, fourth))
        self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(early, second))
        self.assertEqual(self.paid(user), 200)
        self.settled(self.gate.trade(third, fourth, amount="3.00"))
        self.assertEqual(self.paid(user), 500)
