"""trade.settle: several merchants."""

import hashlib

from support import Client, GatewayTest, number, record, user_of


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
