"""alipay.commerce.transport.offlinepay.virtualcard.send"""

import concurrent.futures
import itertools
import json
import threading
import time

from cards import NOW, CardTest
from support import DAY, VIRTUALCARD_SEND, Client, time_text


class Fields(CardTest):
    def refuse_field(self, name, card):
        self.refuse("40004", "ILLEGAL_PARAMS", name, VIRTUALCARD_SEND, card)

    def test_each_required_field_is_missing(self):
        for name in ("action", "user_id", "last_update_time", "card_type", "card_no"):
            for empty in (None, ""):
                with self.subTest(name=name, empty=empty):
                    self.refuse_field(name, {**self.card(), name: empty})
            card = self.card()
            del card[name]
            self.refuse_field(name, card)

    def test_each_field_has_the_wrong_type(self):
        for name in ("action", "user_id", "last_update_time", "card_type", "card_no", "card_data", "balance",
                     "disabled", "disabled_code", "disabled_tips", "ext_info"):
            for wrong in ({"a": 1}, ["x"], 1.001, "?" if name in ("action", "balance", "disabled") else {}):
                with self.subTest(name=name, wrong=wrong):
                    self.refuse_field(name, self.card(**{name: wrong}))

    def test_limits(self):
        for name, good, bad in (
            ("card_no", "C" * 16, "C" * 17), ("card_data", "ab" * 64, "ab" * 65), ("user_id", "2" * 16, "2" * 65),
            ("disabled_tips", "卡" * 256, "卡" * 257), ("card_type", "CITY0002", "C" * 33),
            ("ext_info", '{"a":"%s"}' % ("x" * 4088), '{"a":"%s"}' % ("x" * 4089)),
        ):
            with self.subTest(name=name):
                self.send(self.card(**{name: good}))
                self.refuse_field(name, self.card(**{name: bad}))

    def test_words(self):
        for name, wrong in (("action", "issue"), ("action", "DELETE"), ("disabled_code", "CARD_LOST"),
                            ("disabled", "yes"), ("disabled", 1), ("disabled", "TRUE")):
            with self.subTest(name=name, wrong=wrong):
                self.refuse_field(name, self.card(**{name: wrong}))

    def test_card_numbers_are_letters_and_digits(self):
        for wrong in ("C-1", "C 1", "卡1", "C１", "C1\n", "é1"):
            with self.subTest(wrong=wrong):
                self.refuse_field("card_no", self.card(card_no=wrong))

    def test_card_data_is_hex(self):
        for wrong in ("a", "xx", "0x00", "ab "):
            self.refuse_field("card_data", self.card(card_data=wrong))
        self.send(self.card(card_data=""))

    def test_balances(self):
        for wrong in ("-1", "1.001", "x", -1, 1.001, True, "1e2", "NaN", "1" * 33, 10 ** 30):
            with self.subTest(wrong=wrong):
                self.refuse_field("balance", self.card(balance=wrong))
        for good, cents in (("0", None), ("0.01", 1), (12.34, 1234), (5, 500), ("100", 10000)):
            with self.subTest(good=good):
                self.assertEqual(self.left(self.issued(balance=good)), cents)

    def test_extra_information_is_a_string_that_holds_an_object(self):
        for wrong in ("[]", "{", "x", {"city_code": "310000"}):
            self.refuse_field("ext_info", self.card(ext_info=wrong))
        self.send(self.card(ext_info=json.dumps(
            {"city_code": "310000", "agent_id": "000001", "discount_type": "91discount"})))

    def test_a_disabled_card_needs_tips(self):
        for value in (True, "true"):
            self.refuse_field("disabled_tips", self.card(disabled=value))
            self.refuse_field("disabled_tips", self.card(disabled=value, disabled_tips=""))
            self.send(self.card(disabled=value, disabled_tips="余额不足，请先去充值", disabled_code="CARD_OVERDUE"))
            self.send(self.card(disabled=value, disabled_tips="退卡中", disabled_code="CARD_REVOKING"))
        for value in (False, "false", None, ""):
            self.send({**self.card(), "disabled": value})

    def test_the_document_s_sample(self):
        self.send({"action": "ISSUE", "balance": "0", "card_data": "", "card_no": "2088000011112222",
                   "card_type": "GJ310000", "disabled": True, "disabled_tips": "余额不足，请先去充值",
                   "disabled_code": "CARD_OVERDUE", "user_id": "2088000011112222",
                   "ext_info": "{ \"city_code\": \"310000\", \"agent_id\": \"000001\"}",
                   "last_update_time": "2017-01-30 11:12:56"})

    def test_times(self):
        for wrong in ("2017-01-30", "2017-02-30 00:00:00", "now", NOW, "2017-01-30T11:12:56"):
            self.refuse_field("last_update_time", self.card(last_update_time=wrong))

    def test_a_time_ahead_of_now(self):
        # A time in the future would make the card refuse all later messages.
        card = self.card(last_update_time=time_text(time.time() + 300))
        self.send(card)
        for wrong in (time_text(time.time() + 360), time_text(time.time() + DAY), "9999-12-31 23:59:59"):
            self.refuse_field("last_update_time.*300 seconds ahead", self.card(last_update_time=wrong))
            for action in ("UPDATE", "REVOKE"):
                self.refuse_field("last_update_time", {**card, "action": action, "last_update_time": wrong})
        self.send({**card, "action": "REVOKE"})


class Life(CardTest):
    def test_issue_update_revoke_and_issue_again(self):
        card = self.issued(balance="10.00")
        for seconds, action, balance, left in ((1, "UPDATE", "12.00", 1200), (2, "UPDATE", None, 1200),
                                               (3, "UPDATE", "3.00", 300), (4, "REVOKE", None, 0),
                                               (5, "ISSUE", "7.00", 700)):
            message = {**card, "action": action, "last_update_time": time_text(NOW + seconds), "balance": balance}
            self.send(message)
            self.assertEqual(self.left(card), left)

    def test_update_and_revoke_need_a_card(self):
        for action in ("UPDATE", "REVOKE"):
            self.refuse_card("CARD_NOT_EXIST", self.card(action=action))

    def test_a_card_is_issued_once(self):
        card = self.issued(card_data="00")
        self.send(card)
        for change in ({"card_data": "01"}, {"last_update_time": time_text(NOW + 1)}):
            self.refuse_card("CARD_ALREADY_EXIST", {**card, **change})

    def test_another_user_s_card(self):
        card = self.issued()
        for action in ("ISSUE", "UPDATE", "REVOKE"):
            self.refuse_card("USER_NOT_MATCH", {**card, "action": action, "user_id": self.gate.user()})

    def test_a_revoked_card(self):
        card = self.issued(balance="5.00")
        revoked = {**card, "action": "REVOKE", "last_update_time": time_text(NOW + 10)}
        self.send(revoked)
        self.send(revoked)
        self.refuse_card("CARD_REVOKED", {**card, "action": "UPDATE", "last_update_time": time_text(NOW + 11)})
        self.assertEqual(self.left(card), 0)

    def test_an_older_update_does_not_overwrite(self):
        card = self.issued(balance="5.00", last_update_time=time_text(NOW))
        self.send({**card, "action": "UPDATE", "balance": "9.00", "last_update_time": time_text(NOW + 10)})
        for seconds in (9, 0, -DAY):
            self.send({**card, "action": "UPDATE", "balance": "1.00", "last_update_time": time_text(NOW + seconds)})
            self.assertEqual(self.left(card), 900)
        self.send({**card, "action": "REVOKE", "last_update_time": time_text(NOW + 9)})
        self.assertEqual(self.left(card), 900)

    def test_an_issue_that_comes_again_after_an_update(self):
        card = self.issued(balance="5.00")
        self.send({**card, "action": "UPDATE", "balance": "6.00", "last_update_time": time_text(NOW + 1)})
        self.send(card)
        self.assertEqual(self.left(card), 600)

    def test_an_old_issue_does_not_revive_a_revoked_card(self):
        card = self.issued(balance="5.00")
        self.send({**card, "action": "REVOKE", "last_update_time": time_text(NOW + 10)})
        self.client.call(VIRTUALCARD_SEND, card)
        self.assertEqual(self.left(card), 0)

    def test_an_issue_that_is_older_than_the_last_revoke(self):
        card = self.issued(balance="5.00")
        for seconds in (10, 20):
            self.send({**card, "action": "REVOKE", "last_update_time": time_text(NOW + seconds)})
        self.send({**card, "balance": "7.00", "last_update_time": time_text(NOW + 15)})
        self.assertEqual(self.left(card), 0)
        # A message of the same second has no effect either, and is refused.
        self.refuse_card("CARD_REVOKED", {**card, "balance": "7.00", "last_update_time": time_text(NOW + 20)})
        self.assertEqual(self.left(card), 0)
        self.send({**card, "balance": "7.00", "last_update_time": time_text(NOW + 21)})
        self.assertEqual(self.left(card), 700)

    def test_a_revoke_after_too_many_messages_of_one_second(self):
        card = self.issued(balance="5.00")
        updates = [{**card, "action": "UPDATE", "balance": f"{count}.00"} for count in range(1, 257)]
        for update in updates[:-1]:
            self.send(update)
        self.refuse_card("TOO_MANY_MESSAGES", updates[-1])
        self.refuse_card("CARD_ALREADY_EXIST", {**updates[-1], "action": "ISSUE"})
        self.assertEqual(self.left(card), 25500)
        # The same message again is still recognised.
        self.send(updates[0])
        self.assertEqual(self.left(card), 25500)
        self.send({**card, "action": "REVOKE"})
        self.assertEqual(self.left(card), 0)
        self.refuse_card("CARD_REVOKED", updates[-1])
        # The next second starts a new count.
        self.send({**card, "last_update_time": time_text(NOW + 1)})
        self.send({**updates[-1], "last_update_time": time_text(NOW + 1)})
        self.assertEqual(self.left(card), 25600)

    def test_a_time_from_when_the_gateway_s_clock_was_wrong(self):
        for revoked in (False, True):
            with self.subTest(revoked=revoked):
                now = int(time.time())
                card = self.issued(balance="5.00", last_update_time=time_text(now))
                if revoked:
                    self.send({**card, "action": "REVOKE"})
                with self.server.sql() as db:
                    db.execute("UPDATE card SET updated_at = 253402271999 WHERE card_no = ?", (card["card_no"],))
                if revoked:
                    later = {**card, "last_update_time": time_text(now + 1)}
                    self.refuse_card("CARD_REVOKED", later)
                    self.send({**card, "action": "REVOKE"})
                    self.send(later)
                    self.assertEqual(self.left(card), 500)
                else:
                    self.send({**card, "action": "UPDATE", "balance": "6.00"})
                    self.assertEqual(self.left(card), 600)
                    # The card's time is an ordinary one again.
                    older = {**card, "action": "UPDATE", "balance": "7.00", "last_update_time": time_text(now - 1)}
                    self.send(older)
                    self.assertEqual(self.left(card), 600)

    def test_what_was_said_long_ago_does_not_count_when_the_clock_is_set_back(self):
        for revoked in (False, True):
            for age in (360, DAY):
                for action in ("ISSUE", "UPDATE", "REVOKE"):
                    with self.subTest(revoked=revoked, action=action, age=age):
                        now = int(time.time())
                        card = self.issued(balance="5.00", last_update_time=time_text(now - 2 * DAY))
                        self.send({**card, "action": "REVOKE" if revoked else "UPDATE", "balance": "9.00",
                                   "last_update_time": time_text(now)})
                        # The card's time as seen by a gateway whose clock is an hour behind.
                        with self.server.sql() as db:
                            db.execute("UPDATE card SET updated_at = ? WHERE card_no = ?", (now + 3600, card["card_no"]))
                        old = {**card, "action": action, "balance": "1.00", "last_update_time": time_text(now - age)}
                        self.refuse_card("CARD_TIME_AHEAD", old)
                        self.assertEqual(self.left(card), 0 if revoked else 900)
                        # The new message takes effect, in the same second.
                        self.send({**card, "action": "REVOKE", "last_update_time": time_text(now)})
                        self.assertEqual(self.left(card), 0)
                        # The card's time is an ordinary one again.
                        self.send(old)
                        self.assertEqual(self.left(card), 0)

    def test_user_ids_that_are_nobody_s(self):
        for user in ("1", "2" * 15, "2" * 17, "2" * 64):
            self.refuse_card("USER_NOT_EXIST", self.card(user_id=user))

    def test_the_plain_code_is_no_merchant_s_card(self):
        self.refuse_card("CARD_TYPE_NO_RIGHT", self.card(card_type="ANT00001"), sub_code="NO_RIGHT")


class Orders(CardTest):
    """Messages of one card in every order (docs/gateway.md, "Cards")."""

    # Each message has its own content.
    MESSAGES = [(action, seconds) for action in ("ISSUE", "UPDATE", "REVOKE") for seconds in (-60, 0, 60)]
    # The refusals by action, state of the card, and time of the message against the card's time (None without a
    # card). All other messages succeed.
    REFUSALS = {
        ("UPDATE", "none", None): "CARD_NOT_EXIST", ("REVOKE", "none", None): "CARD_NOT_EXIST",
        ("ISSUE", "open", "same"): "CARD_ALREADY_EXIST", ("ISSUE", "open", "newer"): "CARD_ALREADY_EXIST",
        ("ISSUE", "revoked", "same"): "CARD_REVOKED",
        ("UPDATE", "revoked", "same"): "CARD_REVOKED", ("UPDATE", "revoked", "newer"): "CARD_REVOKED",
    }

    def end(self, accepted):
        """The card's state after the messages that got SUCCESS, in order of arrival."""
        if not accepted:
            return "none", None, None
        action, seconds = max(
            accepted, key=lambda message: (message[1], message[0] == "REVOKE", accepted.index(message)))
        if action == "REVOKE":
            return "revoked", seconds, 0
        return "open", seconds, self.cents((action, seconds))

    def cents(self, message):
        return 100 * (self.MESSAGES.index(message) + 1)

    def content(self, card, message):
        action, seconds = message
        return {**card, "action": action, "last_update_time": time_text(NOW + seconds),
                "balance": f"{self.cents(message) // 100}.00"}

    def expected(self, accepted, message):
        """The refusal; None for SUCCESS."""
        state, seconds, _ = self.end(accepted)
        if message in accepted:
            return None
        difference = None if seconds is None else message[1] - seconds
        age = None if seconds is None else "older" if difference < 0 else "same" if difference == 0 else "newer"
        return self.REFUSALS.get((message[0], state, age))

    def run_order(self, order):
        """Sends the messages. Returns the card's number and its expected state."""
        if not hasattr(self.clients, "one"):
            self.clients.one = Client(self.server, key=self.client.key)
            self.addCleanup(self.clients.one.close)
        with self.lock:
            card = self.card()
        accepted = []
        for place, message in enumerate(order):
            reply = self.clients.one.call(VIRTUALCARD_SEND, self.content(card, message))
            answer = None if reply.code == "10000" else reply["sub_error_code"]
            self.assertEqual(answer, self.expected(accepted, message), f"{order}, message {place}")
            if answer is None:
                accepted.append(message)
        return card["card_no"], (order, self.end(accepted))

    def check(self, orders):
        self.clients, self.lock = threading.local(), threading.Lock()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            ends = dict(pool.map(self.run_order, orders))
        with self.server.sql() as db:
            rows = db.execute(
                "SELECT card_no, is_revoked, updated_at, COALESCE(balance_cent, 0) FROM card "
                "LEFT JOIN account ON kind = 'card' AND owner = card_type || '/' || card_no").fetchall()
        found = {card_no: ("revoked" if revoked else "open", time - NOW, left) for card_no, revoked, time, left in rows}
        for card_no, (order, state) in ends.items():
            self.assertEqual(found.get(card_no, ("none", None, None)), state, order)
        return len(ends)

    def test_up_to_three_messages(self):
        orders = [order for count in (1, 2, 3) for order in itertools.product(self.MESSAGES, repeat=count)]
        self.assertEqual(self.check(orders), 9 + 81 + 729)

    def test_four_messages_after_an_issue(self):
        orders = [order for order in itertools.permutations(self.MESSAGES, 4) if order[0][0] == "ISSUE"]
        self.assertEqual(self.check(orders), 3 * 8 * 7 * 6)


class OtherMerchants(CardTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.stop()
        cls.client.close()
        with cls.server.sql() as db:
            db.execute("INSERT INTO merchant SELECT 'other', 'Other', 'other@example.com', public_key, 1, 0 "
                       "FROM merchant")
        cls.server.start()
        cls.other = Client(cls.server, app_id="other", key=cls.client.key)

    def test_a_card_type_is_its_first_merchant_s(self):
        card = self.issued(balance="5.00")
        for action in ("ISSUE", "UPDATE", "REVOKE"):
            message = {**card, "action": action, "last_update_time": time_text(NOW + 1), "balance": "900.00"}
            self.refuse_card("CARD_TYPE_NO_RIGHT", message, "NO_RIGHT", self.other)
        self.refuse_card("CARD_TYPE_NO_RIGHT", self.card(), "NO_RIGHT", self.other)
        self.assertEqual(self.left(card), 500)
        other = self.card(card_type="CITY0009")
        self.assertEqual(self.other.call(VIRTUALCARD_SEND, other).code, "10000")
        self.refuse_card("CARD_TYPE_NO_RIGHT", {**other, "action": "REVOKE"}, "NO_RIGHT")
