"""The envelope of every call: places of parameters, signature, codes and their order, form of the reply."""

import base64
import html
import http.client
import json
import socket
import time
import urllib.parse

from rsa2 import Key
from support import (
    DATA_SEND,
    DAY,
    KEY_QUERY,
    RECORD_VERIFY,
    TRADE_SETTLE,
    GatewayTest,
    canonical,
    command,
    exchange,
    number,
    read,
    temporary_directory,
    time_text,
)

encode = urllib.parse.urlencode
POST = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\n"
INVALID_SIGNATURE = "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为："


def escaped(text):
    return html.escape(text).replace("&#x27;", "&#39;")


class Placement(GatewayTest):
    def setUp(self):
        self.parameters = self.client.parameters(RECORD_VERIFY, {"record": "00"}, app_auth_token="a b+c", alipay_sdk="")

    def arrives(self, *arguments, **options):
        """The business rule refuses, so all parameters have arrived and the signature holds."""
        self.refused("40004", "ILLEGAL_PARAMS", "not a record", self.client.answer(*arguments, **options))

    def test_all_in_the_body(self):
        self.arrives(body=encode(self.parameters))

    def test_all_in_the_query_of_a_post(self):
        self.arrives(encode(self.parameters), body="")
        self.arrives(encode(self.parameters))

    def test_all_in_the_query_of_a_get(self):
        self.arrives(encode(self.parameters), verb="GET")

    def test_split_anywhere(self):
        items = list(self.parameters.items())
        for first in range(len(items) + 1):
            with self.subTest(first=first):
                self.arrives(encode(items[:first]), body=encode(items[first:]))
                self.arrives(encode(items[first:]), body=encode(items[:first]))

    def test_an_absolute_form_target(self):
        for base in (f"http://127.0.0.1:{self.server.port}", "http://openapi.example.com", "https://example.com:443"):
            with self.subTest(base=base):
                self.arrives(target=f"{base}/gateway.do?" + encode(self.parameters))
                self.arrives(target=f"{base}/gateway.do?" + encode(self.parameters), verb="GET")
                self.arrives(target=f"{base}/gateway.do", body=encode(self.parameters))

    def test_plus_and_percent_20_are_both_space(self):
        for quote in (urllib.parse.quote, urllib.parse.quote_plus):
            with self.subTest(quote=quote.__name__):
                self.arrives(body=encode(self.parameters, quote_via=quote))

    def test_percent_escapes_in_either_case_and_where_none_is_needed(self):
        for form in ("%{:02x}", "%{:02X}"):
            body = "&".join(f"{name}=" + "".join(form.format(byte) for byte in value.encode())
                            for name, value in self.parameters.items())
            self.arrives(body=body)

    def test_a_repeated_key_counts_once(self):
        query = encode(self.parameters)
        self.arrives(query, body=query)
        self.arrives(query + "&" + query)
        self.arrives(query, body=encode({"app_id": "another"}))
        # The first value counts, also within one part.
        self.arrives(query + "&app_id=another")
        self.arrives(body=query + "&app_id=another")
        self.refused("40002", "isv.invalid-app-id", "", self.client.answer("app_id=another&" + query))
        self.refused("40002", "isv.invalid-app-id", "", self.client.answer("app_id=another", body=query))

    def test_empty_pairs_and_values_that_hold_an_equals_sign(self):
        self.arrives("&" + encode(self.parameters) + "&&")
        self.parameters = self.client.parameters(RECORD_VERIFY, {"record": "00"}, notify_url="http://x/?a=b=c")
        self.arrives(body=encode(self.parameters).replace("%3D", "="))

    def test_any_content_type(self):
        form = "application/x-www-form-urlencoded"
        for kind in (form + ";charset=utf-8", form + "; charset=UTF-8", "text/plain"):
            with self.subTest(kind=kind):
                self.arrives(body=encode(self.parameters), headers={"Content-Type": kind})

    def test_a_body_in_chunks(self):
        body = encode(self.parameters).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:1], body[1:100], body[100:]))
        reply = exchange(
            self.server, POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + chunks + b"0\r\n\r\n")
        self.assertIn(b'"sub_code":"ILLEGAL_PARAMS"', reply)

    def test_many_requests_on_one_connection_sent_at_once(self):
        body = encode(self.parameters).encode()
        one = POST + b"Content-Length: %d\r\n%s\r\n%s"
        reply = exchange(self.server, b"".join(
            one % (len(body), b"Connection: close\r\n" if last else b"", body) for last in (False, False, True)))
        self.assertEqual(reply.count(b'"sub_code":"ILLEGAL_PARAMS"'), 3, reply)

    def test_a_body_that_comes_after_expect_100_continue(self):
        # .NET and PHP's curl send this.
        self.arrives(body=encode(self.parameters), headers={
            "Content-Type": "application/x-www-form-urlencoded", "Expect": "100-continue"})


class Order(GatewayTest):
    """Each code, and of two faults the one that is checked first."""

    #: Name, code, sub code, words of the message, and the change that causes it.
    FAULTS = [
        ("40001", "isv.missing-app-id", "app_id", {"app_id": None}),
        ("40001", "isv.missing-method", "method", {"method": None}),
        ("40002", "isv.invalid-app-id", "app_id", {"app_id": "2021000000000009"}),
        ("40002", "isv.invalid-method", "method", {"method": "alipay.trade.pay"}),
        ("40001", "isv.missing-signature", "sign ", {"sign": None}),
        ("40001", "isv.missing-signature-type", "sign_type", {"sign_type": None}),
        ("40001", "isv.missing-timestamp", "timestamp", {"timestamp": None}),
        ("40001", "isv.missing-version", "version", {"version": None}),
        ("40002", "isv.invalid-signature-type", "sign_type", {"sign_type": "RSA"}),
        ("40002", "isv.invalid-charset", "charset", {"charset": "latin1"}),
        ("40002", "isv.invalid-format", "format", {"format": "xml"}),
        ("40002", "isv.invalid-parameter", "version", {"version": "2.0"}),
        ("40002", "isv.invalid-signature", "验签出错", {"sign": "AAAA"}),
        ("40002", "isv.invalid-timestamp", "timestamp", {"timestamp": "yesterday"}),
        ("40002", "isv.illegal-json", "biz_content", {"biz_content": "{"}),
        ("40004", "ILLEGAL_PARAMS", "record", {}),
    ]

    def test_each_fault_alone(self):
        for code, sub_code, message, change in self.FAULTS:
            with self.subTest(sub_code):
                self.refuse(code, sub_code, message, RECORD_VERIFY, {}, **change)

    def test_an_empty_parameter_is_a_missing_one(self):
        for code, sub_code, message, change in self.FAULTS:
            if code == "40001":
                with self.subTest(sub_code):
                    self.refuse(code, sub_code, message, RECORD_VERIFY, {}, **{name: "" for name in change})

    def test_of_two_faults_the_first_in_order_is_named(self):
        for place, (code, sub_code, message, change) in enumerate(self.FAULTS):
            for _, _, _, later in self.FAULTS[place + 1:]:
                if not set(change) & set(later):
                    with self.subTest(sub_code, later=later):
                        self.refuse(code, sub_code, message, RECORD_VERIFY, {}, **{**later, **change})

    def test_all_faults_at_once(self):
        self.refused("40001", "isv.missing-app-id", "app_id", self.client.answer(verb="GET"))
        # The body of a GET is ignored, whatever its length.
        for body in (encode(self.client.parameters(KEY_QUERY)), "a" * 3_000_000):
            self.refused("40001", "isv.missing-app-id", "app_id", self.client.answer(verb="GET", body=body))
        self.refused("40001", "isv.missing-app-id", "app_id", self.client.answer(body=""))

    def test_wrong_values(self):
        for change, sub_code in (
            ({"sign_type": "rsa2"}, "isv.invalid-signature-type"), ({"sign_type": "MD5"}, "isv.invalid-signature-type"),
            ({"charset": "utf-16"}, "isv.invalid-charset"), ({"format": "JSONP"}, "isv.invalid-format"),
            ({"timestamp": "2026-02-30 00:00:00"}, "isv.invalid-timestamp"),
            ({"timestamp": "2026-01-01T00:00:00"}, "isv.invalid-timestamp"),
            ({"timestamp": "2026-01-01 24:00:00"}, "isv.invalid-timestamp"),
            ({"timestamp": "2026-1-1 0:0:0"}, "isv.invalid-timestamp"),
            ({"timestamp": "1700000000"}, "isv.invalid-timestamp"), ({"version": "2.0"}, "isv.invalid-parameter"),
            ({"app_id": "2021000000000001 "}, "isv.invalid-app-id"), ({"app_id": "' OR 1=1 --"}, "isv.invalid-app-id"),
            ({"method": KEY_QUERY + "."}, "isv.invalid-method"), ({"method": KEY_QUERY.upper()}, "isv.invalid-method"),
            ({"biz_content": "[]"}, "isv.illegal-json"), ({"biz_content": '"x"'}, "isv.illegal-json"),
            ({"biz_content": "{} {}"}, "isv.illegal-json"), ({"biz_content": "{'a':1}"}, "isv.illegal-json"),
            ({"biz_content": "null"}, "isv.illegal-json"), ({"biz_content": "\u0000"}, "isv.illegal-json"),
            ({"biz_content": '{"a":"\\ud800"}'}, "isv.illegal-json"), ({"biz_content": '{"a":01}'}, "isv.illegal-json"),
            ({"biz_content": "[" * 100000}, "isv.illegal-json"),
            ({"biz_content": '{"a":' * 100000 + "1" + "}" * 100000}, "isv.illegal-json"),
        ):
            with self.subTest(str(change)[:60]):
                self.refuse("40002", sub_code, "", RECORD_VERIFY, **change)

    def test_right_values_in_other_spellings(self):
        for change in (
            {"charset": "UTF-8"}, {"charset": "Utf-8"}, {"charset": None}, {"format": None}, {"format": "json"},
            {"timestamp": time_text(time.time() - 400 * DAY)}, {"timestamp": time_text(time.time() + 400 * DAY)},
            {"timestamp": "2024-02-29 23:59:59"}, {"biz_content": "{}"}, {"biz_content": ""}, {"biz_content": None},
            {"biz_content": ' {"any" : ["thing"]} \n'},
        ):
            with self.subTest(change):
                self.succeed(KEY_QUERY, **change)

    def test_gbk_is_refused_by_its_name(self):
        # An SDK that is set to GBK encodes everything in GBK and signs those bytes.
        for charset in ("GBK", "gbk", "GB2312"):
            for subject in ("route", "公交"):
                with self.subTest(charset=charset, subject=subject):
                    parameters = self.client.parameters(
                        TRADE_SETTLE, '{"subject":"%s"}' % subject, charset=charset, sign="AAAA")
                    self.refused("40002", "isv.invalid-charset", "utf-8", self.client.answer(
                        body=encode(parameters, encoding=charset)))


class Signature(GatewayTest):
    def refuse_signature(self, parameters):
        """Checks that the signature is refused, and that the reply has the text that the gateway computed."""
        reply = self.client.post(parameters)
        self.assertEqual((reply.code, reply.sub_code), ("40002", "isv.invalid-signature"), reply.body)
        self.assertEqual(reply.sub_msg, INVALID_SIGNATURE + escaped(canonical(parameters)))

    def test_unknown_and_optional_parameters_are_signed(self):
        more = {"notify_url": "https://x.example/notify?a=1&b=2", "app_auth_token": "t", "alipay_sdk": "sdk-java 4.1",
                "zzz": "1", "A": "capitals first", "a": "=&?%+ ", "中文": "键"}
        self.succeed(KEY_QUERY, **more)
        for name, value in more.items():
            with self.subTest(name=name):
                parameters = self.client.parameters(KEY_QUERY, **more)
                self.refuse_signature({**parameters, name: value + "x"})
                self.refuse_signature({key: value for key, value in parameters.items() if key != name})

    def test_empty_parameters_are_not_signed(self):
        parameters = self.client.parameters(KEY_QUERY)
        for more in ({"notify_url": ""}, {"app_auth_token": "", "zzz": ""}, {"biz_content": ""}):
            self.assertEqual(self.client.post({**parameters, **more}).code, "10000")

    def test_the_content_is_verified_as_it_was_received(self):
        for content in (
            '{"trade_list":[],"subject":"公交-19 路—车号 3241"}', '{ "a" : 1.0 , "b":1e2, "a":"twice" }',
            '{"emoji":"🚌","accents":"e\u0301 \u00e9","quotes":"\\"<&>\'","slash":"\\/ /"}', '{"plus":"a+b c%20d"}',
            '{"line":"a\\nb","tab":"\t"}',
        ):
            with self.subTest(content=content):
                parameters = self.client.parameters(KEY_QUERY, content)
                self.refuse_signature({**parameters, "biz_content": content + " "})
                self.assertNotEqual(self.client.post(parameters).sub_code, "isv.invalid-signature")

    def signed_with_plus_and_slash(self):
        while True:
            parameters = self.client.parameters(KEY_QUERY, zzz=number())
            if "+" in parameters["sign"] and "/" in parameters["sign"]:
                return parameters

    def test_what_is_not_a_signature(self):
        good = self.signed_with_plus_and_slash()
        for name, sign in (
            ("short", "x"), ("zeros", "AAAA"), ("padding", "===="), ("percent", "%"), ("not ASCII", "签名"),
            ("much padding", "=" * 344), ("cut padding", good["sign"][:-2]),
            ("cut", good["sign"][:-4]), ("other bytes", "A" * 342 + "=="), ("twice", good["sign"] * 2),
            ("URL-safe", good["sign"].replace("+", "-").replace("/", "_")), ("long", "A" * 100000),
            ("hex", base64.b64decode(good["sign"]).hex()), ("spaces", good["sign"].replace("+", " ")),
        ):
            with self.subTest(name):
                self.refuse_signature({**good, "sign": sign})

    def test_another_hash_or_another_key(self):
        parameters = self.client.parameters(KEY_QUERY)
        self.refuse_signature({**parameters, "sign": self.client.key.sign(canonical(parameters), "sha1")})
        directory = temporary_directory() + "/keys"
        self.assertEqual(command("keygen", directory).returncode, 0)
        other = Key(read(directory + "/app-private-key-pkcs8.pem"))
        self.refuse_signature({**parameters, "sign": other.sign(canonical(parameters))})

    def test_a_signature_of_something_else(self):
        parameters = self.client.parameters(KEY_QUERY)
        self.refuse_signature({**parameters, "timestamp": "2020-01-01 00:00:00"})
        self.refuse_signature({**parameters, "method": RECORD_VERIFY})

    def test_the_canonical_string_is_escaped_for_html(self):
        parameters = self.client.parameters(
            KEY_QUERY, notify_url="http://x/?a=1&b=<script>alert('x')</script>\"", sign="AAAA")
        reply = self.client.post(parameters)
        self.assertIn("a=1&amp;b=&lt;script&gt;alert(", reply.sub_msg)
        self.assertNotIn("<script>", reply.sub_msg)

    def test_a_sha1_signature_of_type_rsa_is_refused_for_its_type(self):
        parameters = self.client.parameters(KEY_QUERY, sign_type="RSA")
        parameters["sign"] = self.client.key.sign(canonical(parameters), "sha1")
        self.refused("40002", "isv.invalid-signature-type", "RSA2", self.client.post(parameters))

    def test_keys_of_other_sizes(self):
        # A key from `keygen` works in each of its forms; see also class Merchants.
        directory = temporary_directory() + "/keys"
        self.assertEqual(command("keygen", directory).returncode, 0)
        signatures = {Key(read(directory + "/" + name)).sign("x") for name in (
            "app-private-key-pkcs1.pem", "app-private-key-pkcs8.pem")}
        self.assertEqual(len(signatures), 1)
        self.assertTrue(Key(read(directory + "/app-public-key.pem")).verifies(signatures.pop(), b"x"))


class Merchants(GatewayTest):
    """Rules that depend on the merchant's settings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.stop()
        with cls.server.sql() as db:
            for app_id, key, contracted in (("no-key", "NULL", 1), ("no-contract", "public_key", 0),
                                            ("no-right", "NULL", 0)):
                db.execute(f"INSERT INTO merchant SELECT ?, name, ?, {key}, ?, 0 FROM merchant WHERE app_id = ?",
                           (app_id, app_id, contracted, cls.client.app_id))
        cls.client.close()
        cls.server.start()

    def test_a_merchant_without_a_key(self):
        self.refuse("40003", "isv.missing-signature-config", "key", KEY_QUERY, app_id="no-key")
        self.refuse("40003", "isv.missing-signature-config", "key", KEY_QUERY, app_id="no-right", timestamp="x")
        self.refuse("40002", "isv.invalid-format", "", KEY_QUERY, app_id="no-key", format="xml")

    def test_a_merchant_without_a_contract(self):
        self.refuse("40006", "isv.insufficient-isv-permissions", "contract", KEY_QUERY, app_id="no-contract")
        self.refuse("40006", "isv.insufficient-isv-permissions", "", KEY_QUERY, "{", app_id="no-contract")
        self.refuse("40002", "isv.invalid-timestamp", "", KEY_QUERY, app_id="no-contract", timestamp="x")
        self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, app_id="no-contract", sign="AAAA")


class ReplyForm(GatewayTest):
    """support.Reply checks each reply of every test: one line, signature, escapes."""

    def test_the_node_is_named_after_the_method(self):
        for method in (KEY_QUERY, RECORD_VERIFY, DATA_SEND, "alipay.trade.pay", "x"):
            reply = self.client.call(method)
            self.assertEqual(reply.node, method.replace(".", "_") + "_response")

    def test_refusals_use_the_method_s_node_too(self):
        for change in ({"app_id": None}, {"app_id": "x"}, {"sign": None}, {"sign": "x"}, {"format": "xml"},
                       {"biz_content": "["}):
            with self.subTest(change):
                reply = self.client.call(KEY_QUERY, **change)
                self.assertEqual(reply.node, "alipay_commerce_transport_offlinepay_key_query_response")

    def test_error_response_only_without_a_method(self):
        self.assertEqual(self.client.call(KEY_QUERY, method=None).node, "error_response")
        self.assertEqual(self.client.call(KEY_QUERY, method="").node, "error_response")

    def test_exact_bytes(self):
        body = self.client.call(KEY_QUERY, version=None).body
        node = ('{"code":"40001","msg":"Missing Required Arguments","sub_code":"isv.missing-version",'
                '"sub_msg":"缺少参数 version，请补充后重试 / version is missing: send it"}').encode()
        start = b'{"alipay_commerce_transport_offlinepay_key_query_response":' + node + b',"sign":"'
        self.assertEqual(body[:len(start)], start)
        self.assertEqual(body[-2:], b'"}')
        self.assertTrue(self.client.gateway_key.verifies(body[len(start):-2].decode(), node))

    def test_slashes_and_quotes_of_the_caller(self):
        reply = self.client.call(KEY_QUERY, notify_url='http://x/"\\\n\t\u2028\u0001🚌', sign="AAAA")
        self.assertIn("http://x/&quot;\\\n\t\u2028\u0001🚌", reply.sub_msg)

    def test_a_method_that_is_no_name(self):
        # Any method name is safe: it appears only inside the reply's JSON.
        for method in ('a"b', "a\\", "<b>", "方法", "a" * 100000, "a-b", "sign", "../x", "a\nb", "\u0000"):
            with self.subTest(method=method[:10]):
                self.refuse("40002", "isv.invalid-method", "method", method)


class Garbage(GatewayTest):
    def test_bad_percent_escapes(self):
        good = encode(self.client.parameters(KEY_QUERY))
        for bad in ("%", "%4", "%GG", "%%41", "a=%", "a=%f", "%zz=1", "a=%-1", "a=%+1", "a=%0x"):
            with self.subTest(bad=bad):
                self.refused("40002", "isv.invalid-parameter", "encod", self.client.answer(body=good + "&" + bad))

    def test_bytes_that_are_not_utf8(self):
        good = encode(self.client.parameters(KEY_QUERY))
        for bad in ("a=%FF", "a=%C3", "a=%ED%A0%80", "a=%C0%80", "%FF=1", "a=%F5%80%80%80"):
            with self.subTest(bad=bad):
                self.refused("40002", "isv.invalid-parameter", "encod", self.client.answer(body=good + "&" + bad))

    def test_a_body_with_raw_bytes(self):
        good = encode(self.client.parameters(KEY_QUERY)).encode()
        for bad in (b"a=\xff", b"\xff", b"a=\xc3", bytes(range(128, 256))):
            with self.subTest(bad=bad):
                self.refused("40002", "isv.invalid-parameter", "encod", self.client.answer(body=good + b"&" + bad))

    def test_raw_utf8_that_was_not_escaped(self):
        parameters = self.client.parameters(KEY_QUERY, app_auth_token="公交")
        self.assertEqual(self.client.answer(body=encode(parameters, safe="公交", encoding="utf-8").replace(
            urllib.parse.quote("公交"), "公交")).code, "10000")

    def test_json_and_xml_and_noise_as_bodies(self):
        for body in ("{}", '{"app_id":"2021000000000001"}', "<xml/>", "\r\n\r\n", "=", "&&&", "=&=", "\0" * 100):
            with self.subTest(body=body[:20]):
                self.refused("40001", "isv.missing-app-id", "app_id", self.client.answer(body=body))

    def test_a_body_at_the_limit_and_above(self):
        limit = 2 * 1024 * 1024
        body = encode(self.client.parameters(KEY_QUERY))
        self.assertEqual(self.client.answer(body=body + "&" * (limit - len(body))).code, "10000")
        self.assertEqual(self.too_large(body + "&" * (limit + 1 - len(body))), 413)
        self.assertEqual(self.too_large("x" * (limit * 8)), 413)

    def too_large(self, body):
        """The status. The server may close the connection before it has read everything."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
        try:
            connection.putrequest("POST", "/gateway.do")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            try:
                connection.send(body.encode())
            except (BrokenPipeError, ConnectionResetError):
                pass
            return connection.getresponse().status
        finally:
            connection.close()

    def test_wrong_verbs_and_paths(self):
        query = encode(self.client.parameters(KEY_QUERY))
        for verb in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "X"):
            with self.subTest(verb=verb):
                head = exchange(self.server, f"{verb} /gateway.do?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                f"Content-Length: 0\r\n\r\n".encode())
                self.assertRegex(head[:13], rb"\AHTTP/1.1 (404|405|400|501)")
                self.assertNotIn(b"public_key", head)
        for path in ("/gateway.dox", "/gateway", "/Gateway.do", "/x/gateway.do", "/gateway.do/x"):
            with self.subTest(path=path):
                self.assertEqual(self.client.send(target=f"{path}?{query}")[0], 404)

    def test_what_is_not_http(self):
        for content in (b"\0" * 1000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n",
                        POST + b"Content-Length: -1\r\n\r\n",
                        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                        POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
                        b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 500000 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            with self.subTest(content=content[:60]):
                self.assertNotIn(b"HTTP/1.1 200", exchange(self.server, content, seconds=2))
                self.succeed(KEY_QUERY)

    def test_a_request_that_stops_half_way(self):
        for content in (b"POST /gateway.do HTT", POST + b"Content-Length: 100\r\n\r\na="):
            connection = socket.create_connection((self.server.host, self.server.port))
            connection.sendall(content)
            connection.close()
        self.succeed(KEY_QUERY)

    def test_ten_thousand_parameters(self):
        parameters = self.client.parameters(KEY_QUERY, **{f"p{index}": str(index) for index in range(10000)})
        self.assertEqual(self.client.post(parameters).code, "10000")


class OtherSettings(GatewayTest):
    """Health and metrics. Text from callers does not break them."""

    def test_health(self):
        status, _, body = self.client.send(verb="GET", target="/health")
        self.assertEqual((status, json.loads(body)), (200, {"status": "ok"}))

    def test_metrics_count_calls_and_trades(self):
        def value(line):
            text = self.client.send(verb="GET", target="/metrics")[2].decode()
            found = [float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line + " ")]
            return found[0] if found else 0

        good = 'posgateway_calls_total{method="key.query",code="10000"}'
        bad = 'posgateway_calls_total{method="unknown",code="40002"}'
        settled = 'posgateway_trades_total{result="SUCCESS"}'
        failed = 'posgateway_trades_total{result="FAIL"}'
        before = [value(line) for line in (good, bad, settled, failed)]
        self.succeed(KEY_QUERY)
        self.client.call('x"} 1\nposgateway_calls_total{method="key.query",code="10000"} 99')
        self.client.settle(self.gate.trade(), self.gate.trade(amount="99.00"))
        after = [value(line) for line in (good, bad, settled, failed)]
        self.assertEqual([new - old for old, new in zip(before, after)], [1, 1, 1, 1])
        self.assertEqual(value('posgateway_call_seconds_bucket{method="trade.settle",le="+Inf"}'),
                         value('posgateway_call_seconds_count{method="trade.settle"}'))


class OtherTimeZone(GatewayTest):
    arguments = ("--utc-offset", "0")

    def test_times_are_read_in_the_zone_that_was_set(self):
        now = time.time()
        china, utc = time_text(now - 5 * DAY + 600), time_text(now - 5 * DAY + 600 - 8 * 3600)
        self.settled(self.gate.trade(actual_order_time=china), self.gate.trade(actual_order_time=utc))
        self.failed("TRADE_TOO_LATE", "", self.gate.trade(actual_order_time=time_text(now - 5 * DAY - 9 * 3600)))
