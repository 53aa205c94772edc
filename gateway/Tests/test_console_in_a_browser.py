"""The console in a browser."""

import hashlib
import os

from cryptography.hazmat.primitives.asymmetric import rsa
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

import browser
from console import QUESTION_PAGES
from key_formats import private_pem, public_pem
from pages import EVIL, BrowserTest, console_password
from rsa2 import Key
from support import KEY_QUERY, Client, number, record


class InABrowser(BrowserTest):
    def log_in(self):
        self.open("/console")
        self.page.find_element(By.ID, "password").send_keys(console_password(self.server))
        self.press("Log in")
        self.expect("Rides per hour")

    def press(self, label):
        self.page.find_element(By.XPATH, f"//button[normalize-space()='{label}']").click()

    def expect(self, text):
        """Waits until the page that a click leads to shows this text."""
        browser.wait(
            self.page, lambda: text in self.page.find_element(By.TAG_NAME, "main").text, f"{text} does not appear")

    def test_a_merchant_from_nothing_to_its_first_call(self):
        browser.resize(self.page, 1280, 900)
        self.log_in()
        app_id = number("20218")
        for name, value in (("name", "Ferry"), ("login_name", number("pay@")), ("app_id", app_id)):
            field = f"form[action='/console/merchants'] input[name={name}]"
            self.page.find_element(By.CSS_SELECTOR, field).send_keys(value)
        self.press("Add a merchant")
        self.expect(f"Merchant {app_id} is there.")
        key = rsa.generate_private_key(65537, 2048)
        panel = f"//section[.//h3[contains(., '{app_id}')]]"
        self.page.find_element(By.XPATH, panel + "//textarea").send_keys(public_pem(key))
        self.page.find_element(By.XPATH, panel + "//button[text()='Set the key']").click()
        self.expect("The public key is set.")
        merchant = Client(self.server, app_id, Key(private_pem(key)))
        self.assertEqual(merchant.call(KEY_QUERY).code, "10000")
        merchant.close()

    def test_what_came_of_it_is_in_sight(self):
        # A secret that is shown once must be visible without scrolling.
        browser.resize(self.page, 1280, 720)
        self.log_in()
        self.press("Add a record key")
        self.expect("The new record key, shown this once")
        notice = self.page.find_element(By.XPATH, "//*[@role='status']")
        top, bottom = self.page.execute_script(
            "const box = arguments[0].getBoundingClientRect(); return [box.top, box.bottom]", notice)
        self.assertTrue(0 <= top < bottom <= 720, f"the notice is at {top} of a window of 720")

    def test_a_question_is_answered_no_by_the_enter_key(self):
        browser.resize(self.page, 1280, 900)
        self.log_in()
        app_id, key = self.client.app_id, os.urandom(32)
        self.visitor.log_in()
        self.visitor.act("merchants/record-key", app_id=app_id, key=key.hex())
        name = hashlib.sha256(key).hexdigest()[:8].upper()
        remove = f"button[aria-label='Remove record key {name}']"
        self.open("/console")
        browser.find(self.page, By.CSS_SELECTOR, remove).click()
        self.expect(f"refuse every record that is signed with key {name}")
        self.page.switch_to.active_element.send_keys(Keys.ENTER)
        self.expect("Rides per hour")
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        browser.find(self.page, By.CSS_SELECTOR, remove).click()
        self.expect("What stops working")
        self.press("Remove the key")
        self.expect("The record key is gone")
        self.failed("RECORD_INVALID", "record key", self.gate.trade(record(self.gate.code(), key)))

    def test_a_fault_and_a_key(self):
        browser.resize(self.page, 1280, 900)
        self.log_in()
        Select(self.page.find_element(By.NAME, "method")).select_by_visible_text("key.query")
        Select(self.page.find_element(By.NAME, "kind")).select_by_value("unavailable")
        self.press("Inject")
        self.expect("key.query: 20000, nothing happened, for the next 1 calls")
        self.refuse("20000", "isp.unknow-error", "", KEY_QUERY)
        self.page.find_element(By.CSS_SELECTOR, "button[aria-label='Retire issuer key 31']").click()
        self.expect("What stops working")
        self.press("Retire key 31")
        self.expect("Issuer key 31 is retired.")
        self.assertEqual(len(self.succeed(KEY_QUERY)["keys"]), 31)

    def test_access_and_looks(self):
        rider = self.visitor.sign_up(title=EVIL[:64])
        self.send_card("ISSUE", rider, self.new_card_number(), balance="12.34")
        self.settled(*(self.gate.trade() for _ in range(3)))
        self.failed("AMOUNT_ABOVE_CAP", "", self.gate.trade(amount="99.00", subject=EVIL))
        self.refuse("40002", "isv.invalid-app-id", "", KEY_QUERY, app_id=EVIL)
        self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, sign="AAAA")
        self.visitor.log_in()
        self.visitor.act("faults", kind="delay", percent="1")
        self.open("/console/login")
        self.check_access("login")
        self.keep_picture("login")
        self.log_in()
        questions = {path.partition("?")[0].replace("/console/", "").replace("/", "-"): path for path in QUESTION_PAGES}
        for name, path in (("console", "/console"), *questions.items()):
            for width, height in ((360, 740), (1280, 4200)):
                with self.subTest(name=name, width=width):
                    browser.resize(self.page, width, height)
                    self.open(path)
                    self.keep_picture(f"{name}-{width}")
                    self.check_access(f"{name}-{width}")
        self.open("/console")
        self.assertIn(EVIL, self.page.find_element(By.TAG_NAME, "main").text)
        self.assertEqual(self.page.find_elements(By.CSS_SELECTOR, "main img, main script"), [])
        self.press("Take back")
        browser.wait(self.page, lambda: "Take back" not in self.page.page_source)
