"""The rider's pages in a browser."""

import contextlib
import http.server
import threading

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import browser
from pages import ENTRY, EVIL, BrowserTest, Visitor
from ride_notices import notice
from support import DATA_SEND


class MerchantSite(http.server.BaseHTTPRequestHandler):
    """The merchant's site that riders return to."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>m</title><link rel=icon href=data:,><h1>Welcome back</h1>")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def merchant_site():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), MerchantSite) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        try:
            yield site.server_port
        finally:
            site.shutdown()


class InABrowser(BrowserTest):
    def test_the_way_back_to_the_merchant(self):
        with merchant_site() as port:
            for host in ("127.0.0.1", "localhost", "m.localhost", "xn--bcher-kva.localhost"):
                for decision, answer in (("agree", "true"), ("decline", "false")):
                    with self.subTest(host=host, decision=decision):
                        self.open(ENTRY, action="sign", cardTitle="Card",
                                  redirectUrl=f"http://{host}:{port}/x?a=1#part")
                        self.page.find_element(By.CSS_SELECTOR, f"button[value={decision}]").click()
                        browser.wait(self.page, lambda: "Welcome back" in self.page.page_source)
                        self.assertTrue(
                            self.page.current_url.endswith(f":{port}/x?a=1&isCreditOpened={answer}#part"),
                            self.page.current_url)

    def test_a_second_link_does_not_spoil_the_page_of_the_first(self):
        with merchant_site() as port:
            first = self.page.current_window_handle
            self.open(ENTRY, action="sign", cardTitle="Card", redirectUrl=f"http://localhost:{port}/")
            self.page.switch_to.new_window("tab")
            try:
                # The link is on a merchant's page, so the request comes from another site.
                self.page.get(f"http://localhost:{port}/")
                self.page.execute_script("location = arguments[0]", self.base + ENTRY
                                         + "?action=sign&cardTitle=Second&redirectUrl=http%3A%2F%2Flocalhost%2F")
                browser.wait(self.page, lambda: "Second" in self.page.page_source)
            finally:
                self.page.close()
                self.page.switch_to.window(first)
            self.page.find_element(By.CSS_SELECTOR, "button[value=agree]").click()
            browser.wait(self.page, lambda: "isCreditOpened=true" in self.page.current_url)

    def test_by_keyboard_alone(self):
        def press_on(label):
            browser.find(self.page, By.XPATH, f"//*[normalize-space()='{label}']")
            for _ in range(20):
                ActionChains(self.page).send_keys(Keys.TAB).perform()
                focused = self.page.switch_to.active_element
                if focused.text == label:
                    style = self.page.execute_script(
                        "const style = getComputedStyle(arguments[0]); return [style.outlineStyle, style.outlineWidth]",
                        focused)
                    self.assertEqual(style, ["solid", "3px"], "nothing shows where the focus is")
                    ActionChains(self.page).send_keys(Keys.ENTER).perform()
                    return
            self.fail(f"{label} cannot be reached by the Tab key")

        self.open("/")
        press_on("Sign up")
        browser.wait(self.page, lambda: "cardTitle" in self.page.current_url)
        press_on("Agree")
        browser.wait(self.page, lambda: "isCreditOpened=true" in self.page.current_url)
        press_on("Show the code")
        browser.wait(self.page, lambda: self.page.find_elements(By.ID, "code-image"))

    def test_leaving(self):
        self.visitor.sign_up()
        self.lend_cookies()
        for presses, expected in (("Stay", "Show the code"), ("Leave", "Sign up")):
            self.open("/")
            browser.find(self.page, By.LINK_TEXT, "Leave…").click()
            browser.find(self.page, By.XPATH, f"//*[@class='choices']/*[normalize-space()='{presses}']").click()
            browser.find(self.page, By.LINK_TEXT, expected)

    def test_markup_in_what_others_say_is_text(self):
        self.open(ENTRY, action="sign", cardTitle=EVIL[:64], redirectUrl="http://m.example/?" + EVIL)
        self.assertIn(EVIL[:64], self.page.find_element(By.TAG_NAME, "main").text)
        rider = self.visitor.sign_up(title=EVIL[:64])
        self.lend_cookies()
        self.send_card("ISSUE", rider, "EVIL1", disabled=True, disabled_tips=EVIL)
        self.open("/")
        self.assertIn(EVIL[:64], self.page.find_element(By.TAG_NAME, "main").text)
        self.open_card(rider)
        self.assertIn(EVIL[:64], self.page.find_element(By.TAG_NAME, "main").text)
        self.open_card("EVIL1", "T0000001")
        self.assertIn(EVIL, self.page.find_element(By.TAG_NAME, "main").text)
        self.assertEqual(self.page.find_elements(By.CSS_SELECTOR, "main img, main script"), [])

    def test_access_and_looks(self):
        for lang in ("en", "zh"):
            self.visitor = Visitor(self.server)
            self.page.delete_all_cookies()
            self.look("home-new", lang, "/")
            self.look("sign", lang, ENTRY, action="sign", cardTitle="杭州公交卡 Transit", redirectUrl="http://m.example/x")
            self.look("message", lang, ENTRY, action="sign")
            rider = self.visitor.sign_up(title="杭州公交卡 Transit")
            self.lend_cookies()
            prepaid, disabled = self.new_card_number(), self.new_card_number()
            self.send_card("ISSUE", rider, prepaid, balance="12.34")
            self.send_card("ISSUE", rider, disabled, disabled=True, disabled_tips="欠费 8 元，请先还款")
            self.settled(self.ride(rider, self.visitor.code(rider), subject="杭州 984 路公交，龙翔桥站上车，武林广场站下车"))
            self.succeed(DATA_SEND, notice(rider, subject="LongWordWithoutAnySpace" * 5))
            self.settled(self.ride(rider, self.gate.code("--uid", rider, "--card-no", "9", "--card-type", "T0000001")))
            self.look("home", lang, "/")
            self.look("leave", lang, "/leave")
            self.look("card", lang, ENTRY, action="use", cardType="ANT00001", cardNo=rider)
            self.look("card-prepaid", lang, ENTRY, action="use", cardType="T0000001", cardNo=prepaid)
            self.look("card-disabled", lang, ENTRY, action="use", cardType="T0000001", cardNo=disabled)
            self.look("stranger", lang, ENTRY, action="use", cardType="T0000001", cardNo="0")
            browser.complaints(self.page)  # The page's status is 403.

    def look(self, name, lang, path, **query):
        self.open(path, lang=lang, **query)
        self.keep_picture(f"{name}-{lang}")
        with self.subTest(page=name, lang=lang):
            self.check_access(f"{name}-{lang}")
        if name == "message":
            browser.complaints(self.page)  # The page's status is 400.
