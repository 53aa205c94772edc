"""Long input: processor time grows linearly with the length."""

import json
import urllib.parse

from processes import cpu_time
from support import DATA_SEND, KEY_QUERY, GatewayTest, number, time_text


class LongInput(GatewayTest):
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
