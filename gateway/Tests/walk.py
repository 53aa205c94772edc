#!/usr/bin/env python3
"""A ride from the rider's screen to the charge on it. Every step uses the real part.

    walk.py POSGATEWAY DEMO SCREENSHOTS

The gateway runs as a process. A headless browser shows the rider's page. zbar reads the code from its picture. The C
demo, linked with the library, makes the record. The payment platform's official SDK sends it. Prints each step. Exits 0
when every step has succeeded.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayCommerceDataSendModel import AlipayCommerceDataSendModel
from alipay.aop.api.domain.AlipayCommerceTransportOfflinepayRecordVerifyModel import (
    AlipayCommerceTransportOfflinepayRecordVerifyModel,
)
from alipay.aop.api.domain.AlipayCommerceTransportOfflinepayTradeSettleModel import (
    AlipayCommerceTransportOfflinepayTradeSettleModel,
)
from alipay.aop.api.request.AlipayCommerceDataSendRequest import AlipayCommerceDataSendRequest
from alipay.aop.api.request.AlipayCommerceTransportOfflinepayKeyQueryRequest import (
    AlipayCommerceTransportOfflinepayKeyQueryRequest,
)
from alipay.aop.api.request.AlipayCommerceTransportOfflinepayRecordVerifyRequest import (
    AlipayCommerceTransportOfflinepayRecordVerifyRequest,
)
from alipay.aop.api.request.AlipayCommerceTransportOfflinepayTradeSettleRequest import (
    AlipayCommerceTransportOfflinepayTradeSettleRequest,
)
from selenium.webdriver.common.by import By

import browser

# The SDK for Python connects to port 80, whatever the URL says. This is a loopback address.
HOST, PORT = "127.0.0.80", 80
BASE = f"http://{HOST}"


def step(text):
    print(f"\n--- {text}", flush=True)


def demand(condition, what):
    if not condition:
        sys.exit(f"walk: {what}")


def start_gateway(posgateway, data):
    server = subprocess.Popen(
        [posgateway, "serve", "--data", data, "--host", HOST, "--port", str(PORT), "--log-level", "warning"],
        stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        print(line, end="")
        if "record key of the gates" in line:
            return server
    sys.exit(
        f"walk: the gateway does not start. It has to listen on {HOST} port {PORT}, the only port that the SDK for\n"
        "Python dials: run this as root, or allow it: sysctl net.ipv4.ip_unprivileged_port_start=80")


def sdk_client(demo_merchant):
    def setting(name):
        with open(os.path.join(demo_merchant, name), encoding="ascii") as file:
            return file.read().strip()

    config = AlipayClientConfig()
    config.server_url = BASE + "/gateway.do"
    config.app_id = setting("app-id.txt")
    config.app_private_key = setting("app-private-key-pkcs1.txt")
    config.alipay_public_key = setting("gateway-public-key.txt")
    config.sign_type = "RSA2"
    return DefaultAlipayClient(config)


def call(client, request, model=None):
    """Calls through the SDK, which verifies the reply's signature. Returns the answer."""
    if model is not None:
        request.biz_model = model
    answer = json.loads(client.execute(request))
    demand(answer["code"] == "10000", f"refused: {answer}")
    return answer


def model_of(kind, **values):
    model = kind()
    for name, value in values.items():
        setattr(model, name, value)
    return model


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    posgateway, demo, screenshots = (os.path.abspath(argument) for argument in sys.argv[1:])
    os.makedirs(screenshots, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        data = os.path.join(scratch, "data")
        step("1. The gateway makes its keys and starts")
        server = start_gateway(posgateway, data)
        try:
            ride(posgateway, demo, screenshots, scratch, data)
        finally:
            server.terminate()
            status = server.wait(timeout=30)
        demand(status == 0, f"the gateway ended with status {status}")
    print("\nwalk: every step came out as it should")


def ride(posgateway, demo, screenshots, scratch, data):
    client = sdk_client(os.path.join(data, "demo-merchant"))

    step("2. A gate's back office fetches the issuer's keys: key.query, by the official SDK")
    keys = call(client, AlipayCommerceTransportOfflinepayKeyQueryRequest())["keys"]
    key_file = os.path.join(scratch, "keys.json")
    with open(key_file, "w", encoding="ascii") as file:
        json.dump(keys, file)
    print(f"{len(keys)} keys, the first: {keys[0]}")

    step("3. A rider signs up on the route page, and opens the card")
    with browser.open_page(BASE + "/") as page:
        browser.find(page, By.LINK_TEXT, "Sign up").click()
        browser.find(page, By.CSS_SELECTOR, "button[value=agree]").click()
        browser.wait(page, lambda: page.current_url.endswith("/?isCreditOpened=true"), "no answer")
        browser.find(page, By.LINK_TEXT, "Show the code").click()
        browser.find(page, By.ID, "code-image")
        picture = os.path.join(screenshots, "card.png")
        page.save_screenshot(picture)
        rider = re.search(r"\b2088\d{12}\b", browser.find(page, By.TAG_NAME, "main").text).group()
        print(f"rider {rider}; {picture}")

        step("4. The screen is scanned: zbar reads the code from the screenshot")
        code = subprocess.run(
            ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", "--oneshot", picture],
            stdout=subprocess.PIPE, check=True).stdout
        print(code.hex().upper())

        step("5. The gate decides, offline: the C demo, with the fetched keys and the merchant's record key")
        gate = subprocess.run(
            [demo, "-k", key_file, "-a", "200", "-"], input=code, stdout=subprocess.PIPE, check=False,
            env=os.environ | {"POSOFFLINE_RECORD_KEY_FILE": os.path.join(data, "demo-merchant", "record-key.hex")})
        output = gate.stdout.decode()
        print(output, end="")
        demand(gate.returncode == 0, "the gate refused the code")
        record = re.search(r"^3[0-9A-F]{200,}$", output, re.MULTILINE).group()

        step("6. The back office has the record verified: record.verify")
        print(call(
            client, AlipayCommerceTransportOfflinepayRecordVerifyRequest(),
            model_of(AlipayCommerceTransportOfflinepayRecordVerifyModel, record=record)))

        step("7. And settles the ride: trade.settle, twice, as after a lost answer")
        # The API's times are in the time zone of China.
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))
        trade = {
            "user_id": rider, "out_trade_no": "LINE1_POS1_0001", "actual_order_time": now, "subject": "Bus 192",
            "amount": "2.00", "order_biz_context": '{"line":"192"}', "records": [record],
        }
        answers = [
            call(
                client, AlipayCommerceTransportOfflinepayTradeSettleRequest(),
                model_of(AlipayCommerceTransportOfflinepayTradeSettleModel, trade_list=[trade]))["result_list"][0]
            for _ in range(2)
        ]
        print(answers[0])
        demand(answers[0]["result"] == "SUCCESS", "the trade did not settle")
        demand(answers[0] == answers[1], f"the second answer differs: {answers[1]}")

        step("8. The rider is told of the ride: data.send")
        item = {
            "type": "order", "biz_no": "LINE1_POS1_0001", "amount": "2.00", "subject": "Bus 192, 08:34",
            "biz_time": now, "asset_name": "ALIPAY", "city_name": "Hangzhou", "line_name": "192",
            "start_station_name": "Longxiangqiao", "vehicle_type": "BUS", "vehicle_id": "3213",
            "partner_name": "Demo", "partner_id": "2088000000000000",
        }
        print(call(
            client, AlipayCommerceDataSendRequest(),
            model_of(
                AlipayCommerceDataSendModel, scene_code="vechile_order", op_code="data_save", channel="demo",
                target_id=rider, version="2.0", op_data={"info": [item]})))

        step("9. The charge appears on the rider's page, which was open all the while")
        charged = f"charged, {answers[0]['trade_no']}"
        browser.wait(page, lambda: charged in page.find_element(By.ID, "rides").text, "no charge")
        picture = os.path.join(screenshots, "charged.png")
        page.save_screenshot(picture)
        print(page.find_element(By.ID, "rides").text)
        print(picture)

    step("10. The books: one debit, and everything balances")
    audit = subprocess.run([posgateway, "audit", "--data", data], stdout=subprocess.PIPE, text=True, check=False)
    print(audit.stdout, end="")
    books = json.loads(audit.stdout)
    demand(audit.returncode == 0 and books["settled_trades"] == books["transfers"] == 1, "the books are wrong")


if __name__ == "__main__":
    main()
