"""Rides on prepaid cards."""


from cards import NOW, CardTest
from support import VIRTUALCARD_SEND, time_text


class Money(CardTest):
    def balances(self):
        return [self.server.balance(kind, self.client.app_id) or 0 for kind in ("merchant", "float")]

    def test_a_ride_is_paid_from_the_card(self):
        earned, put_in = self.balances()
        card = self.issued(balance="5.00")
        self.settled(self.ride(card))
        self.assertEqual((self.left(card), self.paid(card["user_id"])), (300, 0))
        self.assertEqual(self.balances(), [earned + 200, put_in - 500])

    def test_down_to_nothing_and_not_below(self):
        card = self.issued(balance="5.00")
        self.settled(self.ride(card, "3.00"), self.ride(card, "2.00"))
        self.assertEqual(self.left(card), 0)
        self.failed("CARD_BALANCE_NOT_ENOUGH", "balance", self.ride(card, "0.01"))
        self.assertEqual((self.left(card), self.paid(card["user_id"])), (0, 0))

    def test_not_enough_for_two_in_one_list(self):
        card = self.issued(balance="3.00")
        first, second, third = self.client.settle(self.ride(card), self.ride(card), self.ride(card, "1.00"))
        self.assertEqual((first["result"], third["result"]), ("SUCCESS", "SUCCESS"))
        self.check_failure(second, "CARD_BALANCE_NOT_ENOUGH")
        self.assertEqual(self.left(card), 0)

    def test_a_card_issued_with_nothing_on_it(self):
        card = self.issued(balance="0")
        self.failed("CARD_BALANCE_NOT_ENOUGH", "", self.ride(card))
        self.send({**card, "action": "UPDATE", "balance": "2.00", "last_update_time": time_text(NOW + 1)})
        self.settled(self.ride(card))
        self.assertEqual(self.left(card), 0)

    def test_a_card_that_is_paid_afterwards(self):
        card = self.issued()
        self.settled(self.ride(card))
        self.assertEqual((self.left(card), self.paid(card["user_id"])), (None, 200))

    def test_another_user_s_code_does_not_spend_what_is_on_the_card(self):
        card = self.issued(balance="5.00")
        other = self.gate.user()
        self.settled(self.ride({**card, "user_id": other}))
        self.assertEqual((self.left(card), self.paid(other)), (500, 200))

    def test_a_card_that_nobody_has_issued(self):
        card = self.card()
        self.settled(self.ride(card))
        self.assertEqual(self.paid(card["user_id"]), 200)

    def test_a_ride_with_a_card_that_was_disabled_meanwhile(self):
        # The ride has taken place.
        card = self.issued(balance="5.00")
        trade = self.ride(card)
        self.send({**card, "action": "UPDATE", "balance": None, "disabled": True, "disabled_tips": "Pay first"})
        self.settled(trade)
        self.assertEqual((self.left(card), self.paid(card["user_id"])), (300, 0))

    def test_revoking_pays_back_what_is_left(self):
        _, put_in = self.balances()
        card = self.issued(balance="5.00")
        self.settled(self.ride(card))
        self.send({**card, "action": "REVOKE", "last_update_time": time_text(NOW + 1)})
        self.assertEqual((self.left(card), self.balances()[1]), (0, put_in - 200))
        # Rides before that are charged to the rider.
        self.settled(self.ride(card))
        self.assertEqual((self.left(card), self.paid(card["user_id"])), (0, 200))

    def test_a_message_that_comes_again_does_not_undo_a_ride(self):
        # The answer is lost, and a ride is paid before the merchant sends the same message again.
        card = self.issued(balance="5.00")
        self.settled(self.ride(card))
        self.send(card)
        self.assertEqual(self.left(card), 300)
        update = {**card, "action": "UPDATE", "balance": "9.00", "last_update_time": time_text(NOW + 1)}
        self.send(update)
        self.settled(self.ride(card))
        self.assertEqual(self.left(card), 700)
        self.send(update)
        self.assertEqual(self.left(card), 700)

    def test_an_issue_under_the_same_time_with_another_balance(self):
        # A different message may be refused or take effect. It must not succeed without effect.
        card = self.issued(balance="5.00")
        reply = self.client.call(VIRTUALCARD_SEND, {**card, "balance": "8.00"})
        self.assertEqual((reply.code, self.left(card)), ("40004", 500), reply.body.decode())

    def test_an_issue_that_comes_again_after_the_card_was_revoked(self):
        # Both within one second.
        card = self.issued(balance="5.00")
        self.send({**card, "action": "REVOKE"})
        self.client.call(VIRTUALCARD_SEND, card)
        self.assertEqual(self.left(card), 0)

    def test_the_largest_balance(self):
        self.assertEqual(self.left(self.issued(balance="100000000")), 10 ** 10)
        self.refuse("40004", "ILLEGAL_PARAMS", "balance", VIRTUALCARD_SEND, self.card(balance="100000000.01"))
