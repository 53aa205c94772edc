"""Input that is ambiguous or not exact is refused: JSON, amounts, user ids."""

import json
import os
import re
import subprocess
import urllib.parse

from processes import cpu_time
from support import (
    DATA_SEND,
    KEY_QUERY,
    TRADE_SETTLE,
    VIRTUALCARD_SEND,
    GatewayTest,
    command,
    number,
    temporary_directory,
    time_text,
)

BOM = "\ufeff"
# Each text with a word of its refusal.
NOT_JSON = (
    ('{"a":1,}', "comma"), ('{"a":[1,]}', "comma"), ('{"a":[1,],"b":2}', "comma"), ('{,"a":1}', "byte 1"),
    ('{"a":1,,"b":2}', "byte 7"), ('{"a":[,1]}', "byte 6"), (BOM + '{"a":1}', "byte order mark"),
    ('{"a":1}' + BOM, "byte 7"), ('{"a":1,"a":1}', "twice"), ('{"a":1,"b":{"c":1,"d":2,"c":3}}', "twice"),
    ('{"a":1,"\\u0061":2}', "twice"), ('{"\u00e9":1,"e\u0301":2}', "twice"), ('[{"a":1,"a":2}]', "twice"),
    ("{'a':1}", "byte 1"), ("{a:1}", "byte 1"), ('{"a":01}', "byte 6"), ('{"a":+1}', "byte 5"), ('{"a":.5}', "byte 5"),
    ('{"a":5.}', "byte 7"), ('{"a":1e}', "byte 7"), ('{"a":0x10}', "byte 6"), ('{"a":NaN}', "byte 5"),
    ('{"a":Infinity}', "byte 5"), ('{"a":-}', "byte 6"), ('{"a":"\\x41"}', "byte 6"), ('{"a":"\\ud83d"}', "byte 6"),
    ('{"a":"\\ude8c\\ud83d"}', "byte 6"), ('{"a":"\\u12g4"}', "byte"), ('{"a":"\n"}', "byte 6"), ('{"a":"x}', "byte 8"),
    ('{"a":tru}', "byte 5"), ('{"a":TRUE}', "byte 5"), ('{"a":1} // comment', "byte 8"), ('{"a":/**/1}', "byte 5"),
    ('{"a":1}{}', "byte 7"), ('{"a" 1}', "byte 5"), ('{"a":}', "byte 5"), ('{"a"}', "byte 4"), ("{", "byte 1"),
    ('{"a":\u00a01}', "byte 5"), ('{"a":[1}', "byte 7"), ('{"a":1]', "byte 6"), ("", ""),
    ('{"a":' + "[" * 200 + "]" * 200 + "}", "levels"), ('{"\\u0301' + "\\u0316\\u0301" * 15 + '":1}', "combining marks"),
    ('{"a":"\\u0301' + "\\u0f73" * 30 + '"}', "combining marks"),
)
JSON = (
    '{}', ' { "any" : [ "thing" , 1.5e-3, -0, true, false, null, {}, [] ] } \r\n', '{"":""}', '{"a":{"a":{"a":1}}}',
    '{"s":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude8c"}', '{"emoji":"🚌","bom":"\ufeff"}', '{"n":1e400}',
    '{"n":123456789012345678901234567890}', '{"a":' + "[" * 100 + "]" * 100 + "}",
    '{"' + "e\u0301\u0316" * 30 + '":"' + "e" + "\u0301" * 30 + '"}',
)


class StrictJSON(GatewayTest):
    def test_the_content_of_a_call(self):
        for text, says in NOT_JSON:
            if text:
                with self.subTest(text=text[:40]):
                    self.refuse("40002", "isv.illegal-json", says, KEY_QUERY, text)
        for text in JSON:
            with self.subTest(text=text[:40]):
                self.succeed(KEY_QUERY, text)

    def card(self, ext_info):
        return {"action": "ISSUE", "user_id": self.gate.user(), "last_update_time": time_text(),
                "card_type": "CITY0001", "card_no": number("C"), "ext_info": ext_info}

    def test_strings_that_hold_json(self):
        for text, _ in NOT_JSON:
            if text:
                with self.subTest(text=text[:40]):
                    self.refuse("40004", "ILLEGAL_PARAMS", "ext_info", VIRTUALCARD_SEND, self.card(text))
                    self.failed("ILLEGAL_PARAMS", "order_biz_context", self.gate.trade(order_biz_context=text))
                    self.refuse("40004", "ILLEGAL_PARAMS", "op_data", DATA_SEND, {
                        "scene_code": "x", "op_code": "x", "channel": "x", "version": "x", "target_id": "x",
                        "op_data": text})
        for text in JSON:
            with self.subTest(text=text[:40]):
                self.succeed(VIRTUALCARD_SEND, self.card(text))
                self.settled(self.gate.trade(order_biz_context=text))

    def test_escapes_are_read_as_what_they_spell(self):
        trade = self.gate.trade()
        trade["out_trade_no"] = "T\"\\/\ud83d\ude8c".encode("utf-16", "surrogatepass").decode("utf-16") + number()
        content = json.dumps({"trade_list": [trade]}).replace("/", "\\/")
        self.assertIn("\\ud83d\\ude8c", content)
        (result,) = self.client.call(TRADE_SETTLE, content)["result_list"]
        self.assertEqual((result["result"], result["out_trade_no"]), ("SUCCESS", trade["out_trade_no"]))

    def test_a_duplicate_never_settles(self):
        for spelt in ("amount", "\\u0061mount"):
            trade = self.gate.trade(self.gate.record(amount=2000))
            content = json.dumps({"trade_list": [trade]}).replace('"amount"', f'"{spelt}": "19.00", "amount"')
            self.refused("40002", "isv.illegal-json", "twice", self.client.call(TRADE_SETTLE, content))
            self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_settings_files(self):
        directory = temporary_directory()
        path = os.path.join(directory, "settings.json")
        # If one of these were accepted, the server would start on a free port.
        for content, says in (
            ('{"port": 0,}', "comma"), (BOM + '{"port": 0}', "byte order mark"), ('{"port": 0, "port": 0}', "twice"),
            ('{"ride": {"cap": 100}, "port": 0, "ride": {"cap": 200}}', "twice"),
            ('{"ride": {"cap": 100}, "port": 0, "ride.cap": 200}', "ride.cap is there twice"),
            ('{"port": 0, "host": "\\ud83d"}', "byte"), ('{"port": 0} {}', "byte"), (b'{"port": 0, "host": "\xff"}', "UTF-8"),
        ):
            with self.subTest(content=content), open(path, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
                file.flush()
                try:
                    result = command("serve", "--data", os.path.join(directory, "data"), "--config", path, timeout=5)
                except subprocess.TimeoutExpired:
                    self.fail("it has started")
                self.assertGreater(result.returncode, 0)
                self.assertRegex(result.stderr, "Error: .*" + re.escape(says))


class LongInput(GatewayTest):
    """Processor time grows linearly with the length of the input."""

    @staticmethod
    def notice(**members):
        return json.dumps({
            "scene_code": "x", "op_code": "x", "channel": "x", "version": "x", "target_id": "2088000000000001",
            "op_data": {"info": [{
                "type": "order", "subject": "x", "biz_time": time_text(), "asset_name": "ALIPAY", "city_name": "x",
                "line_name": "x", "start_station_name": "x", "vehicle_id": "x", "vehicle_type": "BUS",
                "partner_name": "x", "partner_id": "x", "biz_no": number("B"), **members}]}})

    def cases(self, count):
        """Texts of about `count` bytes, each with the code of its answer."""
        marks = "\u0301\u0316"
        yield "escapes", "10000", (KEY_QUERY, '{"x":"' + "\\n" * (count // 2) + '"}')
        yield "escaped surrogates", "10000", (KEY_QUERY, '{"x":"' + "\\ud83d\\ude8c" * (count // 12) + '"}')
        yield "combining marks", "40002", (KEY_QUERY, '{"' + marks * (count // 12) + '":1}')
        yield "escaped combining marks", "40002", (KEY_QUERY, '{"' + "\\u0301\\u0316" * (count // 12) + '":1}')
        yield "marks that are made of two", "40002", (KEY_QUERY, '{"' + "\\u0f73" * (count // 6) + '":1}')
        yield "marks as a method", "40002", (marks * (count // 12),)
        yield "characters with marks", "10000", (KEY_QUERY, '{"' + ("e" + marks) * (count // 13) + '":1}')
        for name, digits in (("digits", "9"), ("decimals", "1." + "9"), ("zeros", "0." + "0"), ("exponent", "1e9")):
            yield name, "10000", (KEY_QUERY, '{"x":' + digits + digits[-1] * count + "}")
            yield name + " that are kept", "10000", (
                DATA_SEND, self.notice(x="@").replace('"@"', digits + digits[-1] * count))
        yield "numbers", "10000", (KEY_QUERY, '{"x":[' + "1.5," * (count // 4) + "1]}")
        yield "members", "10000", (KEY_QUERY, "{" + ",".join(f'"{index:x}":1' for index in range(count // 10)) + "}")
        yield "one level after the other", "40002", (KEY_QUERY, "[" * count)
        yield "many levels", "10000", (KEY_QUERY, '{"x":[' + ("[" * 120 + "]" * 120 + ",") * (count // 241) + "1]}")
        yield "a parameter that is decoded", "10000", (KEY_QUERY, "{" + "\n" * (count // 3) + "}")

    def test_the_time_grows_with_the_length(self):
        used = {}
        for count in (400_000, 1_600_000):
            for name, code, arguments in self.cases(count):
                with self.subTest(name, count=count):
                    parameters = self.client.parameters(*arguments)
                    # Without needless percent-encoding, so that the body is about as long as its texts.
                    body = urllib.parse.urlencode(parameters, safe='{}[]":,\\/')
                    body = body.replace("%CC%81%CC%96", "\u0301\u0316")
                    self.assertLess(len(body.encode()), 2 << 20)
                    before = cpu_time(self.server)
                    self.assertEqual(self.client.answer(body=body).code, code)
                    used[name, count] = cpu_time(self.server) - before
        for name in {name for name, _ in used}:
            # In ticks. Some of them come from other work of the server.
            self.assertLess(used[name, 1_600_000], 8 * used[name, 400_000] + 50, name)


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
