"""trade.settle: the order of the rules."""

import time

from support import DAY, VIRTUALCARD_SEND, GatewayTest, number, time_text


class Order(GatewayTest):
    """When a trade breaks two rules, the first in the table of docs/gateway.md is named."""

    #: Rule, error code, words of the message, and what breaks it: arguments of the code, the record and the trade.
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
                # Two rules with the same argument exclude each other. A code of a wrong age cannot have settled.
                same = any(set(first[part]) & set(second[part]) for part in (3, 4, 5))
                never = "settled code" in (first[0], second[0]) and "--generated" in {**first[3], **second[3]}
                if not same and not never:
                    pairs += 1
                    with self.subTest(first[0], second=second[0]):
                        self.failed(first[1], first[2], self.trade_that_breaks(first, second))
        self.assertEqual(pairs, 13 * 12 // 2 - 4)
