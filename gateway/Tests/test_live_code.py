"""The live code on the rider's page."""

import json
import time

from selenium.webdriver.common.by import By

import browser
from pages import EVIL, BrowserTest, PageTest
from ride_notices import notice
from support import DATA_SEND, generated_of, user_of

WINDOW = 10


class LiveCode(BrowserTest):
    arguments = ("--code-window", str(WINDOW))

    def setUp(self):
        super().setUp()
        self.rider = self.visitor.sign_up()
        self.lend_cookies()
        self.open_card(self.rider)

    def shown(self):
        return self.page.find_element(By.ID, "code-hex").get_attribute("textContent")

    def wait(self, condition, seconds=15):
        browser.wait(self.page, condition, seconds=seconds)

    def test_a_scanner_reads_what_the_page_says(self):
        code = browser.scan(self.page)
        self.assertEqual(code, self.shown())
        self.assertEqual(user_of(code), self.rider)
        self.assertEqual(self.client.settle(self.ride(self.rider, code))[0]["result"], "SUCCESS")

    def test_it_is_a_square_that_fits_the_screen(self):
        for width, height in ((320, 568), (360, 740), (768, 1024), (1280, 720)):
            browser.resize(self.page, width, height)
            size = self.page.find_element(By.ID, "code-image").size
            self.assertEqual(size["width"], size["height"])
            self.assertLess(size["height"], min(width, height))
            # Large enough for a scanner.
            self.assertGreaterEqual(size["width"], 230)

    def test_it_is_renewed_before_its_window_closes(self):
        codes = [self.shown()]
        seconds = set()
        while len(codes) < 3:
            shown = self.shown()
            self.assertLess(time.time(), generated_of(shown) + WINDOW, "the page shows a code that gates refuse")
            seconds.add(int(self.page.find_element(By.ID, "seconds-left").text))
            if shown != codes[-1]:
                codes.append(shown)
            time.sleep(0.2)
        self.assertEqual(len(set(codes)), 3)
        self.assertEqual(browser.scan(self.page), self.shown())
        # The countdown has run meanwhile.
        self.assertGreaterEqual(len(seconds), 4)
        self.assertLessEqual(max(seconds), WINDOW)

    def test_without_a_network_an_old_code_is_not_shown_as_good(self):
        first = self.shown()
        self.page.execute_cdp_cmd("Network.enable", {})
        self.network(offline=True)
        self.wait(lambda: self.page.find_element(By.ID, "seconds-left").text == "0")
        self.wait(lambda: browser.scan(self.page) is None, 5)
        self.network(offline=False)
        self.wait(lambda: self.shown() != first)
        self.wait(lambda: browser.scan(self.page) == self.shown(), 5)
        browser.complaints(self.page)

    def network(self, offline):
        self.page.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})

    def test_rides_appear_by_themselves(self):
        (trade_no,) = self.settled(self.ride(self.rider, self.shown(), subject="Bus " + EVIL))
        self.succeed(DATA_SEND, notice(self.rider, subject="Metro " + EVIL, city_name=EVIL))
        self.wait(lambda: "Metro" in self.page.find_element(By.ID, "rides").text)
        rides = self.page.find_element(By.ID, "rides")
        self.assertIn("Bus " + EVIL, rides.text)
        self.assertIn("Metro " + EVIL, rides.text)
        self.assertIn(trade_no, rides.text)
        self.assertEqual(rides.find_elements(By.CSS_SELECTOR, "script, img"), [])

    def test_a_balance_follows(self):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no, balance="12.34")
        self.open_card(card_no, "T0000001")
        self.assertIn("¥12.34", self.page.find_element(By.TAG_NAME, "main").text)
        self.settled(self.ride(self.rider, self.shown()))
        self.wait(lambda: "¥10.34" in self.page.find_element(By.TAG_NAME, "main").text)

    def test_a_card_that_is_disabled_meanwhile(self):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no)
        self.open_card(card_no, "T0000001")
        self.send_card("UPDATE", self.rider, card_no, disabled=True, disabled_tips="Pay first")
        self.wait(lambda: "Pay first" in self.page.find_element(By.TAG_NAME, "main").text)
        self.assertIsNone(browser.scan(self.page))
        # The browser's console has an entry for the refused fetch.
        browser.complaints(self.page)

    def test_leaving_elsewhere(self):
        self.visitor.get("/")
        self.visitor.submit("/logout")
        self.wait(lambda: "cannot be shown" in self.page.find_element(By.TAG_NAME, "main").text)
        browser.complaints(self.page)


class WithoutScripts(BrowserTest):
    scripts = False
    arguments = ("--code-window", str(WINDOW))

    def test_the_code_is_shown_and_renewed(self):
        rider = self.visitor.sign_up()
        self.lend_cookies()
        self.open_card(rider)
        first = browser.scan(self.page)
        self.assertEqual(user_of(first), rider)
        codes = {first}
        while len(codes) < 2:
            code = browser.scan(self.page)
            if code is not None:
                self.assertLess(time.time(), generated_of(code) + WINDOW + 2, "the page shows a code that gates refuse")
                codes.add(code)


class Scanned(PageTest):
    def test_the_code_for_the_script_is_the_code_of_the_page(self):
        rider = self.visitor.sign_up()
        answer = self.visitor.get("/card/code", cardType="ANT00001", cardNo=rider)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        code = json.loads(answer.text)
        self.assertEqual(sorted(code), ["hex", "image", "seconds"])
        self.assertEqual((user_of(code["hex"]), code["seconds"]), (rider, 60))
