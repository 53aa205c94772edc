"""Shared by the tests of cards: messages about a card, its balance, a ride on it."""

import time

from support import VIRTUALCARD_SEND, GatewayTest, number, time_text

NOW = int(time.time())


class CardTest(GatewayTest):
    card_type = "CITY0001"

    def card(self, **changes):
        """A message about a new card of a new rider."""
        card = {"action": "ISSUE", "user_id": self.gate.user(), "last_update_time": time_text(NOW),
                "card_type": self.card_type, "card_no": number("C"), **changes}
        return {name: value for name, value in card.items() if value is not None}

    def send(self, card):
        reply = self.succeed(VIRTUALCARD_SEND, card)
        self.assertEqual(
            {name: value for name, value in reply.content.items() if name not in ("code", "msg")},
            {name: card[name] for name in ("user_id", "card_type", "card_no")})

    def issued(self, **changes):
        card = self.card(**changes)
        self.send(card)
        return card

    def refuse_card(self, sub_error_code, card, sub_code="FAIL", client=None):
        reply = (client or self.client).call(VIRTUALCARD_SEND, card)
        self.assertEqual((reply.code, reply.sub_code), ("40004", sub_code), reply.body.decode())
        self.assertEqual(reply["sub_error_code"], sub_error_code)
        self.assertEqual([reply["error_message"], reply["err_message"]], [reply.sub_msg] * 2)
        self.assertLessEqual(len(reply["err_message"]), 128)
        for name in ("user_id", "card_type", "card_no"):
            self.assertEqual(reply[name], card[name])

    def left(self, card):
        return self.server.balance("card", f"{card['card_type']}/{card['card_no']}")

    def ride(self, card, amount="2.00"):
        code = self.gate.code("--uid", card["user_id"], "--card-type", card["card_type"], "--card-no", card["card_no"])
        return self.gate.trade(self.gate.record(code, amount=0), amount=amount)
