"""User ids are exactly 16 printable ASCII characters. Names and numbers are one line."""


from support import DATA_SEND, VIRTUALCARD_SEND, GatewayTest, number, time_text


class UserIDs(GatewayTest):
    def test_a_card_is_issued_to_16_printable_ascii_characters(self):
        card = {"action": "ISSUE", "last_update_time": time_text(), "card_type": "CITY0001"}
        for wrong in ("é" * 8, "公" * 5 + "x", "2" * 14 + "é", "２０８８" + "0" * 4):
            with self.subTest(wrong=wrong):
                reply = self.refuse("40004", "FAIL", "16", VIRTUALCARD_SEND,
                                    {**card, "card_no": number("C"), "user_id": wrong})
                self.assertEqual(reply["sub_error_code"], "USER_NOT_EXIST")
        for wrong in ("\n" * 16, "\t" * 16, "2" * 15 + "\r", "2" * 14 + "\u0085", "2" * 15 + "\x7f"):
            with self.subTest(wrong=wrong):
                self.refuse("40004", "ILLEGAL_PARAMS", "user_id", VIRTUALCARD_SEND,
                            {**card, "card_no": number("C"), "user_id": wrong})
        with self.server.sql() as db:
            self.assertEqual(db.execute("SELECT user_id FROM rider").fetchall(), [])
        for right in ("2088000000000001", "abcDEF-~!@#$%^&*", "0" * 16):
            self.succeed(VIRTUALCARD_SEND, {**card, "card_no": number("C"), "user_id": right})

    def test_names_are_one_line(self):
        for name in ("user_id", "out_trade_no", "seller_login_name"):
            for character in "\n\t\r\u0085":
                with self.subTest(name=name, character=character):
                    self.failed("ILLEGAL_PARAMS", name, self.gate.trade(**{name: "a" + character + "b"}))
        self.settled(self.gate.trade(subject="two\nlines"))
        for character in "\n\t\r\u0085":
            self.refuse("40004", "ILLEGAL_PARAMS", "target_id", DATA_SEND, {
                "scene_code": "x", "op_code": "x", "channel": "x", "version": "x", "target_id": "a" + character,
                "op_data": {"info": [{"type": "order"}]}})
            self.refuse("40004", "ILLEGAL_PARAMS", "biz_no", DATA_SEND, {
                "scene_code": "x", "op_code": "x", "channel": "x", "version": "x", "target_id": "a",
                "op_data": {"info": [{"type": "order", "biz_no": "a" + character}]}})
