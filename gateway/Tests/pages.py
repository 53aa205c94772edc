"""Shared by the tests of the pages: a visitor with cookies and forms over plain HTTP, and a browser."""

import html
import http.client
import http.cookies
import os
import re
import ssl
import urllib.parse

import axe_core_python.selenium

import browser
from support import VIRTUALCARD_SEND, GatewayTest, number, read, time_text

ENTRY = "/p/f/public_transit/card_entry.html"
SIGN = "/p/f/public_transit/sign"
# Text from outside. The pages must show it unchanged.
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{7*7}}"
# The directory for screenshots that people look at.
SCREENSHOTS = os.environ.get("E2E_PAGES", os.path.join("build", "e2e-pages"))


def console_password(server):
    return read(server.data + "/console-password.txt").strip()


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()
        self.location = self.headers.get("Location")
        self.cookies = self.headers.get_all("Set-Cookie", [])

    def cookie(self, name):
        """The attributes of a cookie, in lower case, and its value under ""."""
        for line in self.cookies:
            first, *attributes = line.split("; ")
            if first.startswith(name + "="):
                pairs = (attribute.partition("=") for attribute in attributes)
                return {"": first.partition("=")[2], **{key.lower(): value for key, _, value in pairs}}
        return None

    @property
    def action(self):
        """The action of the page's only form."""
        (action,) = re.findall(r'<form [^>]*action="([^"]*)"', self.text)
        return action

    @property
    def fields(self):
        """The fields of the page's only form, without its token."""
        pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text)
        return {name: html.unescape(value) for name, value in pairs if name != "form_token"}

    @property
    def words(self):
        return seen(self.text)


def seen(markup):
    """The page's text in one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", markup)))


def unescaped(text):
    """Undoes the page's HTML escapes, once."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


class Visitor:
    """Keeps cookies and sends the forms of the pages that it has fetched. Follows no redirects."""

    def __init__(self, server, language="en"):
        self.server, self.language = server, language
        self.cookies, self.form_token = {}, ""

    def send(self, verb, path, body=None, headers=None):
        scheme = http.client.HTTPConnection
        options = {}
        if self.server.scheme == "https":
            scheme, options = http.client.HTTPSConnection, {"context": ssl._create_unverified_context()}
        connection = scheme(self.server.host, self.server.port, timeout=30, **options)
        try:
            connection.request(verb, path, body, {
                "Accept-Language": self.language,
                "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for line in answer.cookies:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        token = re.search(r'name="form_token" value="([^"]*)"', answer.text)
        self.form_token = token[1] if token else self.form_token
        return answer

    def get(self, path, /, **query):
        return self.send("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path, /, headers=None, **fields):
        """Sends a form with exactly these fields."""
        return self.send("POST", path, urllib.parse.urlencode(fields), {
            "Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def submit(self, path, /, **fields):
        """Sends a form with the token of the last page that had one."""
        return self.post(path, form_token=self.form_token, **fields)

    # Riders.

    def sign_page(self, **changes):
        query = {"action": "sign", "scene": "TRANSIT", "cardTitle": "City card", "redirectUrl": "http://m.example/",
                 **changes}
        return self.get(ENTRY, **{name: value for name, value in query.items() if value is not None})

    def decide(self, decision="agree", title="City card", target="http://m.example/"):
        self.sign_page()
        return self.submit(SIGN, decision=decision, cardTitle=title, redirectUrl=target)

    def sign_up(self, **options):
        """The new rider's user id."""
        answer = self.decide(**options)
        assert answer.status == 303, answer.text
        return re.search(r"\b2088\d{12}\b", self.get("/").text)[0]

    def card(self, card_no, card_type="ANT00001", **more):
        return self.get(ENTRY, action="use", cardType=card_type, cardNo=card_no, **more)

    def code(self, card_no, card_type="ANT00001"):
        """The code on the rider's page, in hex."""
        return re.search(r'id="code-hex">([0-9A-F]+)<', self.card(card_no, card_type).text)[1]

    # The operator.

    def log_in(self, password=None):
        self.get("/console/login")
        return self.submit("/console/login", password=password or console_password(self.server))

    def act(self, path, **fields):
        """Performs an action on the console, and returns the page that shows the result."""
        self.get("/console")
        answer = self.submit("/console/" + path, **fields)
        assert answer.status == 303, (answer.status, answer.text)
        return self.get("/console")


class PageTest(GatewayTest):
    """A server, and a visitor without cookies."""

    def setUp(self):
        self.visitor = Visitor(self.server)

    def send_card(self, action, user_id, card_no, **more):
        """Sends a message about a merchant's card."""
        return self.succeed(VIRTUALCARD_SEND, {
            "action": action, "user_id": user_id, "last_update_time": time_text(), "card_type": "T0000001",
            "card_no": card_no, **more})

    def ride(self, user_id, code=None, **changes):
        """A trade for the code on a rider's page."""
        return self.gate.trade(self.gate.record(code), user_id=user_id, **changes)

    def new_card_number(self):
        return number("C")


class BrowserTest(PageTest):
    """Pages in a browser. A message in the browser's console fails the test."""

    scripts = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        context = browser.chromium(scripts=cls.scripts)
        cls.page = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        cls.base = f"{cls.server.scheme}://{cls.server.host}:{cls.server.port}"

    def setUp(self):
        super().setUp()
        self.page.get(self.base + "/style.css")
        self.page.delete_all_cookies()
        browser.resize(self.page, 360, 740)
        browser.complaints(self.page)

    def tearDown(self):
        self.assertEqual(browser.complaints(self.page), [])

    def lend_cookies(self):
        """Gives the browser the visitor's cookies."""
        for name, value in self.visitor.cookies.items():
            self.page.add_cookie({"name": name, "value": value, "path": "/"})

    def open(self, path, /, **query):
        self.page.get(self.base + path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def open_card(self, card_no, card_type="ANT00001", **more):
        self.open(ENTRY, action="use", cardType=card_type, cardNo=card_no, **more)

    def keep_picture(self, name):
        os.makedirs(SCREENSHOTS, exist_ok=True)
        self.page.save_screenshot(os.path.join(SCREENSHOTS, name + ".png"))

    def check_access(self, name):
        """Checks that axe-core reports nothing worse than "minor", and that a phone does not scroll sideways."""
        found = axe_core_python.selenium.Axe().run(self.page)
        bad = [
            f"{name}: {violation['id']}: {violation['help']}: {node['html']}"
            for violation in found["violations"] if violation["impact"] != "minor"
            for node in violation["nodes"]
        ]
        self.assertEqual(bad, [])
        wide, room = self.page.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        self.assertLessEqual(wide, room, f"{name} is wider than its window")
