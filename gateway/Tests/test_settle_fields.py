"""trade.settle: the fields of a trade, and its amount."""

import json
import time

from support import DAY, TRADE_SETTLE, GatewayTest, number, time_text


class Fields(GatewayTest):
    def refused_trade(self, message, trade):
        """Only this trade fails for its form. The others of the call settle, and its record stays unused."""
        first, last = self.gate.trade(), self.gate.trade()
        results = self.client.settle(first, trade, last)
        self.assertEqual([result["result"] for result in results], ["SUCCESS", "FAIL", "SUCCESS"], results)
        self.check_failure(results[1], "ILLEGAL_PARAMS", message)

    def test_each_required_field_is_missing(self):
        for name in ("user_id", "out_trade_no", "actual_order_time", "subject", "amount", "records"):
            for empty in (None, "", [] if name == "records" else ""):
                with self.subTest(name=name, empty=empty):
                    trade = {**self.gate.trade(), name: empty}
                    self.refused_trade(name, trade)
                    del trade[name]
                    self.refused_trade(name, trade)

    def test_each_field_has_the_wrong_type(self):
        for name in ("user_id", "out_trade_no", "actual_order_time", "subject", "amount", "records",
                     "order_biz_context", "seller_login_name"):
            for wrong in ({}, {"a": 1}, True, [["x"]], 1.5 if name != "amount" else [1]):
                with self.subTest(name=name, wrong=wrong):
                    self.refused_trade(name, {**self.gate.trade(), name: wrong})

    def test_each_text_at_its_limit_and_above(self):
        login = "demo@posoffline.example"
        for name, limit in (("out_trade_no", 64), ("subject", 128)):
            for character in "a公🚌":
                with self.subTest(name=name, character=character):
                    text = (number() + character * limit)[:limit]
                    self.settled(self.gate.trade(**{name: text}))
                    self.refused_trade(name, self.gate.trade(**{name: text + character}))
        self.failed("USER_NOT_MATCH", "", self.gate.trade(user_id="2" * 64))
        self.refused_trade("user_id", self.gate.trade(user_id="2" * 65))
        self.failed("SELLER_NOT_EXIST", "", self.gate.trade(seller_login_name=login.rjust(64, "x")))
        self.refused_trade("seller_login_name", self.gate.trade(seller_login_name=login.rjust(65, "x")))
        context = json.dumps({"line": "x" * (2048 - len(json.dumps({"line": ""})))})
        self.settled(self.gate.trade(order_biz_context=context))
        self.refused_trade("order_biz_context", self.gate.trade(order_biz_context=context + " "))

    def test_the_context_is_a_string_that_holds_an_object(self):
        for wrong in ("line", "[]", "1", '"x"', "null", "{", "{}}", {"line": "2"}):
            with self.subTest(wrong=wrong):
                self.refused_trade("order_biz_context", self.gate.trade(order_biz_context=wrong))

    def test_times(self):
        for wrong in ("2026-11-11", "2026-11-11T11:11:11", "2026-13-01 00:00:00", "2026-02-29 00:00:00",
                      "2026-11-11 24:00:00", "2026-11-11 11:60:11", "2026-11-11 11:11:60", "11:11:11", "now", "0",
                      " 2026-11-11 11:11:11", "2026-11-11 11:11:11 ", "2026-11-11  11:11:11", "26-11-11 11:11:11",
                      "２０２６-11-11 11:11:11", int(time.time()), "2026-11-11 11:11:11.0", "-2026-11-11 11:11:11"):
            with self.subTest(wrong=wrong):
                self.refused_trade("actual_order_time", self.gate.trade(actual_order_time=wrong))

    def test_control_characters(self):
        for name in ("user_id", "out_trade_no", "subject"):
            for character in "\0\x01\x1b":
                with self.subTest(name=name, character=character):
                    self.refused_trade(name, self.gate.trade(**{name: "a" + character}))

    def test_records_that_are_none(self):
        good = self.gate.record()
        for wrong in ("", "0", "00", "xx", good[:-1], good[:-2], good + "00", good[:400], " " + good, "0x" + good,
                      good.replace("0", "O"), "FF" * 2048, "FF" * 2049, "０" * 600, None, 1, {}, [good]):
            with self.subTest(wrong=str(wrong)[:20]):
                self.refused_trade(r"records\[0\]", self.gate.trade(good, records=[wrong]))
                self.refused_trade(r"records\[1\]", self.gate.trade(good, records=[good, wrong]))
        self.settled(self.gate.trade(good))

    def test_three_records(self):
        records = [self.gate.record() for _ in range(3)]
        self.refused_trade("records", self.gate.trade(*records))

    def test_records_in_lower_case(self):
        once = self.gate.record()
        self.settled(self.gate.trade(once.lower(), user_id=bytes.fromhex(once)[8:24].decode()))

    def test_a_trade_list_that_is_none(self):
        for wrong in (None, [], {}, "", "x", 1, True):
            with self.subTest(wrong=wrong):
                self.refuse("40004", "ILLEGAL_PARAMS", "trade_list", TRADE_SETTLE, {"trade_list": wrong})
        self.refuse("40004", "ILLEGAL_PARAMS", "trade_list", TRADE_SETTLE, {})
        self.refuse("40004", "ILLEGAL_PARAMS", "trade_list", TRADE_SETTLE)

    def test_a_member_that_is_no_trade(self):
        for wrong in (None, 1, "x", [], [{}]):
            with self.subTest(wrong=wrong):
                good = self.gate.trade()
                self.refuse("40004", "ILLEGAL_PARAMS", r"trade_list\[1\]", TRADE_SETTLE, {"trade_list": [good, wrong]})
                self.assertEqual(self.paid(good["user_id"]), 0)

    def test_an_empty_trade_in_a_list(self):
        self.refused_trade("out_trade_no", {})


class Amounts(GatewayTest):
    def test_spellings_of_an_amount(self):
        for amount, cents in (("2", 200), ("2.0", 200), ("2.00", 200), (2, 200), (2.5, 250), (2.0, 200), ("0.01", 1),
                              (0.01, 1), (0.29, 29), (4.35, 435), (19.99, 1999), ("20", 2000), (20, 2000),
                              ("02.5", 250), ("0002", 200), (1.1, 110), (8.2, 820)):
            with self.subTest(amount=amount):
                trade = self.gate.trade(self.gate.record(amount=2000), amount=amount)
                self.settled(trade)
                self.assertEqual(self.paid(trade["user_id"]), cents)

    def test_what_is_no_amount(self):
        for amount in ("2.005", "0", "0.00", "-1", "-0.01", "+2", "1e2", "NaN", "Infinity", "2,00", "2.", ".5", "",
                       " 2", "2 ", "0x2", "２", "٢", "2.0.0", "1" * 100, "0.001", "100000000.01", 0, 0.0, -1, -0.5,
                       2.005, 0.001, 1e18, 10 ** 30, -10 ** 30, True, False, [], {}, "1" + "0" * 17,
                       9223372036854775807, 18446744073709551615, "92233720368547758.08", "184467440737095518.16"):
            with self.subTest(amount=amount):
                trade = self.gate.trade(amount=amount)
                self.failed("ILLEGAL_PARAMS", "amount", trade)
                self.assertEqual(self.paid(trade["user_id"]), 0)

    def raw(self, amount):
        """Settles with an amount in this JSON spelling."""
        trade = self.gate.trade(self.gate.record(amount=2000), amount="@")
        content = json.dumps({"trade_list": [trade]}).replace('"@"', amount)
        return trade, self.client.call(TRADE_SETTLE, content)

    def test_numbers_as_json_spells_them(self):
        for amount, cents in (("2.50", 250), ("2.0", 200), ("1e1", 1000), ("1.5E+1", 1500), ("200e-2", 200),
                              ("2e0", 200)):
            with self.subTest(amount=amount):
                trade, reply = self.raw(amount)
                self.assertEqual([result["result"] for result in reply["result_list"]], ["SUCCESS"], reply.body)
                self.assertEqual(self.paid(trade["user_id"]), cents)
        for amount in ("NaN", "Infinity", "-Infinity", "+2", "02", "2.", ".2", "0x2", "2.0.0"):
            with self.subTest(amount=amount):
                self.refused("40002", "isv.illegal-json", "", self.raw(amount)[1])
        for amount in ("1e400", "-1e400", "1e30", "-0", "0e0", "1e-400", "2.0000000000000000000000001e-5", "1e19",
                       "2.001", "1e-3"):
            with self.subTest(amount=amount):
                trade, reply = self.raw(amount)
                if reply.code == "10000":
                    (result,) = reply["result_list"]
                    self.check_failure(result, "ILLEGAL_PARAMS", "amount")
                else:
                    # A number that no floating-point format holds.
                    self.assertEqual((reply.code, reply.sub_code), ("40002", "isv.illegal-json"))
                self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_the_cap(self):
        code = ("--quota", "65535")
        self.settled(self.gate.trade(self.gate.record(self.gate.code(*code), amount=0), amount="20.00"))
        trade = self.gate.trade(self.gate.record(self.gate.code(*code), amount=0), amount="20.01")
        self.failed("AMOUNT_ABOVE_CAP", "cap", trade)
        self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_the_quota(self):
        code = ("--quota", "500")
        self.settled(self.gate.trade(self.gate.record(self.gate.code(*code), amount=0), amount="5.00"))
        self.failed("AMOUNT_ABOVE_QUOTA", "500", self.gate.trade(
            self.gate.record(self.gate.code(*code), amount=0), amount="5.01"))
        self.failed("RECORD_INVALID", "", self.gate.trade(
            self.gate.record(self.gate.code(*code), amount=501), amount="5.00"))

    def test_not_more_than_the_gate_has_recorded(self):
        self.settled(self.gate.trade(self.gate.record(amount=200), amount="2.00"))
        self.settled(self.gate.trade(self.gate.record(amount=200), amount="1.00"))
        self.failed("AMOUNT_ABOVE_RECORD", "200", self.gate.trade(self.gate.record(amount=200), amount="2.01"))


class OtherCap(GatewayTest):
    arguments = ("--ride-cap", "5000", "--settlement-days", "1")

    def test_the_cap_and_the_window_that_were_set(self):
        code = ("--quota", "65535")
        self.settled(self.gate.trade(self.gate.record(self.gate.code(*code), amount=0), amount="50.00"))
        self.failed("AMOUNT_ABOVE_CAP", "5000", self.gate.trade(
            self.gate.record(self.gate.code(*code), amount=0), amount="50.01"))
        self.failed("TRADE_TOO_LATE", "1", self.gate.trade(actual_order_time=time_text(time.time() - DAY - 1)))
        self.settled(self.gate.trade(actual_order_time=time_text(time.time() - DAY + 5)))
