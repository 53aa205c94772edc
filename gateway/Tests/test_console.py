"""The operator's console: who gets in, and that what it does is done."""

import base64
import concurrent.futures
import hashlib
import os
import re
import signal
import socket
import subprocess
import time
import unittest
import urllib.parse

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

import browser
from pages import EVIL, BrowserTest, PageTest, Visitor, console_password, seen, unescaped
from rsa2 import Key
from support import (
    DATA_SEND,
    KEY_QUERY,
    RECORD_VERIFY,
    TRADE_SETTLE,
    VIRTUALCARD_SEND,
    Client,
    Server,
    canonical,
    command,
    issue,
    number,
    read,
    record,
    temporary_directory,
)

METHODS = (KEY_QUERY, RECORD_VERIFY, TRADE_SETTLE, VIRTUALCARD_SEND, DATA_SEND)
ACTIONS = ("logout", "merchants", "merchants/key", "merchants/contract", "merchants/record-key",
           "merchants/record-key/remove", "issuer-keys", "issuer-keys/activate", "issuer-keys/retire", "faults",
           "faults/remove", "riders/open")


# What asks before it acts: a link to it leads to a question.
QUESTIONS = {"merchants/contract": {"app_id": "2021000000000001"},
             "merchants/record-key/remove": {"app_id": "2021000000000001", "id": "1"},
             "issuer-keys/activate": {"id": "1"}, "issuer-keys/retire": {"id": "1"}}
QUESTION_PAGES = [f"/console/{path}?{urllib.parse.urlencode(fields)}" for path, fields in QUESTIONS.items()]


def outer_address():
    """One of this machine's that is not the loopback's. Nothing is sent."""
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                return probe.getsockname()[0]
            except OSError:
                pass
    raise AssertionError("this test needs a network address besides the loopback's")


class ConsoleTest(PageTest):
    def setUp(self):
        super().setUp()
        self.operator = Visitor(self.server)
        self.operator.log_in()

    def act(self, path, **fields):
        return self.operator.act(path, **fields)

    def confirm(self, question):
        """Presses the button of a page that asks, and returns the page that says what came of it."""
        answer = self.operator.submit(question.action, **question.fields)
        self.assertEqual(answer.status, 303, answer.text)
        return self.console()

    def console(self):
        return self.operator.get("/console")


class Asking(ConsoleTest):
    """What stops something or cannot be taken back is not one click away."""

    # What a form of the console's page may do at once: nothing of it takes anything away.
    AT_ONCE = {"logout", "merchants", "merchants/key", "merchants/contract", "merchants/record-key", "issuer-keys",
               "faults", "faults/remove", "riders/open"}

    def forms(self, page):
        """Method, action and contents of each form."""
        return re.findall(r'<form [^>]*method="(\w+)" action="/console/([^"]*)">(.*?)</form>', page.text, re.S)

    def test_the_forms_of_the_console(self):
        self.visitor.sign_up()
        self.act("faults", kind="delay", percent="1")
        forms = self.forms(self.console())
        asking = {action for method, action, _ in forms if method == "get"}
        self.assertEqual(asking, set(QUESTIONS))
        for method, action, content in forms:
            if method == "post":
                self.assertIn(action, self.AT_ONCE)
                # A contract is put in force at once, and never ended.
                self.assertNotIn('value="false"', content)
        self.assertEqual({action for method, action, _ in forms if method == "post"},
                         self.AT_ONCE - {"merchants/contract"})

    def test_the_way_back_is_the_easy_one(self):
        for path in QUESTION_PAGES:
            with self.subTest(path):
                page = self.operator.get(path)
                keep = re.search(r'<a class="button keep" href="(/console#[\w-]+)" autofocus>', page.text)
                danger = re.search(r'<button class="danger">', page.text)
                self.assertLess(keep.start(), danger.start(), "the dangerous button comes first")
                self.assertEqual(page.text.count("<button"), 1)
                self.assertRegex(section(self.console(), keep[1].partition("#")[2]), r"\w")

    def test_markup_in_a_name(self):
        app_id = number("20217")
        self.act("merchants", name=EVIL[:64], login_name=number("pay@"), app_id=app_id)
        page = self.operator.get("/console/merchants/contract", app_id=app_id)
        self.assertIn(EVIL[:64], unescaped(page.text))
        self.assertNotIn("<script>", page.text)


class Messages(ConsoleTest):
    """What came of an action is told to the session that did it, once."""

    KEY = re.compile("<code>([0-9a-f]{64})</code>")

    def setUp(self):
        super().setUp()
        self.other = Visitor(self.server)
        self.other.log_in()

    def add_key(self, visitor):
        visitor.get("/console")
        self.assertEqual(visitor.submit("/console/merchants/record-key", app_id=self.client.app_id).status, 303)

    def test_a_fresh_key_is_shown_to_nobody_else(self):
        self.add_key(self.operator)
        stranger = Visitor(self.server)
        stranger.log_in()
        for visitor in (self.other, stranger):
            page = visitor.get("/console")
            self.assertNotIn("record key, shown this once", page.words)
            self.assertEqual(self.KEY.findall(page.text), [])
        (key,) = self.KEY.findall(self.console().text)
        self.settled(self.gate.trade(record(self.gate.code(), bytes.fromhex(key))))
        self.assertEqual(self.KEY.findall(self.console().text), [])

    def test_two_operators_at_once(self):
        self.add_key(self.operator)
        self.add_key(self.other)
        keys = [self.KEY.findall(visitor.get("/console").text) for visitor in (self.operator, self.other)]
        self.assertEqual([len(found) for found in keys], [1, 1])
        self.assertNotEqual(*keys)

    def test_nothing_that_was_not_seen_is_lost(self):
        # An impatient second press.
        self.operator.get("/console")
        for _ in range(2):
            self.operator.submit("/console/merchants/record-key", app_id=self.client.app_id)
        self.operator.submit("/console/merchants/record-key", app_id=self.client.app_id, key="xyz")
        page = self.console()
        self.assertEqual(len(set(self.KEY.findall(page.text))), 2)
        self.assertIn("32 to 128 hex digits", page.words)

    def test_a_page_that_fails_loses_no_key(self):
        self.add_key(self.operator)
        with self.server.sql() as db:
            db.execute("ALTER TABLE account RENAME COLUMN owner TO gone")
            try:
                failed = self.operator.get("/console")
            finally:
                db.execute("ALTER TABLE account RENAME COLUMN gone TO owner")
        self.assertEqual((failed.status, self.KEY.findall(failed.text)), (503, []))
        (key,) = self.KEY.findall(self.console().text)
        self.settled(self.gate.trade(record(self.gate.code(), bytes.fromhex(key))))
        self.assertEqual(self.KEY.findall(self.console().text), [])

    def test_a_session_that_has_ended(self):
        self.add_key(self.operator)
        kept = dict(self.operator.cookies)
        self.operator.submit("/console/logout")
        self.operator.cookies = kept
        self.assertEqual(self.operator.get("/console").status, 303)
        self.operator.log_in()
        self.assertEqual(self.KEY.findall(self.console().text), [])


class Access(PageTest):
    def test_the_right_password(self):
        answer = self.visitor.log_in()
        self.assertEqual((answer.status, answer.location), (303, "/console"))
        self.assertEqual(self.visitor.get("/console").status, 200)

    def test_wrong_passwords_are_refused_and_slow(self):
        password = console_password(self.server)
        for wrong in ("", "x", password[:-1], password + "x", password.upper() if password.islower() else "X",
                      password + "\0"):
            start = time.monotonic()
            answer = self.visitor.log_in(wrong or " ")
            self.assertEqual(answer.status, 403)
            self.assertIn("Wrong password", answer.words)
            self.assertGreaterEqual(time.monotonic() - start, 1)
            self.assertNotIn("posgateway_console", self.visitor.cookies)
            self.assertNotIn(password, answer.text)
        self.assertEqual(self.visitor.get("/console").location, "/console/login")

    def test_guessing_does_not_stop_others(self):
        guesses = [socket.create_connection((self.server.host, self.server.port)) for _ in range(20)]
        for guess in guesses:
            guess.sendall(b"POST /console/login HTTP/1.1\r\nHost: localhost\r\nCookie: posgateway_form=x\r\n"
                          b"Content-Length: 24\r\n\r\nform_token=x&password=no")
        self.assertEqual(Visitor(self.server).log_in().status, 303)
        for guess in guesses:
            guess.close()

    def test_the_password_is_the_file_s(self):
        server = Server()
        try:
            server.stop()
            with open(server.data + "/console-password.txt", "w", encoding="utf-8") as file:
                file.write("correct horse 公交\n")
            server.start()
            self.assertEqual(Visitor(server).log_in("correct horse 公交").status, 303)
        finally:
            server.kill()

    def test_a_password_file_as_editors_write_it(self):
        server = Server(start=False)
        path = os.path.join(server.data, "console-password.txt")
        for content, password in ((b"\xef\xbb\xbfmarked\r\n", "marked"), (b"  one word  \n\n", "one word")):
            with self.subTest(content):
                with open(path, "wb") as file:
                    file.write(content)
                server.start()
                self.assertEqual(Visitor(server).log_in(password).status, 303)
                self.assertEqual(server.stop(), 0)
        # One that nobody could type.
        for content in ("gr\u00fcn\n".encode("latin-1"), "word\n".encode("utf-16"), "word\n".encode("utf-16-le"),
                        b"one\ntwo\n", b"a\tb\n"):
            with self.subTest(content):
                with open(path, "wb") as file:
                    file.write(content)
                result = command("serve", "--data", server.data, "--port", "0")
                self.assertGreater(result.returncode, 0)
                self.assertRegex(result.stderr, r"(?m)^Error: .*console-password\.txt has to be one line of text in UTF-8")
                with open(path, "rb") as file:
                    self.assertEqual(file.read(), content)

    def test_the_secrets_are_the_owner_s_alone(self):
        directory = os.path.join(temporary_directory(), "made before")
        os.mkdir(directory, 0o755)
        server = Server(data=directory)
        try:
            Visitor(server).sign_up()
            for name in os.listdir(directory):
                self.assertEqual(os.stat(os.path.join(directory, name)).st_mode & 0o077, 0, name)
        finally:
            server.kill()

    def test_without_a_session_nothing_is_shown_or_done(self):
        rider = Visitor(self.server)
        rider.sign_up()
        # A rider's session, under the console's name.
        pretender = Visitor(self.server)
        pretender.cookies["posgateway_console"] = rider.cookies["posgateway_rider"]
        left = Visitor(self.server)
        left.log_in()
        kept = dict(left.cookies)
        left.get("/console")
        self.assertEqual(left.submit("/console/logout").status, 303)
        left.cookies = kept
        ended = Visitor(self.server)
        ended.log_in()
        with self.server.sql() as db:
            before = "\n".join(db.iterdump())
            db.execute("UPDATE session SET expires_at = 1 WHERE user_id IS NULL")
        for visitor in (Visitor(self.server), rider, pretender, left, ended):
            for path in ("/console", "/console/", *QUESTION_PAGES):
                answer = visitor.get(path)
                self.assertEqual((answer.status, answer.location), (303, "/console/login"))
            visitor.get("/console/login")
            for path in ACTIONS:
                answer = visitor.submit("/console/" + path, app_id="2021000000000001", name="x", login_name="x", id="1")
                self.assertEqual(answer.status, 403, path)
        with self.server.sql() as db:
            after = "\n".join(db.iterdump())
        self.assertEqual(re.sub("INSERT INTO .session.*", "", before), re.sub("INSERT INTO .session.*", "", after))

    def test_forms_from_elsewhere(self):
        operator, other = Visitor(self.server), Visitor(self.server)
        operator.log_in()
        operator.get("/console")
        other.sign_page()
        for path in ACTIONS:
            for headers, fields in (({}, {}), ({}, {"form_token": ""}),
                                    ({}, {"form_token": other.cookies["posgateway_form"]}),
                                    ({"Origin": "http://evil.example"}, {"form_token": operator.form_token}),
                                    ({"Origin": "null"}, {"form_token": operator.form_token})):
                answer = operator.post(
                    "/console/" + path, headers, app_id="2021000000000001", name="x", login_name="x", id="1",
                    user_id="2088000000000000", kind="drop", **fields)
                self.assertEqual(answer.status, 403, (path, headers, fields))
        page = operator.get("/console")
        self.assertEqual(page.status, 200)
        self.assertNotIn("Take back", page.text)

    def test_no_link_does_what_a_form_does(self):
        operator = Visitor(self.server)
        operator.log_in()
        with self.server.sql() as db:
            before = "\n".join(db.iterdump())
        for path in ACTIONS:
            fields = {"form_token": operator.form_token, "id": "1", "contracted": "false", "key": "00" * 32}
            answer = operator.get("/console/" + path, **{**fields, **QUESTIONS.get(path, {})})
            if path in QUESTIONS:
                self.assertEqual(answer.status, 200)
                self.assertIn("What stops working", answer.words)
            else:
                self.assertIn(answer.status, (404, 405))
        with self.server.sql() as db:
            self.assertEqual("\n".join(db.iterdump()), before)

    def test_cookies(self):
        answer = self.visitor.log_in()
        cookie = answer.cookie("posgateway_console")
        self.assertRegex(cookie[""], r"\A[0-9a-f]{64}\Z")
        self.assertEqual((cookie["samesite"].lower(), cookie["path"]), ("strict", "/"))
        self.assertIn("httponly", cookie)
        with self.server.sql() as db:
            self.assertNotIn(cookie[""], "\n".join(db.iterdump()).lower())


class Sessions(unittest.TestCase):
    """Another password ends what the old one has opened."""

    def change_password(self, server, password):
        self.assertEqual(server.stop(), 0)
        with open(server.data + "/console-password.txt", "w", encoding="utf-8") as file:
            file.write(password + "\n")
        server.start()

    def test_another_password_ends_every_session_that_it_did_not_open(self):
        server = Server()
        self.addCleanup(server.kill)
        rider, operators = Visitor(server), [Visitor(server) for _ in range(3)]
        user_id = rider.sign_up()
        for operator in operators:
            operator.log_in()
            self.assertEqual(operator.get("/console").status, 200)
        # The rider's page in the operator's browser was opened with the password, too.
        self.assertEqual(operators[0].submit("/console/riders/open", user_id=user_id).status, 303)
        self.assertEqual(operators[0].card(user_id).status, 200)
        # Without another password a restart ends nothing.
        server.stop()
        server.start()
        self.assertEqual(operators[0].get("/console").status, 200)
        self.assertEqual(operators[0].card(user_id).status, 200)
        old = console_password(server)
        self.change_password(server, "another one")
        for operator in operators:
            self.assertEqual(operator.get("/console").location, "/console/login")
            self.assertEqual(operator.submit("/console/issuer-keys").status, 403)
        self.assertEqual(operators[0].card(user_id).status, 403)
        self.assertNotIn(user_id, operators[0].get("/").text)
        # The rider's own session goes on.
        self.assertEqual(rider.card(user_id).status, 200)
        self.assertEqual(operators[0].log_in(old).status, 403)
        self.assertEqual(operators[0].log_in().status, 303)
        # And so it goes on.
        kept = dict(operators[0].cookies)
        self.change_password(server, "a third one")
        operators[0].cookies = kept
        self.assertEqual(operators[0].get("/console").location, "/console/login")
        # Nor does any of them come back with the password that has opened it.
        self.change_password(server, old)
        for operator in operators[1:]:
            self.assertEqual(operator.get("/console").location, "/console/login")
        self.assertEqual(server.stop(), 0)

    def test_an_operator_s_rider_page_can_be_left(self):
        server = Server()
        self.addCleanup(server.kill)
        user_id = Visitor(server).sign_up()
        operator = Visitor(server)
        operator.log_in()
        operator.get("/console")
        operator.submit("/console/riders/open", user_id=user_id)
        kept = dict(operator.cookies)
        operator.get("/")
        self.assertEqual(operator.submit("/logout").status, 303)
        operator.cookies = kept
        self.assertEqual(operator.card(user_id).status, 403)


class Guessing(unittest.TestCase):
    def guess(self, server, count, password="wrong"):
        """The statuses of so many guesses at once."""
        visitor = Visitor(server)
        visitor.get("/console/login")

        def one(_):
            other = Visitor(server)
            other.cookies, other.form_token = dict(visitor.cookies), visitor.form_token
            return other.submit("/console/login", password=password)

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            return list(pool.map(one, range(count)))

    def test_of_one_address(self):
        server = Server()
        self.addCleanup(server.kill)
        inside = Visitor(server)
        inside.log_in()
        answers = self.guess(server, 150)
        statuses = [answer.status for answer in answers]
        self.assertEqual(set(statuses), {403, 429})
        # Fifty, and what became free while they were made.
        self.assertIn(statuses.count(403), range(50, 60))
        refused = next(answer for answer in answers if answer.status == 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertIn("Too many wrong passwords", refused.text)
        # Nor is the right one looked at; who is logged in notices nothing.
        self.assertEqual(self.guess(server, 1, console_password(server))[0].status, 429)
        self.assertEqual(inside.get("/console").status, 200)
        self.assertEqual(server.log.count("console login failed"), statuses.count(403))
        self.assertRegex(server.log, r"warning posgateway: address=127\.0\.0\.1 .*console login failed")
        self.assertRegex(server.log, r"warning posgateway: address=127\.0\.0\.1 .*console logins refused")
        self.assertLess(server.log.count("console logins refused"), 20)
        self.assertNotIn("password=", server.log)
        self.assertEqual(server.stop(), 0)

    def test_addresses_of_this_machine_are_one(self):
        server = Server(host="0.0.0.0")
        self.addCleanup(server.kill)
        statuses = []
        for index in range(2, 8):
            server.host = f"127.0.0.{index}"
            statuses += [answer.status for answer in self.guess(server, 15)]
        self.assertIn(statuses.count(403), range(50, 60))

    def test_other_machines_do_not_keep_this_one_out(self):
        server = Server("--console", "any", host="0.0.0.0")
        self.addCleanup(server.kill)
        server.host = outer_address()
        self.assertIn(429, [answer.status for answer in self.guess(server, 80)])
        server.host = "127.0.0.1"
        self.assertEqual(Visitor(server).log_in().status, 303)
        self.assertIn("console login", server.log)

    def test_right_ones_are_no_guesses(self):
        server = Server()
        self.addCleanup(server.kill)
        for _ in range(3):
            self.assertEqual({answer.status for answer in self.guess(server, 40, console_password(server))}, {303})
        self.assertRegex(server.log, r"notice posgateway: address=127\.0\.0\.1 .*console login")


class Names(unittest.TestCase):
    """What the gateway is called: nobody else's name leads to its pages."""

    PAGES = ("/", "/console", "/console/login", "/card/rides", "/style.css", "/nothing",
             "/p/f/public_transit/card_entry.html?action=sign&cardTitle=x&redirectUrl=http://m.example/")
    FOREIGN = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:{port}", "evil-localhost",
               "gateway.example.evil.example", "127.0.0.1@evil.example", "evil.example/127.0.0.1", "1.2.3", "127.1",
               "2130706433", "0x7f.1", "", ":{port}", "[::1", "::1", "[evil.example]", "127.0.0.1 evil.example", ".", "xn--x")

    def server(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.addCleanup(server.kill)
        return server

    def status(self, server, host, path="/"):
        return Visitor(server).send("GET", path, headers={"Host": host.format(port=server.port)}).status

    def check(self, server, own, foreign=()):
        for host in own:
            for path in self.PAGES:
                with self.subTest(host=host, path=path):
                    self.assertNotEqual(self.status(server, host, path), 421)
        for host in (*self.FOREIGN, *foreign):
            for path in self.PAGES:
                with self.subTest(host=host, path=path):
                    self.assertEqual(self.status(server, host, path), 421)
            # Programs may call it what they like: they sign.
            for path in ("/health", "/health/live", "/health/ready", "/metrics", "/gateway.do"):
                self.assertEqual(self.status(server, host, path), 200)

    OWN = ("127.0.0.1", "127.0.0.1:{port}", "localhost", "LocalHost:{port}", "localhost.", "[::1]:{port}", "[::1]",
           "192.0.2.7:8443", "127.0.0.1:1")

    def test_as_it_starts_by_itself(self):
        self.check(self.server(), self.OWN, ("gateway.example",))

    def test_with_a_name(self):
        names = ("gateway.example", "Gateway.Example:8443", "pay.example", "gateway.example.")
        self.check(self.server("--name", "gateway.example, Pay.example"), (*self.OWN, *names), ("sub.gateway.example",))
        self.check(self.server("--name", "a_b.c-d.example,192.0.2.9,x1,1a.2b"), ("a_b.c-d.example", "x1", "1a.2b"))
        server = self.server(env={"POSGATEWAY_NAME": "gateway.example"})
        self.assertEqual(self.status(server, "gateway.example"), 200)

    def test_with_a_host(self):
        self.check(self.server(host="localhost"), self.OWN, ("gateway.example",))
        self.check(self.server(host="0.0.0.0"), (*self.OWN, outer_address()), ("0.0.0.0.evil.example",))

    def test_the_names_in_its_certificate(self):
        directory = temporary_directory()
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=x", "-addext", "subjectAltName=DNS:gateway.example,DNS:*.riders.example", "-keyout", key,
             "-out", certificate], check=True, capture_output=True)
        server = self.server("--tls-certificate", certificate, "--tls-key", key)
        for host in (*self.OWN, "gateway.example", "GATEWAY.example:8443", "a.riders.example"):
            self.assertEqual(self.status(server, host), 200, host)
        for host in (*self.FOREIGN, "riders.example", "a.b.riders.example", "x", ".riders.example", "*.riders.example"):
            if host != "xn--x":
                self.assertEqual(self.status(server, host), 421, host)

    def test_a_foreign_name_and_origin_together(self):
        # What a page does whose own name was made to lead here: to the browser it is of one origin with ours.
        server = self.server()
        for host in ("evil.example", f"evil.example:{server.port}"):
            visitor = Visitor(server)
            own = {"Host": host, "Origin": f"http://{host}"}
            page = visitor.send("GET", "/console/login", headers={"Host": host})
            self.assertEqual((page.status, page.cookies), (421, []))
            visitor.get("/console/login")
            self.assertEqual(visitor.post("/console/login", own, form_token=visitor.form_token,
                                          password=console_password(server)).status, 421)
            self.assertEqual(visitor.post("/p/f/public_transit/sign", own, form_token=visitor.form_token,
                                          decision="agree", redirectUrl="http://m.example/").status, 421)
            self.assertNotIn("posgateway_console", visitor.cookies)
        # Its own name and origin pass, as they do behind a proxy that passes them on.
        server = self.server("--name", "gateway.example")
        visitor = Visitor(server)
        own = {"Host": "gateway.example:8443", "Origin": "https://gateway.example:8443"}
        visitor.send("GET", "/console/login", headers=own)
        self.assertEqual(visitor.post("/console/login", own, form_token=visitor.form_token,
                                      password=console_password(server)).status, 303)
        self.assertEqual(visitor.post("/console/login", {**own, "Origin": "https://gateway.example"},
                                      form_token=visitor.form_token, password="x").status, 403)

    def test_what_a_visitor_is_told(self):
        answer = Visitor(self.server()).send("GET", "/", headers={"Host": "mybox:8080"})
        self.assertIn("--name", answer.text)


class FromElsewhere(PageTest):
    """Called through an address that other machines could use."""

    def through_outer_address(self, *arguments):
        server = Server(*arguments, host="0.0.0.0")
        self.addCleanup(server.kill)
        server.host = outer_address()
        return server

    def test_the_console_is_for_this_machine_alone(self):
        server = self.through_outer_address()
        visitor = Visitor(server)
        for path in ("/console", "/console/login", *QUESTION_PAGES):
            self.assertEqual(visitor.get(path).status, 404)
            for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Host": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
                self.assertEqual(visitor.send("GET", path, headers=headers).status, 404)
        # Not even with a session.
        local = Visitor(server)
        outer, server.host = server.host, "127.0.0.1"
        self.assertEqual(local.log_in().status, 303)
        local.get("/console")
        server.host = outer
        self.assertEqual(local.get("/console").status, 404)
        for path in ("login", *ACTIONS):
            self.assertEqual(local.submit("/console/" + path).status, 404, path)
        # Riders may.
        self.assertRegex(visitor.sign_up(), r"\A2088\d{12}\Z")

    def test_the_start_says_where_the_console_is(self):
        for host, arguments, said in (
                (outer_address(), (), r"cannot be reached at this address: add --console any, or use --host 0\.0\.0\.0"),
                (outer_address(), ("--console", "any"), r"http://\S+/console, password in "),
                (outer_address(), ("--console", "off"), "off"), ("0.0.0.0", (), r"http://\S+/console, password in "),
                ("127.0.0.1", (), r"http://\S+/console, password in ")):
            with self.subTest(host=host, arguments=arguments):
                server = Server(*arguments, host=host)
                self.addCleanup(server.kill)
                status = Visitor(server).get("/console/login").status
                server.process.send_signal(signal.SIGTERM)
                announcement = server.process.stdout.read()
                self.assertEqual(server.wait(), 0)
                self.assertRegex(announcement, r"(?m)^  console    " + said)
                self.assertEqual(status, 200 if "password in" in said else 404)

    def test_nor_through_a_proxy_on_this_machine(self):
        # From there the whole world would come from this machine.
        visitor = Visitor(self.server)
        visitor.log_in()
        self.assertEqual(visitor.get("/console").status, 200)
        for name, value in (("Forwarded", "for=127.0.0.1"), ("X-Forwarded-For", "127.0.0.1"),
                            ("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"), ("x-forwarded-for", "")):
            with self.subTest(name):
                for path in ("/console", "/console/login", *QUESTION_PAGES):
                    self.assertEqual(visitor.send("GET", path, headers={name: value}).status, 404)
                for path in ("login", *ACTIONS):
                    answer = visitor.post("/console/" + path, {name: value}, form_token=visitor.form_token)
                    self.assertEqual(answer.status, 404, path)
        server = Server("--console", "any")
        self.addCleanup(server.kill)
        visitor = Visitor(server)
        visitor.log_in()
        self.assertEqual(visitor.send("GET", "/console", headers={"Via": "1.1 proxy"}).status, 200)

    def test_unless_it_is_opened(self):
        visitor = Visitor(self.through_outer_address("--console", "any"))
        self.assertEqual(visitor.log_in().status, 303)
        self.assertEqual(visitor.get("/console").status, 200)

    def test_off(self):
        server = Server("--console", "off")
        self.addCleanup(server.kill)
        visitor = Visitor(server)
        visitor.get("/")
        for path in ("/console", "/console/login", *QUESTION_PAGES):
            self.assertEqual(visitor.get(path).status, 404)
        for path in ("login", *ACTIONS):
            self.assertEqual(visitor.submit("/console/" + path).status, 404, path)


class Merchants(ConsoleTest):
    def new_merchant(self, **fields):
        """The page after, the app_id and the record key."""
        app_id = number("20219")
        page = self.act("merchants", name="Bus company", login_name=number("pay@"), app_id=app_id, **fields)
        self.assertIn(app_id, page.words)
        return app_id, bytes.fromhex(re.search(r"<code>([0-9a-f]{64})</code>", page.text)[1])

    def test_a_new_merchant_with_its_key_in_each_form(self):
        directory = temporary_directory() + "/keys"
        self.assertEqual(command("keygen", directory).returncode, 0)
        key = Key(read(directory + "/app-private-key-pkcs1.pem"))
        pem, line = (read(f"{directory}/app-public-key.{kind}") for kind in ("pem", "txt"))
        for pasted in (pem, line, pem.replace("\n", "\r\n"), "\n  " + pem + "\n", line.strip(),
                       "\r\n".join(re.findall(".{1,64}", line)), pkcs1_pem(pem)):
            app_id, _ = self.new_merchant()
            merchant = Client(self.server, app_id, key)
            self.assertEqual(merchant.call(KEY_QUERY).sub_code, "isv.missing-signature-config")
            self.assertIn("The public key is set.", self.act("merchants/key", app_id=app_id, public_key=pasted).words)
            self.assertEqual(merchant.call(KEY_QUERY).code, "10000")
            merchant.close()

    def test_a_new_merchant_s_gates_settle(self):
        app_id, record_key = self.new_merchant()
        key = rsa.generate_private_key(65537, 2048)
        self.act("merchants/key", app_id=app_id, public_key=public_pem(key))
        merchant = Client(self.server, app_id, Key(private_pem(key)))
        code = self.gate.code()
        trade = self.gate.trade(record(code, record_key))
        # Another merchant's gate has not written it.
        self.failed("RECORD_INVALID", "record key", {**trade, "out_trade_no": number()})
        self.assertEqual(merchant.settle(trade)[0]["result"], "SUCCESS")
        merchant.close()

    def test_what_is_no_key(self):
        short, curve = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())
        long = rsa.generate_private_key(65537, 2048)
        app_id, _ = self.new_merchant()
        der = base64.b64decode(public_line(long))
        even_exponent, even_modulus, longer = (base64.b64encode(changed).decode() for changed in (
            der[:-1] + b"\0", der[:-6] + bytes([der[-6] ^ 1]) + der[-5:], der + b"\0"))
        for wrong in ("garbage", "AAAA", "=", "公钥", EVIL, public_pem(short), public_line(short), public_pem(curve),
                      private_pem(long), public_pem(long).replace("M", "N", 1), public_line(long)[:-40],
                      public_pem(long)[:200], public_pem(long).replace("PUBLIC", "PRIVATE"),
                      "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", even_exponent, even_modulus, longer):
            page = self.act("merchants/key", app_id=app_id, public_key=wrong)
            self.assertIn("no RSA public key of at least 2,048 bits", page.words, wrong)
        with self.server.sql() as db:
            kept = db.execute("SELECT public_key FROM merchant WHERE app_id = ?", (app_id,)).fetchone()
        self.assertEqual(kept, (None,))

    def test_a_key_for_nobody(self):
        page = self.act("merchants/key", app_id="nobody", public_key=public_pem(rsa.generate_private_key(65537, 2048)))
        self.assertNotIn("The public key is set.", page.words)

    def test_a_replaced_key_does_not_work_any_more(self):
        app_id, _ = self.new_merchant()
        keys = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
        clients = [Client(self.server, app_id, Key(private_pem(key))) for key in keys]
        self.act("merchants/key", app_id=app_id, public_key=public_pem(keys[0]))
        self.assertEqual(clients[0].call(KEY_QUERY).code, "10000")
        self.operator.get("/console")
        question = self.operator.submit("/console/merchants/key", app_id=app_id, public_key=public_line(keys[1]))
        self.assertEqual(question.status, 200)
        for words in ("Replace the public key of Bus company?", "refused with isv.invalid-signature at once"):
            self.assertIn(words, question.words)
        # Nothing has happened yet.
        self.assertEqual(clients[0].call(KEY_QUERY).code, "10000")
        self.assertIn("The public key is set.", self.confirm(question).words)
        self.assertEqual(clients[0].call(KEY_QUERY).sub_code, "isv.invalid-signature")
        self.assertEqual(clients[1].call(KEY_QUERY).code, "10000")
        # The answer to that question does not replace another key than the one that was asked about.
        third = rsa.generate_private_key(65537, 2048)
        fields = {**question.fields, "public_key": public_line(third)}
        self.assertIn("What stops working", self.operator.submit("/console/merchants/key", **fields).words)
        self.assertEqual(clients[1].call(KEY_QUERY).code, "10000")
        # The former key can be brought back.
        self.operator.get("/console")
        question = self.operator.submit("/console/merchants/key", app_id=app_id, public_key=public_pem(keys[0]))
        self.confirm(question)
        self.assertEqual([client.call(KEY_QUERY).sub_code for client in clients], [None, "isv.invalid-signature"])
        self.confirm(self.operator.submit("/console/merchants/key", app_id=app_id, public_key=public_pem(keys[1])))
        # The present key again takes nobody's key away.
        self.assertIn("The public key is set.",
                      self.act("merchants/key", app_id=app_id, public_key=public_pem(keys[1])).words)

    def test_a_contract_ends_and_comes_back(self):
        demo = self.client.app_id
        question = self.operator.get("/console/merchants/contract", app_id=demo)
        for words in ("End the contract of", f"Every call of {demo} is refused with 40006", "within 5 days",
                      "put in force again"):
            self.assertIn(words, question.words)
        self.succeed(KEY_QUERY)
        self.assertIn("calls are refused", self.confirm(question).words)
        for method in METHODS:
            self.refuse("40006", "isv.insufficient-isv-permissions", "", method)
        self.assertIn("is in force", self.act("merchants/contract", app_id=demo, contracted="true").words)
        self.succeed(KEY_QUERY)

    def test_a_contract_is_true_or_false(self):
        for fields in ({"contracted": "yes"}, {"contracted": "True"}, {"contracted": "1"}, {"contracted": "true "},
                       {"contracted": ""}, {}):
            with self.subTest(fields=fields):
                page = self.act("merchants/contract", app_id=self.client.app_id, **fields)
                self.assertIn("contracted has to be true or false" if fields.get("contracted") else
                              "contracted is missing", page.words)
                self.succeed(KEY_QUERY)

    def test_names_that_are_taken_or_missing(self):
        app_id, _ = self.new_merchant()
        for fields, message in (
                ({"app_id": app_id, "name": "x", "login_name": number()}, "there already"),
                ({"name": "x", "login_name": "demo@posoffline.example"}, "there already"),
                ({"login_name": number()}, "name is missing"), ({"name": "x"}, "login_name is missing"),
                ({"name": "x", "login_name": number(), "app_id": "1" * 33}, "32"),
                ({"name": "x", "login_name": number(), "app_id": "a b\n"}, "printable")):
            page = self.act("merchants", **fields)
            self.assertIn(message, page.words)
            self.assertNotIn("record key of its gates, shown", page.words)

    def test_record_keys(self):
        app_id = self.client.app_id
        key = os.urandom(32)
        first = self.gate.trade(record(self.gate.code(), key))
        self.failed("RECORD_INVALID", "record key", {**first, "out_trade_no": number()})
        self.act("merchants/record-key", app_id=app_id, key=key.hex())
        self.settled(first)
        with self.server.sql() as db:
            key_id, = db.execute("SELECT id FROM record_key WHERE key = ?", (key,)).fetchone()
        # Not through another merchant.
        other, _ = self.new_merchant()
        self.act("merchants/record-key/remove", app_id=other, id=str(key_id))
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        question = self.operator.get("/console/merchants/record-key/remove", app_id=app_id, id=str(key_id))
        key_name = hashlib.sha256(key).hexdigest()[:8].upper()
        self.assertIn(f"refuse every record that is signed with key {key_name}", question.words)
        self.assertNotIn("only record key", question.words)
        self.assertNotIn(key.hex(), question.text)
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        self.assertIn("do not settle any more", self.confirm(question).words)
        self.refuse("40004", "FAIL", "record key", RECORD_VERIFY, {"record": record(self.gate.code(), key)})
        self.failed("RECORD_INVALID", "record key", self.gate.trade(record(self.gate.code(), key)))
        # What has settled keeps its answer, and the gates' other key goes on.
        self.settled(first)
        self.settled(self.gate.trade())
        # Its hex digits bring it back.
        self.act("merchants/record-key", app_id=app_id, key=key.hex())
        self.settled(self.gate.trade(record(self.gate.code(), key)))

    def test_the_last_record_key(self):
        app_id, key = self.new_merchant()
        with self.server.sql() as db:
            key_id, = db.execute("SELECT id FROM record_key WHERE key = ?", (key,)).fetchone()
        question = self.operator.get("/console/merchants/record-key/remove", app_id=app_id, id=str(key_id))
        self.assertIn("It is the only record key of Bus company", question.words)
        # Of nobody, of another merchant, and what is no id.
        for fields in ({"app_id": "nobody", "id": str(key_id)}, {"app_id": self.client.app_id, "id": str(key_id)},
                       {"app_id": app_id, "id": "x"}, {"app_id": app_id}, {}):
            self.assertEqual(self.operator.get("/console/merchants/record-key/remove", **fields).status, 404)
            self.assertNotIn("The record key is gone", self.act("merchants/record-key/remove", **fields).words)
        self.assertEqual(self.operator.get("/console/merchants/contract", app_id="nobody").status, 404)
        for path in ("merchants/contract", "merchants/record-key", "merchants/key"):
            page = self.act(path, app_id="nobody", public_key=public_pem(rsa.generate_private_key(65537, 2048)))
            self.assertIn("There is no such merchant.", page.words)

    def test_a_record_key_that_the_console_makes(self):
        page = self.act("merchants/record-key", app_id=self.client.app_id, key="")
        key = bytes.fromhex(re.search(r"<code>([0-9a-f]{64})</code>", page.text)[1])
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        self.assertNotIn(key.hex(), self.console().text)
        for wrong in ("xyz", "00" * 15, "0" * 33, "00" * 65, EVIL):
            self.assertIn("32 to 128 hex digits",
                          self.act("merchants/record-key", app_id=self.client.app_id, key=wrong).words)

    def test_names_with_markup(self):
        app_id = number("<b>")
        self.act("merchants", name=EVIL, login_name=EVIL, app_id=app_id)
        page = self.console()
        self.assertIn(EVIL, unescaped(page.text))
        for raw in ("<b>", "<script>", "<img src=x"):
            self.assertNotIn(raw, page.text)


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def public_line(key):
    return base64.b64encode(key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


def pkcs1_pem(pem):
    """The older form of a public key."""
    return serialization.load_pem_public_key(pem.encode()).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode()


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption()).decode()


class IssuerKeys(ConsoleTest):
    """Each test has a server of its own, since keys that are retired stay so."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.kill)
        self.client = Client(self.server)
        super().setUp()
        self.gate = type(self.gate)(self.server)
        self.rider = self.visitor.sign_up()

    def listed(self):
        return {key["key_id"] for key in self.succeed(KEY_QUERY)["keys"]}

    def key_of(self, code):
        return bytes.fromhex(code)[2]

    def test_create_and_activate(self):
        before = self.listed()
        self.assertEqual(self.key_of(self.visitor.code(self.rider)), 0)
        self.act("issuer-keys")
        (new,) = self.listed() - before
        question = self.operator.get("/console/issuer-keys/activate", id=str(new))
        for words in (f"Gates that have not fetched key {new} with key.query refuse",
                      "that key 0 has signed are still good"):
            self.assertIn(words, question.words)
        # Riders' codes go on as they were until it is activated.
        self.assertEqual(self.key_of(self.visitor.code(self.rider)), 0)
        self.assertIn(f"key {new} from now on", self.confirm(question).words)
        code = self.visitor.code(self.rider)
        self.assertEqual(self.key_of(code), new)
        self.settled(self.ride(self.rider, code))

    def test_retire(self):
        before = self.visitor.code(self.rider)
        # Whoever has stolen the key has it still when it is retired.
        self.server.issuer_keys()
        self.act("issuer-keys/activate", id="1")
        page = self.operator.get("/console/issuer-keys/retire", id="0")
        self.assertEqual(page.status, 200)
        for words in ("key.query leaves the key out", "Gates that fetch the list again refuse every code that key 0",
                      "sign with key 1", "settle for another 5 days", "cannot be brought back"):
            self.assertIn(words, page.words)
        self.assertIn(0, self.listed(), "looking at the page has retired the key")
        self.assertIn("Issuer key 0 is retired", self.confirm(page).words)
        self.assertEqual(self.listed(), set(range(1, 32)))
        self.settled(self.ride(self.rider, before))
        time.sleep(1.1)
        after = issue(self.server, "--key-id", "0")[0]
        self.failed("RECORD_INVALID", "retired", self.gate.trade(self.gate.record(after)))
        self.refuse("40004", "FAIL", "retired", RECORD_VERIFY, {"record": self.gate.record(after)})
        self.assertEqual(self.key_of(self.visitor.code(self.rider)), 1)
        # For good, and over a restart too.
        for action in ("activate", "retire"):
            self.assertIn("retired, for good", self.act("issuer-keys/" + action, id="0").words)
        self.client.close()
        self.server.stop()
        self.server.start()
        self.assertEqual(self.listed(), set(range(1, 32)))
        self.failed("RECORD_INVALID", "retired", self.gate.trade(self.gate.record(after)))
        # Its id is not used again.
        self.act("issuer-keys")
        self.assertNotIn(0, self.listed())

    def test_what_is_refused(self):
        self.assertIn("activate another one first", self.act("issuer-keys/retire", id="0").words)
        for wrong in ("99", "256", "-1", "x", "", "0x1", EVIL):
            for action in ("activate", "retire"):
                page = self.act("issuer-keys/" + action, id=wrong)
                self.assertRegex(page.words, "no such issuer key|no key id|id is missing")
            self.assertEqual(self.operator.get("/console/issuer-keys/retire", id=wrong).status, 404)
        self.assertEqual(self.listed(), set(range(32)))
        self.assertEqual(self.operator.get("/console/issuer-keys/retire").status, 404)

    def test_gates_hold_64(self):
        for _ in range(32):
            self.act("issuer-keys")
        self.assertEqual(len(self.listed()), 64)
        self.assertIn("at most 64", self.act("issuer-keys").words)
        self.assertEqual(len(self.listed()), 64)
        self.act("issuer-keys/retire", id="9")
        self.act("issuer-keys")
        self.assertEqual(self.listed(), set(range(65)) - {9})

    def test_an_id_is_used_once(self):
        # As after 225 keys more, all of them retired.
        with self.server.sql() as db:
            for key_id in range(32, 256):
                db.execute("INSERT INTO issuer_key VALUES (?, x'00', ?, 'retired', 1, 1)", (key_id, bytes([0, key_id])))
        self.assertIn("All 256 key ids were used", self.act("issuer-keys").words)
        self.assertEqual(self.listed(), set(range(32)))

    def test_the_page_offers_only_what_can_be_done(self):
        self.act("issuer-keys/retire", id="5")
        rows = dict(re.findall(r"<tr><td>(\d+)</td><td class=\"mono\">(.*?)</tr>", self.console().text, re.S))
        self.assertEqual(len(rows), 32)
        for key_id, row in rows.items():
            state = {"0": "active", "5": "retired"}.get(key_id, "published")
            self.assertIn(f"<td>{state}</td>", row)
            self.assertEqual("<button" in row, state == "published")


class Lists(ConsoleTest):
    def test_riders_and_cards(self):
        rider = self.visitor.sign_up()
        cards = {kind: self.new_card_number() for kind in ("open", "prepaid", "disabled", "revoked")}
        for kind, card_no in cards.items():
            more = {"prepaid": {"balance": "1.00"}, "disabled": {"disabled": True, "disabled_tips": "x"}}.get(kind, {})
            self.send_card("ISSUE", rider, card_no, **more)
        self.send_card("REVOKE", rider, cards["revoked"])
        words = self.console().words
        self.assertIn(rider, words)
        for kind, card_no in cards.items():
            self.assertRegex(words, rf"T0000001 {card_no} {rider} {self.client.app_id} {kind} \d{{4}}-")
        self.assertRegex(words, rf"ANT00001 {rider} {rider} the gateway open ")

    def test_open_as_this_rider(self):
        rider = self.visitor.sign_up()
        self.operator.get("/console")
        answer = self.operator.submit("/console/riders/open", user_id=rider)
        self.assertEqual((answer.status, answer.location), (303, "/"))
        self.assertIn(rider, self.operator.get("/").words)
        self.assertEqual(self.operator.card(rider).status, 200)
        self.assertEqual(self.operator.submit("/console/riders/open", user_id="2088999999999999").status, 404)
        # The operator stays one.
        self.assertEqual(self.console().status, 200)
        # The same rider again loses nobody; another one is asked about.
        self.assertEqual(self.operator.submit("/console/riders/open", user_id=rider).status, 303)
        other = Visitor(self.server).sign_up()
        question = self.operator.submit("/console/riders/open", user_id=other)
        self.assertEqual(question.status, 200)
        for words in (f"Open rider {other}", f"no longer shows the cards and codes of rider {rider}", "newest 20"):
            self.assertIn(words, question.words)
        self.assertIn(rider, self.operator.get("/").words)
        self.assertEqual(self.operator.submit(question.action, **question.fields).status, 303)
        self.assertIn(other, self.operator.get("/").words)
        # The answer to that question leaves no rider but the one that was asked about.
        self.assertIn("What stops working",
                      self.operator.submit("/console/riders/open", user_id=rider, leaves=rider).words)

    def test_calls_and_trades_with_the_reason_of_each_refusal(self):
        rider = self.visitor.sign_up()
        good = self.ride(rider, self.visitor.code(rider), subject="Good ride")
        (trade_no,) = self.settled(good)
        expensive = self.ride(rider, self.visitor.code(rider), amount="20.01")
        self.failed("AMOUNT_ABOVE_CAP", "", expensive)
        twice = {**good, "out_trade_no": number()}
        self.failed("RECORD_ALREADY_SETTLED", "", twice)
        self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, sign="AAAA")
        self.refuse("40002", "isv.invalid-app-id", "", KEY_QUERY, app_id="nobody" + EVIL)
        self.refuse("40002", "isv.invalid-method", "", EVIL)
        self.refuse("40004", "ILLEGAL_PARAMS", "", RECORD_VERIFY, {"record": "00"})
        page = self.console()
        trades = section(page, "trades")
        self.assertRegex(trades, rf"{good['out_trade_no']} {rider} Good ride ¥2.00 settled, {trade_no}")
        self.assertRegex(trades, rf"{expensive['out_trade_no']} {rider} \S.* ¥20.01 AMOUNT_ABOVE_CAP: ")
        self.assertRegex(trades, rf"{twice['out_trade_no']} {rider} Good ride ¥2.00 RECORD_ALREADY_SETTLED: \S")
        calls = section(page, "calls")
        self.assertIn("40002 isv.invalid-signature", calls)
        self.assertIn("nobody<script>", calls)
        self.assertRegex(calls, r"record\.verify 40004 ILLEGAL_PARAMS \S")
        # Why a trade failed is with its call, too.
        self.assertIn(expensive["out_trade_no"] + ": ", calls)
        for raw in ("<script>", "<img src=x"):
            self.assertNotIn(raw, page.text)

    def test_the_reason_of_a_wrong_signature_is_read_as_the_caller_reads_it(self):
        reply = self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, sign="AAAA", notify_url="http://x/?a<b>&c")
        # sub_msg is escaped for HTML already; the page does not do that a second time.
        self.assertIn("a&lt;b&gt;&amp;c", reply.sub_msg)
        self.assertIn("notify_url=http://x/?a<b>&c", self.console().words)

    def test_the_last_50_calls_are_listed(self):
        names = [number("app") for _ in range(60)]
        for name in names:
            self.client.call(KEY_QUERY, app_id=name)
        words = self.console().words
        self.assertEqual([name for name in names if name in words], names[10:])

    def test_what_is_kept_of_calls_is_bounded(self):
        big = 1_900_000
        texts = {"ascii": "a" * big, "chinese": "公" * (big // 9), "markup": "<&>\"'" * (big // 15),
                 "one_letter": MAN + ("\u200d" + MAN) * (big // 21)}
        for name, text in texts.items():
            with self.subTest(name=name):
                parameters = self.client.parameters(KEY_QUERY, sign="AAAA", notify_url=text, zzz="the end")
                reply = self.refused("40002", "isv.invalid-signature", "", self.client.post(parameters))
                self.assertLess(len(reply.body), 32_000)
                # Both ends, and how to compare what is between them.
                signed = canonical(parameters)
                said = unescaped(reply.sub_msg)
                start, _, rest = said.partition("：")[2].partition(" ……")
                self.assertTrue(signed.startswith(start), start[:100])
                self.assertGreater(len(start.encode()), 3000)
                end = rest.rpartition("…… ")[2]
                self.assertTrue(signed.endswith(end), end[-100:])
                self.assertGreater(len(end.encode()), 1000)
                self.assertIn(hashlib.sha256(signed.encode()).hexdigest(), rest)
                self.assertIn(f"{len(signed.encode())} bytes", rest)
                for other in ({"app_id": text}, {"method": text}, {"method": KEY_QUERY, "app_id": None, "x": text}):
                    self.assertLess(len(self.client.call(KEY_QUERY, **{"sign": "AAAA", **other}).body), 2000)
        body = urllib.parse.urlencode(self.client.parameters(KEY_QUERY)) + "&" + "n" * big + "=%"
        reply = self.refused("40002", "isv.invalid-parameter", "", self.client.answer(body=body))
        self.assertLess(len(reply.body), 2000)
        trades = [self.gate.trade(out_trade_no=f"{number()}{'公' * 50}"[:64], amount="x") for _ in range(100)]
        self.client.settle(*trades)
        parameters = self.client.parameters(KEY_QUERY, sign="AAAA", notify_url=texts["markup"])
        for _ in range(220):
            self.assertEqual(self.client.post(parameters).sub_code, "isv.invalid-signature")
        self.assertLess(len(self.console().text), 2_000_000)

    def test_a_card_s_title_is_bounded(self):
        visitor = Visitor(self.server)
        self.assertEqual(visitor.sign_page(cardTitle=MAN + ("\u200d" + MAN) * 32).status, 400)
        visitor.sign_page()
        visitor.submit("/p/f/public_transit/sign", decision="agree", cardTitle=MAN + ("\u200d" + MAN) * 2_000,
                       redirectUrl="http://m.example/")
        with self.server.sql() as db:
            self.assertEqual(db.execute("SELECT MAX(LENGTH(title)) FROM card").fetchone()[0], 64)

    def test_the_ledger(self):
        before = cents(self.console().words, "merchant demo@posoffline.example|merchant " + self.client.app_id)
        self.settled(self.gate.trade())
        after = cents(self.console().words, "merchant demo@posoffline.example|merchant " + self.client.app_id)
        self.assertEqual(after - before, 200)

    def test_many_cards_do_not_crowd_a_merchant_out_of_the_ledger(self):
        self.settled(self.gate.trade())
        user = self.gate.user()
        for _ in range(51):
            self.send_card("ISSUE", user, self.new_card_number(), balance="1.00")
        words = self.console().words
        for account in ("merchant " + self.client.app_id, "float " + self.client.app_id, "card T0000001/"):
            self.assertIn(account, words)

    def test_rides_per_hour(self):
        if time.time() % 3600 > 3590:
            time.sleep(11)  # Not while the hour strikes.
        hour = int(time.time()) // 3600
        before = [count for _, count, _ in self.bars()]
        numbers = [self.gate.trade() for _ in range(6)]
        self.settled(*numbers)
        # Three of them an hour ago, as far as the plot knows, and one long ago.
        with self.server.sql() as db:
            for trade, hours in zip(numbers, (1, 1, 1, 24, 25)):
                db.execute("UPDATE trade SET created_at = ? WHERE out_trade_no = ?",
                           ((hour - hours) * 3600 + 1800, trade["out_trade_no"]))
        bars = self.bars()
        self.assertEqual(len(bars), 25)
        self.assertEqual((bars[-1][1], bars[-2][1], bars[0][1]), (before[-1] + 1, before[-2] + 3, before[0] + 1))
        most = max(count for _, count, _ in bars)
        for _, count, height in bars:
            self.assertEqual(height, count * 120 // most)
        self.assertIn(f"{most} rides an hour at most", self.console().words)

    def bars(self):
        """Hour, count and height of each."""
        page = self.console().text
        return [(hour, int(count), int(height)) for height, hour, count in re.findall(
            r'<rect [^>]*height="(\d+)"><title>(\d\d:00): (\d+)</title>', page)]


# Any number of these, joined, is one letter to a reader.
MAN = "\U0001F468"


def section(page, name):
    """What a reader sees under one heading of the console."""
    return seen(re.search(rf'<h2 id="{name}">(.*?)(<h2|</main>)', page.text, re.S)[1])


def cents(words, owner):
    """An account's balance on the console; nothing for one that was never opened."""
    found = re.search(rf"(?:{owner}) (−?)¥(\d+)\.(\d\d)", words)
    return (-1 if found[1] else 1) * int(found[2] + found[3]) if found else 0


class Faults(ConsoleTest):
    def inject(self, kind, method="", **fields):
        return self.act("faults", kind=kind, method=method, **fields)

    def tearDown(self):
        for fault in self.fault_ids():
            self.act("faults/remove", id=fault)
        self.succeed(KEY_QUERY)

    def contents(self):
        """What is good for each interface, without changing anything of note."""
        return {
            KEY_QUERY: None, RECORD_VERIFY: {"record": self.gate.record()},
            TRADE_SETTLE: {"trade_list": [self.gate.trade()]},
            VIRTUALCARD_SEND: {"action": "ISSUE", "user_id": "2088000000000001", "card_type": "T0000001",
                               "card_no": "FAULT1", "last_update_time": "2026-01-01 00:00:00"},
            DATA_SEND: {"scene_code": "vechile_order", "op_code": "data_save", "channel": "x", "version": "2.0",
                        "target_id": "2088000000000001", "op_data": {"info": [{
                            "type": "order", "biz_no": "F1", "subject": "x", "biz_time": "2026-01-01 00:00:00",
                            "asset_name": "ALIPAY", "city_name": "x", "line_name": "1", "start_station_name": "x",
                            "vehicle_type": "BUS", "vehicle_id": "1", "partner_name": "x", "partner_id": "1"}]}},
        }

    def dropped(self, method, content):
        """Whether the connection ends without a byte."""
        body = self.client.parameters(method, content)
        try:
            self.client.post(body)
        except (ConnectionError, OSError) as error:
            # http.client's word for an answer of which nothing came.
            self.assertIn(type(error).__name__, ("RemoteDisconnected", "ConnectionResetError"))
            return True
        return False

    def test_for_one_interface(self):
        contents = self.contents()
        for faulty in METHODS:
            self.inject("unavailable", faulty)
            for method in METHODS:
                if method != faulty:
                    self.succeed(method, contents[method])
            self.refuse("20000", "isp.unknow-error", "", faulty, contents[faulty])
            self.succeed(faulty, contents[faulty])

    def test_for_all_of_them(self):
        contents = self.contents()
        self.inject("unavailable", calls="5")
        for method in METHODS:
            self.refuse("20000", "isp.unknow-error", "", method, contents[method])
        for method in METHODS:
            self.succeed(method, contents[method])

    def test_the_next_calls(self):
        self.inject("unavailable", KEY_QUERY, calls="3")
        codes = [self.client.call(KEY_QUERY).code for _ in range(5)]
        self.assertEqual(codes, ["20000"] * 3 + ["10000"] * 2)

    def test_only_calls_that_are_let_in_count(self):
        self.inject("unavailable", KEY_QUERY)
        self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, sign="AAAA")
        self.refuse("20000", "isp.unknow-error", "", KEY_QUERY)

    def test_a_rate(self):
        self.inject("unavailable", KEY_QUERY, percent="100", calls="1")
        self.assertEqual({self.client.call(KEY_QUERY).code for _ in range(10)}, {"20000"})
        self.act("faults/remove", id=self.fault_ids()[0])
        self.inject("unavailable", KEY_QUERY, percent="50")
        codes = [self.client.call(KEY_QUERY).code for _ in range(200)]
        # Outside of this once in ten thousand million times.
        self.assertTrue(54 <= codes.count("20000") <= 146, codes.count("20000"))

    def fault_ids(self):
        return re.findall(r'action="/console/faults/remove">.*?name="id" value="(\d+)"', self.console().text, re.S)

    def test_taking_back(self):
        page = self.inject("delay", TRADE_SETTLE, calls="7", milliseconds="1234")
        self.assertIn("trade.settle: a late answer by 1234 ms, for the next 7 calls", page.words)
        self.assertIn("every interface: the connection ends, nothing happened, for 5 % of calls",
                      self.inject("drop", percent="5").words)
        while "Take back" in self.console().words:
            self.act("faults/remove", id=self.fault_ids()[0])
        self.settled(self.gate.trade())
        self.act("faults/remove", id="12345")

    def test_a_restart_forgets_them(self):
        server = Server()
        self.addCleanup(server.kill)
        operator = Visitor(server)
        operator.log_in()
        self.assertIn("Take back", operator.act("faults", kind="unavailable", percent="100").words)
        client = Client(server)
        self.assertEqual(client.call(KEY_QUERY).code, "20000")
        client.close()
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual({client.call(KEY_QUERY).code for _ in range(20)}, {"10000"})
        client.close()
        self.assertNotIn("Take back", operator.get("/console").words)

    def test_what_is_no_fault(self):
        for fields in ({"kind": "x"}, {"kind": ""}, {"kind": "delay", "milliseconds": "120001"},
                       {"kind": "delay", "milliseconds": "-1"}, {"kind": "drop", "calls": "0"},
                       {"kind": "drop", "calls": "x"}, {"kind": "drop", "percent": "0"},
                       {"kind": "drop", "percent": "101"}, {"kind": "drop", "method": "x"},
                       {"kind": "delay", "milliseconds": "x"}):
            with self.subTest(fields=fields):
                page = self.act("faults", **fields)
                self.assertNotIn("Take back", page.words)
                self.assertIn('role="status"', page.text)

    def test_20000(self):
        for kind, happened in (("unavailable", False), ("unavailable-after", True)):
            trade = self.gate.trade()
            self.inject(kind, TRADE_SETTLE)
            self.refuse("20000", "isp.unknow-error", "", TRADE_SETTLE, {"trade_list": [trade]})
            self.check_once(trade, happened)

    def test_unknown(self):
        for kind, happened in (("unknown", False), ("unknown-after", True)):
            trade = self.gate.trade()
            self.inject(kind, TRADE_SETTLE)
            (result,) = self.client.settle(trade)
            self.assertEqual((result["result"], result["need_retry"], result["out_trade_no"]),
                             ("UNKNOWN", True, trade["out_trade_no"]))
            self.assertEqual(result["next_retry_time"], result["next_try_time"])
            self.check_once(trade, happened)
            # Elsewhere, where nothing is called UNKNOWN.
            self.inject(kind, KEY_QUERY)
            self.refuse("20000", "isp.unknow-error", "", KEY_QUERY)

    def test_the_log_says_that_it_was_a_fault_of_the_panel(self):
        for kind, effect in (("unavailable", "nothing of it is kept"), ("unavailable-after", "it is kept all the same"),
                             ("unknown", "nothing of it is kept"), ("unknown-after", "it is kept all the same")):
            self.inject(kind, TRADE_SETTLE)
            reply = self.client.call(TRADE_SETTLE, {"trade_list": [self.gate.trade()]})
            message = reply.sub_msg or reply["result_list"][0]["message"]
            request = re.search(r"; request ([0-9a-f]{17,32})", message)[1]
            (line,) = [line for line in self.server.log.splitlines() if request in line and "internal error" in line]
            self.assertIn("cause=fault-panel ", line)
            self.assertIn(f"effect={effect} ", line)
            # The list of calls has the id too.
            self.assertIn(request, self.console().words)

    def test_a_connection_that_ends(self):
        for kind, happened in (("drop", False), ("drop-after", True)):
            trade = self.gate.trade()
            self.inject(kind, TRADE_SETTLE)
            self.assertTrue(self.dropped(TRADE_SETTLE, {"trade_list": [trade]}))
            self.check_once(trade, happened)
            self.inject(kind, KEY_QUERY)
            self.assertTrue(self.dropped(KEY_QUERY, None))
            self.succeed(KEY_QUERY)

    def check_once(self, trade, happened):
        """Whether it happened; and that sending it again gets it done, once."""
        self.assertEqual(self.paid(trade["user_id"]), 200 if happened else 0)
        first = self.settled(trade)
        self.assertEqual(self.settled(trade), first)
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_a_late_answer(self):
        trade = self.gate.trade()
        self.inject("delay", TRADE_SETTLE, milliseconds="700")
        start = time.monotonic()
        self.settled(trade)
        self.assertGreaterEqual(time.monotonic() - start, 0.7)
        self.check_once(trade, True)

    def test_a_late_answer_holds_up_nobody_else(self):
        self.inject("delay", TRADE_SETTLE, milliseconds="2000")
        slow = Client(self.server)
        parameters = slow.parameters(TRADE_SETTLE, {"trade_list": [self.gate.trade()]})
        with socket.create_connection((self.server.host, self.server.port)) as waiting:
            body = urllib.parse.urlencode(parameters).encode()
            waiting.sendall(b"POST /gateway.do HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                            % (len(body), body))
            while "Take back" in self.console().words:
                time.sleep(0.01)
            self.settled(self.gate.trade())
            waiting.setblocking(False)
            self.assertRaises(BlockingIOError, waiting.recv, 1)
            waiting.setblocking(True)
            self.assertTrue(waiting.recv(15).startswith(b"HTTP/1.1 200"))


class InABrowser(BrowserTest):
    def log_in(self):
        self.open("/console")
        self.page.find_element(By.ID, "password").send_keys(console_password(self.server))
        self.press("Log in")
        self.expect("Rides per hour")

    def press(self, label):
        self.page.find_element(By.XPATH, f"//button[normalize-space()='{label}']").click()

    def expect(self, text):
        """Waits until the page that a click leads to says this."""
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
        # A secret that is shown once has to be where the operator looks.
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
