"""All five methods, called by the platform's official SDK for Python, unchanged, with its own models.

The SDK connects to port 80, whatever the URL says. So the server listens on port 80 of 127.0.0.80, a loopback address.
"""

import importlib
import json
import os
import re
import subprocess
import sys
import time
import unittest

from ride_notices import item
from support import DAY, Client, Gate, Server, command, number, read, temporary_directory, time_text

HOST = "127.0.0.80"
OFFLINE_PAY = "AlipayCommerceTransportOfflinepay"


def sdk(path):
    """The SDK's class in the module of the same name."""
    return getattr(importlib.import_module("alipay.aop.api." + path), path.split(".")[-1])


def start(*arguments):
    try:
        return Server(*arguments, host=HOST, port=80)
    except AssertionError as error:
        raise AssertionError(
            f"{error}\nThe SDK for Python dials port 80 and nothing else, so the server has to listen on {HOST} port "
            "80: run the tests as root, or allow it: sysctl net.ipv4.ip_unprivileged_port_start=80") from None


class SDKTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = start()
        cls.gate = Gate(cls.server)
        cls.client = cls.new_client()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, cls.server.log
        cls.server.audit()

    @classmethod
    def new_client(cls, **settings):
        config = sdk("AlipayClientConfig")()
        config.server_url = f"http://{HOST}/gateway.do"
        config.app_id = cls.server.demo("app-id.txt").strip()
        config.app_private_key = cls.server.demo("app-private-key-pkcs1.txt").strip()
        config.alipay_public_key = cls.server.demo("gateway-public-key.txt").strip()
        config.sign_type = "RSA2"
        for name, value in settings.items():
            setattr(config, name, value)
        return sdk("DefaultAlipayClient")(config)

    def call(self, name, client=None, content=None, **fields):
        """The content of the SDK's response object. The SDK has verified the reply's signature."""
        request = sdk("request." + name + "Request")()
        if fields:
            model = sdk("domain." + name + "Model")()
            for field, value in fields.items():
                setattr(model, field, value)
            request.biz_model = model
        if content is not None:
            request.add_other_text_param("biz_content", content)
        response = sdk("response." + name + "Response")()
        response.parse_response_content((client or self.client).execute(request))
        return response

    def succeed(self, name, **fields):
        response = self.call(name, **fields)
        self.assertTrue(response.is_success(), (response.code, response.sub_code, response.sub_msg))
        return response

    def refused(self, code, sub_code, message, response):
        self.assertFalse(response.is_success())
        self.assertEqual((response.code, response.sub_code), (code, sub_code))
        self.assertRegex(response.sub_msg, message)
        return response

    def trade(self, *records, **changes):
        """A trade in the SDK's own class."""
        trade = sdk("domain." + "AlipayOfflineTrade")()
        for name, value in self.gate.trade(*records, **changes).items():
            setattr(trade, name, value)
        return trade


class Interfaces(SDKTest):
    def test_key_query(self):
        keys = self.succeed(OFFLINE_PAY + "KeyQuery").keys
        self.assertEqual(len(keys), 32)
        self.assertEqual([key.key_id for key in keys], list(range(32)))
        self.assertTrue(all(len(key.public_key) == 66 for key in keys))

    def test_record_verify(self):
        record = self.gate.record()
        self.succeed(OFFLINE_PAY + "RecordVerify", record=record)
        changed = record[:-2] + ("00" if record[-2:] != "00" else "01")
        self.refused("40004", "FAIL", "MAC", self.call(OFFLINE_PAY + "RecordVerify", record=changed))
        self.refused("40004", "ILLEGAL_PARAMS", "record", self.call(OFFLINE_PAY + "RecordVerify", record="00"))
        self.refused("40004", "ILLEGAL_PARAMS", "record", self.call(OFFLINE_PAY + "RecordVerify", record=""))

    def test_trade_settle(self):
        trade = self.trade(order_biz_context=json.dumps({"line": "metro2", "start_station": "松江大学城"}),
                           seller_login_name="demo@posoffline.example", card_type="ANT00001", open_id="o1")
        first = self.succeed(OFFLINE_PAY + "TradeSettle", trade_list=[trade]).result_list
        again = self.succeed(OFFLINE_PAY + "TradeSettle", trade_list=[trade]).result_list
        self.assertEqual((first[0].result, first[0].out_trade_no), ("SUCCESS", trade.out_trade_no))
        self.assertEqual(first[0].trade_no, again[0].trade_no)
        self.assertEqual(self.server.balance("rider", trade.user_id), -200)

    def test_trades_that_fail(self):
        late = self.trade(actual_order_time=time_text(time.time() - 6 * DAY))
        results = self.succeed(OFFLINE_PAY + "TradeSettle", trade_list=[late, self.trade(amount=""), self.trade()])
        late, malformed, good = results.result_list
        self.assertEqual((late.result, late.error_code, late.need_retry), ("FAIL", "TRADE_TOO_LATE", False))
        self.assertEqual((malformed.result, malformed.error_code), ("FAIL", "ILLEGAL_PARAMS"))
        self.assertIn("amount", malformed.error_message)
        self.assertEqual(good.result, "SUCCESS")

    def test_a_trade_of_unknown_result(self):
        trade = self.trade()
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            (result,) = self.succeed(OFFLINE_PAY + "TradeSettle", trade_list=[trade]).result_list
            db.execute("ROLLBACK")
        self.assertEqual((result.result, result.need_retry), ("UNKNOWN", True))
        self.assertGreater(result.next_try_time, time_text(time.time() - 5))
        (result,) = self.succeed(OFFLINE_PAY + "TradeSettle", trade_list=[trade]).result_list
        self.assertEqual(result.result, "SUCCESS")

    def test_virtualcard_send(self):
        card = {"action": "ISSUE", "user_id": self.gate.user(), "last_update_time": time_text(),
                "card_type": "CITY0001", "card_no": number("C"), "balance": "5.00", "disabled": False, "card_data": "",
                "ext_info": json.dumps({"city_code": "310000"})}
        response = self.succeed(OFFLINE_PAY + "VirtualcardSend", **card)
        self.assertEqual((response.user_id, response.card_type, response.card_no),
                         (card["user_id"], card["card_type"], card["card_no"]))
        self.succeed(OFFLINE_PAY + "VirtualcardSend", **{
            **card, "action": "UPDATE", "last_update_time": time_text(time.time() + 1), "disabled": True,
            "disabled_tips": "余额不足", "disabled_code": "CARD_OVERDUE"})
        missing = self.refused("40004", "FAIL", "no such card", self.call(
            OFFLINE_PAY + "VirtualcardSend", **{**card, "action": "UPDATE", "card_no": number("C")}))
        self.assertEqual(missing.sub_error_code, "CARD_NOT_EXIST")
        self.assertRegex(missing.error_message, "no such card")

    def test_data_send(self):
        common = {"scene_code": "vechile_order", "op_code": "data_save", "channel": "hzcard", "version": "2.0",
                  "target_id": "2088000000000001"}
        for data in ({"info": [item()]}, json.dumps({"info": [item()]}), json.dumps([item()])):
            with self.subTest(type(data)):
                result = self.succeed("AlipayCommerceDataSend", **common, op_data=data).data_send_business_result
                self.assertEqual(result.biz_code, "SUCCESS")
        response = self.call("AlipayCommerceDataSend", **common, op_data={"info": [item(city_name="")]})
        self.refused("40004", "ILLEGAL_PARAMS", "city_name", response)


class Documentation(SDKTest):
    def test_the_sample_runs_as_it_stands(self):
        docs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "gateway.md")
        (sample,) = re.findall(r"^```python\n(.*?)^```$", read(docs), re.S | re.M)
        directory = temporary_directory()
        os.symlink(self.server.data, os.path.join(directory, "posgateway-data"))
        result = subprocess.run(
            [sys.executable, "-c", sample], cwd=directory, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        answer = json.loads(result.stdout)
        self.assertEqual((answer["code"], len(answer["keys"])), ("10000", 32))


class Envelope(SDKTest):
    def test_wrong_keys_are_explained(self):
        directory = temporary_directory() + "/keys"
        self.assertEqual(command("keygen", directory).returncode, 0)
        client = self.new_client(app_private_key=read(directory + "/app-private-key-pkcs1.txt").strip())
        self.refused("40002", "isv.invalid-signature", "app_id=2021000000000001&amp;", self.call(
            OFFLINE_PAY + "KeyQuery", client=client))
        self.refused("40002", "isv.invalid-app-id", "app_id", self.call(
            OFFLINE_PAY + "KeyQuery", client=self.new_client(app_id="2021000000000009")))

    def test_content_that_is_no_json(self):
        self.refused("40002", "isv.illegal-json", "JSON", self.call(OFFLINE_PAY + "KeyQuery", content="{"))

    def test_chinese_and_signs_in_content(self):
        trade = self.gate.trade(subject="公交 984 路 +%20&=/\\\"'<>🚌")
        response = self.call(OFFLINE_PAY + "TradeSettle", content=json.dumps(
            {"trade_list": [trade]}, ensure_ascii=False))
        self.assertEqual(response.result_list[0].result, "SUCCESS", response.result_list[0].error_message)

    def test_beside_the_tests_own_client(self):
        record = self.gate.record()
        trade = self.gate.trade(record)
        client = Client(self.server)
        (own,) = client.settle(trade)
        client.close()
        response = self.call(OFFLINE_PAY + "TradeSettle", content=json.dumps({"trade_list": [trade]}))
        self.assertEqual(response.result_list[0].trade_no, own["trade_no"])
