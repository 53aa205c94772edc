"""The rider's pages: forms, their tokens, cookies."""



from pages import SIGN, PageTest, Visitor


class Forms(PageTest):
    """Other sites cannot act in a rider's name."""

    def forged(self, path, **fields):
        """Sends a form without a token, with another visitor's token, and with the right token from another site."""
        other = Visitor(self.server)
        other.sign_page()
        own = self.visitor.form_token
        self.visitor.get("/leave")
        yield self.visitor.post(path, **fields)
        yield self.visitor.post(path, form_token="", **fields)
        yield self.visitor.post(path, form_token=other.cookies["posgateway_form"], **fields)
        host = f"http://{self.server.host}:{self.server.port}"
        for origin in ("http://evil.example", "null", host + ".evil.example", host[:-1], "file://", ""):
            yield self.visitor.post(path, {"Origin": origin}, form_token=own, **fields)

    def test_signing_up(self):
        self.visitor.sign_page()
        for answer in self.forged(SIGN, decision="agree", cardTitle="x", redirectUrl="http://m.example/"):
            self.assertEqual((answer.status, answer.location), (403, None), answer.text)
            self.assertNotIn("posgateway_rider", self.visitor.cookies)

    def test_logging_out(self):
        rider = self.visitor.sign_up()
        for answer in self.forged("/logout"):
            self.assertEqual(answer.status, 403)
            self.assertEqual(self.visitor.card(rider).status, 200)

    def test_the_page_s_own_origin_is_welcome(self):
        self.visitor.sign_page()
        answer = self.visitor.post(
            SIGN, {"Origin": f"http://{self.server.host}:{self.server.port}"}, form_token=self.visitor.form_token,
            decision="decline", redirectUrl="http://m.example/")
        self.assertEqual(answer.status, 303)

    def test_no_link_does_what_a_form_does(self):
        rider = self.visitor.sign_up()
        for path in (SIGN, "/logout"):
            self.assertEqual(self.visitor.get(path, form_token=self.visitor.form_token).status, 404)
        self.assertEqual(self.visitor.card(rider).status, 200)

    def test_forms_that_are_none(self):
        self.visitor.sign_page()
        for body in ("", "%", "form_token", "a=%FF", "{}", "x" * 65537):
            answer = self.visitor.send("POST", SIGN, body, {"Content-Type": "application/x-www-form-urlencoded"})
            self.assertIn(answer.status, (400, 403, 413))
        self.assertEqual(self.visitor.submit(SIGN, decision="perhaps", redirectUrl="http://m.example/").status, 400)
        self.assertEqual(self.visitor.submit(SIGN, redirectUrl="http://m.example/").status, 400)

    def test_cookies(self):
        answer = self.visitor.decide()
        rider, form = answer.cookie("posgateway_rider"), self.visitor.sign_page().cookie("posgateway_form")
        for cookie, site in ((rider, "lax"), (form, "lax")):
            self.assertRegex(cookie[""], r"\A[0-9a-f]{64}\Z")
            self.assertEqual((cookie["samesite"].lower(), cookie["path"]), (site, "/"))
            self.assertIn("httponly", cookie)
            self.assertNotIn("secure", cookie)
            self.assertNotIn("domain", cookie)

    def test_the_database_opens_no_session(self):
        self.visitor.sign_up()
        with self.server.sql() as db:
            dump = "\n".join(db.iterdump()).lower()
        self.assertNotIn(self.visitor.cookies["posgateway_rider"], dump)
