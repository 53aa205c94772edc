"""The console's sessions: what needs one, what its forms need, and what ends it."""

import re
import unittest

from console import ACTIONS, QUESTION_PAGES, QUESTIONS
from pages import PageTest, Visitor, console_password
from support import Server


class SessionAndForms(PageTest):
    def test_without_a_session_nothing_is_shown_or_done(self):
        rider = Visitor(self.server)
        rider.sign_up()
        # A rider's session in the console's cookie.
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
    """A new password ends the sessions that the old one has opened."""

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
        # A restart with the same password ends no session.
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
        # The rider's own session stays open.
        self.assertEqual(rider.card(user_id).status, 200)
        self.assertEqual(operators[0].log_in(old).status, 403)
        self.assertEqual(operators[0].log_in().status, 303)
        # A session of the second password ends with the third.
        kept = dict(operators[0].cookies)
        self.change_password(server, "a third one")
        operators[0].cookies = kept
        self.assertEqual(operators[0].get("/console").location, "/console/login")
        # The old sessions stay ended after the old password is set again.
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
