"""Amounts are exact decimals in every field."""

import json

from support import DATA_SEND, TRADE_SETTLE, VIRTUALCARD_SEND, GatewayTest, number, time_text


class ExactAmounts(GatewayTest):
    WRONG = ("1.9999999999999999999", "2.0000000000000000001", "1.99999999999999999", "0.9999999999999999999999",
             "2.00000000000000000000000000000000000000000001", "1e400", "1e-400", "1E+99999999999999999999", "2e-3",
             "200000000000000000001e-20", "-2", "-0", "-0.0", "-1e-400", "0.005", "1e9")
    RIGHT = (("2.00", 200), ("2.000000000000000000000000000", 200), ("2e0", 200), ("0.2e1", 200), ("20e-1", 200),
             ("200000000000000000000e-20", 200), ("1.99", 199), ("0.01", 1), ("1e-2", 1), ("0.0000001e5", 1),
             ("1e+1", 1000))

    def settle(self, spelt):
        trade = self.gate.trade(self.gate.record(amount=2000), amount="@")
        reply = self.client.call(TRADE_SETTLE, json.dumps({"trade_list": [trade]}).replace('"@"', spelt))
        return trade, reply["result_list"][0]

    def test_of_a_trade(self):
        for spelt in self.WRONG:
            with self.subTest(spelt=spelt):
                trade, result = self.settle(spelt)
                self.check_failure(result, "ILLEGAL_PARAMS", "amount")
                self.assertEqual(self.paid(trade["user_id"]), 0)
                # As a JSON string, too.
                self.failed("ILLEGAL_PARAMS", "amount", self.gate.trade(self.gate.record(amount=2000), amount=spelt))
        for spelt, cents in self.RIGHT:
            with self.subTest(spelt=spelt):
                trade, result = self.settle(spelt)
                self.assertEqual(result["result"], "SUCCESS", result)
                self.assertEqual(self.paid(trade["user_id"]), cents)

    def test_of_a_card_and_of_a_notice(self):
        card = {"action": "ISSUE", "last_update_time": time_text(), "card_type": "CITY0001"}
        for spelt in self.WRONG:
            with self.subTest(spelt=spelt):
                message = json.dumps({**card, "user_id": self.gate.user(), "card_no": number("C"), "balance": "@"})
                self.refused("40004", "ILLEGAL_PARAMS", "balance",
                             self.client.call(VIRTUALCARD_SEND, message.replace('"@"', spelt)))
        for spelt, cents in self.RIGHT:
            with self.subTest(spelt=spelt):
                message = {**card, "user_id": self.gate.user(), "card_no": number("C"), "balance": "@"}
                reply = self.client.call(VIRTUALCARD_SEND, json.dumps(message).replace('"@"', spelt))
                self.assertEqual(reply.code, "10000", reply.body)
                self.assertEqual(self.server.balance("card", "CITY0001/" + message["card_no"]), cents)

    def test_of_a_notice(self):
        notice = {"type": "order", "subject": "x", "biz_time": time_text(), "asset_name": "ALIPAY", "city_name": "x",
                  "line_name": "x", "start_station_name": "x", "vehicle_id": "x", "vehicle_type": "BUS",
                  "partner_name": "x", "partner_id": "x"}

        def send(spelt, biz_no):
            content = json.dumps({
                "scene_code": "x", "op_code": "x", "channel": "x", "version": "x", "target_id": "2088000000000001",
                "op_data": {"info": [{**notice, "biz_no": biz_no, "amount": "@"}]}})
            return self.client.call(DATA_SEND, content.replace('"@"', spelt))

        for spelt in self.WRONG:
            if spelt != "1e9":
                with self.subTest(spelt=spelt):
                    self.refused("40004", "ILLEGAL_PARAMS", "amount", send(spelt, number("B")))
        # Two spellings of one amount are the same notice.
        name = number("B")
        for spelt in ("1.5", "1.50", "15e-1", "0.15E+1"):
            self.assertEqual(send(spelt, name).code, "10000")
        self.refused("40004", "FAIL", name, send("1.51", name))
        name = number("B")
        for spelt in ("2.0", "2.00", "2e0"):
            self.assertEqual(send(spelt, name).code, "10000")
        self.refused("40004", "FAIL", name, send("2", name))

    def test_places_are_decimal_degrees(self):
        notice = {"type": "order", "subject": "x", "biz_time": time_text(), "asset_name": "ALIPAY", "city_name": "x",
                  "line_name": "x", "start_station_name": "x", "vehicle_id": "x", "vehicle_type": "BUS",
                  "partner_name": "x", "partner_id": "x"}
        for wrong in ("0x1p3,0", "1e1,2", "0,0x5", "+1,2", " 1,2", "1,2 ", "1.,2", ".5,2"):
            with self.subTest(wrong=wrong):
                self.refuse("40004", "ILLEGAL_PARAMS", "start_lbs", DATA_SEND, {
                    "scene_code": "x", "op_code": "x", "channel": "x", "version": "x", "target_id": "2088000000000001",
                    "op_data": {"info": [{**notice, "biz_no": number("B"), "start_lbs": wrong}]}})
