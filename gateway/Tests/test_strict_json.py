"""JSON is strict: what two parsers could read in two ways is refused."""

import json
import os
import re
import subprocess

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
