"""alipay.commerce.transport.offlinepay.trade.settle"""

import hashlib
import json
import os
import threading
import time

from support import (
    DAY,
    TRADE_SETTLE,
    VIRTUALCARD_SEND,
    Client,
    Gate,
    GatewayTest,
    issue,
    number,
    pos_param,
    record,
    time_text,
    user_of,
)


class Good(GatewayTest):
    def test_a_single_ride(self):
        trade = self.gate.trade()
        before = self.server.balance("merchant", self.client.app_id) or 0
        self.settled(trade)
        self.assertEqual(self.paid(trade["user_id"]), 200)
        self.assertEqual(self.server.balance("merchant", self.client.app_id), before + 200)

    def test_the_reply_of_the_document_s_sample(self):
        trade = self.gate.trade()
        (result,) = self.client.settle(trade)
        self.assertEqual(result, {"result": "SUCCESS", "message": "成功", "out_trade_no": trade["out_trade_no"],
                                  "trade_no": result["trade_no"]})

    def test_all_fields(self):
        context = {"line": "metro2", "start_pos_id": "01", "start_station": "松江大学城", "end_pos_id": "02",
                   "end_station": "杨高中路", "city_code": "3100", "agent_id": "00001",
                   "sys_service_provider_id": "2088000000000000"}
        self.settled(self.gate.trade(
            order_biz_context=json.dumps(context), seller_login_name="demo@posoffline.example", card_type="ANT00001",
            open_id="o1", unknown={"a": [1]}))

    def test_optional_fields_that_are_empty(self):
        for empty in ("", None):
            self.settled({**self.gate.trade(), "order_biz_context": empty, "seller_login_name": empty})

    def test_an_entry_and_an_exit_in_either_order(self):
        for turn in (1, -1):
            trade = self.gate.trade(*self.pair()[::turn])
            self.settled(trade)
            self.assertEqual(self.paid(trade["user_id"]), 200)

    def pair(self, trips=("IN", "OUT"), seconds=1200, amounts=(0, 200)):
        """Records of one rider's two codes, so many seconds apart."""
        user, start = self.gate.user(), int(time.time()) - 3600
        codes = [self.gate.code("--uid", user, "--generated", str(at)) for at in (start, start + seconds)]
        return [self.gate.record(code, trip=trip, amount=amount)
                for code, trip, amount in zip(codes, trips, amounts)]

    def test_pairs_that_are_no_ride(self):
        for name, records in (
            ("two entries", self.pair(("IN", "IN"))), ("two exits", self.pair(("OUT", "OUT"))),
            ("two single rides", self.pair(("SINGLE", "SINGLE"))), ("the exit was first", self.pair(("OUT", "IN"))),
            ("an entry and a single ride", self.pair(("IN", "SINGLE"))),
            ("an exit and a single ride", self.pair(("OUT", "SINGLE"))),
            ("an entry alone", self.pair()[:1]), ("an exit alone", self.pair()[1:]),
        ):
            with self.subTest(name):
                trade = self.gate.trade(*records)
                self.failed("RIDE_INCOMPLETE", "SINGLE", trade)
                self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_one_record_twice_is_no_ride(self):
        once = self.pair()[0]
        self.failed("RIDE_INCOMPLETE", "", self.gate.trade(once, once))
        single = self.gate.record()
        self.failed("RIDE_INCOMPLETE", "", self.gate.trade(single, single))

    def test_an_entry_and_an_exit_of_one_code(self):
        code = self.gate.code()
        trade = self.gate.trade(self.gate.record(code, trip="IN", amount=0), self.gate.record(code, trip="OUT"))
        self.settled(trade)
        self.assertEqual(self.paid(trade["user_id"]), 200)
        self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(self.gate.record(code)))

    def test_an_entry_and_an_exit_of_two_cards(self):
        user = self.gate.user()
        plain = self.gate.code("--uid", user)
        first, second = (self.gate.code("--uid", user, "--card-type", "CITY0001", "--card-no", card_no)
                         for card_no in ("1", "2"))
        for codes in ((first, second), (second, first), (plain, first), (first, plain)):
            records = [self.gate.record(code, trip=trip) for code, trip in zip(codes, ("IN", "OUT"))]
            self.failed("RIDE_INCOMPLETE", "", self.gate.trade(*records))
        self.assertEqual(self.paid(user), 0)

    def test_all_trades_of_a_call_are_one_transaction(self):
        # Whoever looks into the ledger meanwhile sees all of them or none.
        trades = [self.gate.trade() for _ in range(100)]
        names = [trade["out_trade_no"] for trade in trades]
        count = f"SELECT COUNT(*) FROM trade WHERE out_trade_no IN ({','.join('?' * 100)})"
        seen, ended = set(), threading.Event()

        def look():
            with self.server.sql() as db:
                while not ended.is_set():
                    seen.add(db.execute(count, names).fetchone()[0])

        looking = threading.Thread(target=look)
        looking.start()
        try:
            self.settled(*trades)
        finally:
            ended.set()
            looking.join()
        self.assertEqual(seen | {100}, {0, 100})

    def test_an_entry_and_an_exit_of_two_riders(self):
        entry, other_exit = self.pair()[0], self.pair()[1]
        for records in ((entry, other_exit), (other_exit, entry)):
            self.failed("USER_NOT_MATCH", "", self.gate.trade(*records))

    def test_a_hundred_trades_in_a_call_and_one_more(self):
        trades = [self.gate.trade() for _ in range(101)]
        self.refuse("40004", "ILLEGAL_PARAMS", "trade_list", TRADE_SETTLE, {"trade_list": trades})
        self.settled(*trades[:100])

    def test_trade_numbers_are_unique_and_of_28_digits(self):
        numbers = self.settled(*[self.gate.trade() for _ in range(20)])
        self.assertEqual(len(set(numbers)), 20)
        self.assertTrue(all(text.startswith(time_text()[:10].replace("-", "")) for text in numbers), numbers)


class Fields(GatewayTest):
    def refused_trade(self, message, trade):
        """This trade alone fails for its form; the ones beside it settle, and its record is not used up."""
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
        """A settlement with an amount as it is spelt in the JSON."""
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
                    # A number that no program's arithmetic holds.
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


class Order(GatewayTest):
    """Of two rules that a trade breaks, the first in the table of docs/gateway.md is named."""

    #: Rule, error code, what to say, and what breaks it: arguments of the code, of the record and of the trade.
    RULES = [
        ("old trade", "TRADE_TOO_LATE", "actual_order_time", {}, {}, {"actual_order_time": -6 * DAY}),
        ("trade of the future", "ILLEGAL_PARAMS", "actual_order_time", {}, {}, {"actual_order_time": DAY + 600}),
        ("cap", "AMOUNT_ABOVE_CAP", "cap", {}, {}, {"amount": "20.01"}),
        ("record", "RECORD_INVALID", "MAC", {}, {"mac": b"\0" * 32}, {}),
        ("ride", "RIDE_INCOMPLETE", "SINGLE", {}, {"trip": "IN"}, {}),
        ("user", "USER_NOT_MATCH", "user", {}, {}, {"user_id": "2088777700000000"}),
        ("old record", "TRADE_TOO_LATE", "the record is too old", {"--generated": -7 * DAY}, {}, {}),
        ("record of the future", "RECORD_INVALID", "from the future", {"--generated": DAY + 600}, {}, {}),
        ("quota", "AMOUNT_ABOVE_QUOTA", "quota", {"--quota": 100}, {}, {}),
        ("recorded amount", "AMOUNT_ABOVE_RECORD", "recorded", {}, {"amount": 50}, {}),
        ("settled code", "RECORD_ALREADY_SETTLED", "once", {}, {}, {}),
        ("seller", "SELLER_NOT_EXIST", "seller_login_name", {}, {}, {"seller_login_name": "nobody"}),
        ("balance", "CARD_BALANCE_NOT_ENOUGH", "balance", {}, {}, {}),
    ]

    def trade_that_breaks(self, *rules):
        """A ride with a prepaid card that breaks these rules and no other."""
        now, user, card_no = int(time.time()), self.gate.user(), number("C")
        codes, records, trades = ({name: value for rule in rules for name, value in rule[place].items()}
                                  for place in (3, 4, 5))
        names = [rule[0] for rule in rules]
        card = {"action": "ISSUE", "user_id": user, "card_type": "CITY0001", "card_no": card_no, "balance": "50.00",
                "last_update_time": time_text(now)}
        self.succeed(VIRTUALCARD_SEND, card)
        if "--generated" in codes:
            codes["--generated"] += now
            codes["--expiry"] = now + 30 * DAY
        arguments = [str(part) for pair in codes.items() for part in pair]
        code = self.gate.code("--uid", user, "--card-type", "CITY0001", "--card-no", card_no, *arguments)
        if "settled code" in names:
            self.settled(self.gate.trade(self.gate.record(code, amount=0), amount="0.01"))
        if "balance" in names:
            self.succeed(VIRTUALCARD_SEND, {**card, "action": "UPDATE", "balance": "0"})
        if "actual_order_time" in trades:
            trades["actual_order_time"] = time_text(now + trades["actual_order_time"])
        return self.gate.trade(self.gate.record(code, **{"amount": 0, **records}), **trades)

    def test_each_rule_alone(self):
        self.settled(self.trade_that_breaks())
        for rule in self.RULES:
            with self.subTest(rule[0]):
                self.failed(rule[1], rule[2], self.trade_that_breaks(rule))

    def test_a_rule_for_both_records_comes_before_the_next(self):
        user, other = self.gate.user(), self.gate.user()
        old = int(time.time()) - 7 * DAY
        for code, error_code, broken in (
            (("--quota", "100"), "USER_NOT_MATCH", other),
            (("--generated", str(old), "--expiry", str(old + 60 * DAY)), "USER_NOT_MATCH", other),
            (("--quota", "100"), "AMOUNT_ABOVE_QUOTA", user),
            (("--generated", str(old), "--expiry", str(old + 60 * DAY), "--quota", "100"), "TRADE_TOO_LATE", user),
        ):
            with self.subTest(code=code, user=broken):
                entry = self.gate.record(self.gate.code("--uid", user, *code), trip="IN", amount=0)
                leaving = self.gate.record(self.gate.code("--uid", broken), trip="OUT", amount=0)
                self.failed(error_code, "", self.gate.trade(entry, leaving, user_id=user))

    def test_of_two_rules_the_first_is_named(self):
        pairs = 0
        for place, first in enumerate(self.RULES):
            for second in self.RULES[place + 1:]:
                # Not both at once, and no code that is too old or too new has ever settled.
                same = any(set(first[part]) & set(second[part]) for part in (3, 4, 5))
                never = "settled code" in (first[0], second[0]) and "--generated" in {**first[3], **second[3]}
                if not same and not never:
                    pairs += 1
                    with self.subTest(first[0], second=second[0]):
                        self.failed(first[1], first[2], self.trade_that_breaks(first, second))
        self.assertEqual(pairs, 13 * 12 // 2 - 4)


class Once(GatewayTest):
    """No money moves twice."""

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
        # Two gates have accepted it, or one has after a restart: it is still one ride.
        code = self.gate.code()
        self.settled(self.gate.trade(self.gate.record(code)))
        for change in ({}, {"amount": 100}, {"at": int(time.time()) + 1}, {"param": pos_param("SINGLE")}):
            other = self.gate.record(code, **change)
            self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(other, amount="1.00"))

    def test_one_code_with_other_signatures(self):
        # Anyone can turn s into n - s; what was signed stays the same.
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


class Records(GatewayTest):
    """A trade with a record that does not hold fails, and says why."""

    def test_what_can_be_wrong(self):
        now = int(time.time())
        code = self.gate.code
        param = pos_param("BOTH")
        for name, text, message in (
            ("MAC", self.gate.record(mac=b"\0" * 32), "MAC"),
            ("record key", record(code(), b"k" * 32), "record key"),
            ("development key", record(code(), hashlib.sha256(b"x").digest(), key_id=b"\0" * 4), "record key"),
            ("issuer", self.gate.record(code("--wrong", "issuer-signature=other-key")), "issuer"),
            ("issuer key", self.gate.record(code("--wrong", "issuer-key-id=200")), "issuer key 200"),
            ("rider", self.gate.record(code("--wrong", "user-signature=corrupt")), "rider"),
            ("too early", self.gate.record(code("--generated", str(now)), at=now - 61), "61|window|good for"),
            ("too late", self.gate.record(code("--generated", str(now - 100)), at=now - 39), "good for"),
            ("expired", self.gate.record(code("--generated", str(now), "--expiry", str(now - 1))), "expired"),
            ("pos_param", self.gate.record(param=param), "type"),
            ("quota", self.gate.record(code("--quota", "100"), amount=101), "quota"),
        ):
            with self.subTest(name):
                trade = self.gate.trade(text)
                self.failed("RECORD_INVALID", message, trade)
                self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_the_user_is_the_trade_s(self):
        trade = self.gate.trade(user_id="2088000099990000")
        result = self.failed("USER_NOT_MATCH", "", trade)
        self.assertEqual(self.paid("2088000099990000"), 0)
        self.assertEqual(result["out_trade_no"], trade["out_trade_no"])


    def test_a_user_id_that_only_looks_the_same(self):
        # The Kelvin sign is canonically a K, and yet another character: it is nobody's name.
        record = self.gate.record(self.gate.code("--uid", "2088K00000000001"))
        other = "2088\u212a00000000001"
        self.failed("USER_NOT_MATCH", "", self.gate.trade(record, user_id=other))
        self.assertEqual(self.paid(other), 0)


class Windows(GatewayTest):
    def at(self, seconds, accepted=None):
        """A trade of so many seconds ago, and of a record of then."""
        then = int(time.time()) - seconds
        accepted = int(time.time()) - (seconds if accepted is None else accepted)
        return self.gate.trade(
            self.gate.record(self.gate.code("--generated", str(accepted))), actual_order_time=time_text(then))

    def test_the_settlement_window(self):
        # The server's clock may tick between here and there, so the inner edge is a few seconds in.
        self.settled(self.at(5 * DAY - 5), self.at(4 * DAY), self.at(0))
        for seconds in (5 * DAY + 1, 5 * DAY + 2, 30 * DAY):
            trade = self.at(seconds)
            self.failed("TRADE_TOO_LATE", "5", trade)
            self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_the_window_s_last_second(self):
        # Asked for at the start of a second, so that it is still that second when the server looks.
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
        # The window closes between the two.
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
        # What has settled is answered as before, and a time that is wrong under its number is other content.
        self.assertEqual(self.settled(trade), numbers)
        self.failed("ILLEGAL_PARAMS", "another trade", {**trade, "actual_order_time": time_text(time.time() + 2 * DAY)})

    def test_how_old_and_how_new_a_record_may_be(self):
        self.settled(self.at(0, accepted=6 * DAY - 60), self.at(0, accepted=-DAY))
        self.failed("TRADE_TOO_LATE", "the record is too old", self.at(0, accepted=6 * DAY + 1))
        self.failed("RECORD_INVALID", "from the future", self.at(0, accepted=-DAY - 60))

    def test_an_old_record_is_not_made_new_by_the_trade_s_time(self):
        self.failed("TRADE_TOO_LATE", "", self.at(0, accepted=7 * DAY))
        self.failed("TRADE_TOO_LATE", "", self.at(0, accepted=30 * DAY))


class OtherMerchants(GatewayTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.stop()
        cls.client.close()
        cls.other_key = b"another merchant's record key!!!"
        with cls.server.sql() as db:
            db.execute("INSERT INTO merchant SELECT 'other', 'Other', 'other@example.com', public_key, 1, 0 "
                       "FROM merchant")
            db.execute("INSERT INTO record_key (app_id, key_id, key, created_at) VALUES ('other', ?, ?, 0)",
                       (hashlib.sha256(cls.other_key).digest()[:4], cls.other_key))
        cls.server.start()
        cls.other = Client(cls.server, app_id="other", key=cls.client.key)

    def test_money_goes_to_whoever_calls(self):
        trade = self.gate.trade(record(self.gate.code(), self.other_key), seller_login_name="other@example.com")
        before = self.server.balance("merchant", "other") or 0
        self.assertEqual(self.other.settle(trade)[0]["result"], "SUCCESS")
        self.assertEqual(self.server.balance("merchant", "other"), before + 200)

    def test_another_merchant_s_seller(self):
        trade = self.gate.trade(seller_login_name="other@example.com")
        self.failed("SELLER_NOT_EXIST", "seller_login_name", trade)
        self.failed("SELLER_NOT_EXIST", "", self.gate.trade(seller_login_name="nobody@example.com"))
        self.failed("SELLER_NOT_EXIST", "", self.gate.trade(seller_login_name="DEMO@posoffline.example"))
        self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_another_merchant_s_records(self):
        self.failed("RECORD_INVALID", "record key", self.gate.trade(record(self.gate.code(), self.other_key)))
        (result,) = self.other.settle(self.gate.trade())
        self.check_failure(result, "RECORD_INVALID", "record key")

    def test_one_code_settles_once_whoever_sends_it(self):
        code = self.gate.code()
        self.settled(self.gate.trade(self.gate.record(code)))
        (result,) = self.other.settle(self.gate.trade(record(code, self.other_key)))
        self.check_failure(result, "RECORD_ALREADY_SETTLED")
        self.assertEqual(self.paid(user_of(code)), 200)

    def test_numbers_are_each_merchant_s_own(self):
        name = number()
        self.settled(self.gate.trade(out_trade_no=name))
        (result,) = self.other.settle(self.gate.trade(record(self.gate.code(), self.other_key), out_trade_no=name))
        self.assertEqual((result["result"], result["out_trade_no"]), ("SUCCESS", name))


class Gates(GatewayTest):
    """What the library itself writes is what the tests write."""

    def test_a_record_of_another_issuer_s_key(self):
        keys = self.client.call("alipay.commerce.transport.offlinepay.key.query")["keys"]
        for key in (keys[1], keys[-1]):
            code = issue(self.server, "--key-id", str(key["key_id"]))[0]
            self.settled(Gate(self.server).trade(self.gate.record(code)))
