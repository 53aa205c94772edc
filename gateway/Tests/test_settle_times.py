"""trade.settle: the times of trades and records."""

import time

from support import DAY, GatewayTest, time_text


class Windows(GatewayTest):
    def at(self, seconds, accepted=None):
        """A trade of `seconds` ago, with a record of the same time."""
        then = int(time.time()) - seconds
        accepted = int(time.time()) - (seconds if accepted is None else accepted)
        return self.gate.trade(
            self.gate.record(self.gate.code("--generated", str(accepted))), actual_order_time=time_text(then))

    def test_the_settlement_window(self):
        # The server's clock may tick in between, so the inner edge has a margin of a few seconds.
        self.settled(self.at(5 * DAY - 5), self.at(4 * DAY), self.at(0))
        for seconds in (5 * DAY + 1, 5 * DAY + 2, 30 * DAY):
            trade = self.at(seconds)
            self.failed("TRADE_TOO_LATE", "5", trade)
            self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_the_window_s_last_second(self):
        # Sent at the start of a second, so that the server handles it in the same second.
        for _ in range(10):
            trades = [self.at(5 * DAY), self.at(5 * DAY + 1)]
            time.sleep(1 - time.time() % 1)
            now = int(time.time())
            for trade, seconds in zip(trades, (5 * DAY, 5 * DAY + 1)):
                trade["actual_order_time"] = time_text(now - seconds)
            results = self.client.settle(*trades)
            if int(time.time()) == now:
                break
        self.assertEqual(results[0]["result"], "SUCCESS", results)
        self.check_failure(results[1], "TRADE_TOO_LATE")

    def test_a_retry_after_the_window_is_still_answered(self):
        # The window closes between the two calls.
        trade = self.at(5 * DAY - 3)
        first = self.client.settle(trade)
        self.assertEqual(first[0]["result"], "SUCCESS")
        time.sleep(5)
        self.assertEqual(self.client.settle(trade), first)
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_a_trade_of_tomorrow(self):
        self.failed("ILLEGAL_PARAMS", "actual_order_time", self.at(-2 * DAY, accepted=0))
        self.failed("ILLEGAL_PARAMS", "actual_order_time", self.at(-DAY - 60, accepted=0))
        self.settled(self.at(-DAY, accepted=0))

    def test_a_trade_of_tomorrow_is_corrected_under_its_number(self):
        trade = self.at(-2 * DAY, accepted=0)
        self.failed("ILLEGAL_PARAMS", "actual_order_time", trade)
        trade["actual_order_time"] = time_text()
        numbers = self.settled(trade)
        # A settled trade keeps its answer. A wrong time under its number is different content.
        self.assertEqual(self.settled(trade), numbers)
        self.failed("ILLEGAL_PARAMS", "another trade", {**trade, "actual_order_time": time_text(time.time() + 2 * DAY)})

    def test_how_old_and_how_new_a_record_may_be(self):
        self.settled(self.at(0, accepted=6 * DAY - 60), self.at(0, accepted=-DAY))
        self.failed("TRADE_TOO_LATE", "the record is too old", self.at(0, accepted=6 * DAY + 1))
        self.failed("RECORD_INVALID", "from the future", self.at(0, accepted=-DAY - 60))

    def test_an_old_record_is_not_made_new_by_the_trade_s_time(self):
        self.failed("TRADE_TOO_LATE", "", self.at(0, accepted=7 * DAY))
        self.failed("TRADE_TOO_LATE", "", self.at(0, accepted=30 * DAY))
