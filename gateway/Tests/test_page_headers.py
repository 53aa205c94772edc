"""The headers of pages."""



from pages import PageTest, Visitor


class Headers(PageTest):
    """The headers of every page: no framing, no caching, no foreign content."""

    def test_pages(self):
        rider = self.visitor.sign_up()
        operator = Visitor(self.server)
        self.assertEqual(operator.log_in().status, 303)
        query = {"cardType": "ANT00001", "cardNo": rider}
        for answer in (self.visitor.get("/"), self.visitor.sign_page(), self.visitor.card(rider),
                       self.visitor.card("x"), self.visitor.sign_page(action="x"),
                       self.visitor.get("/card/rides", **query),
                       operator.get("/console/login"), operator.get("/console"),
                       operator.get("/console/issuer-keys/retire", id="1")):
            self.assertEqual(answer.headers["Content-Type"].lower(), "text/html;charset=utf-8")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Referrer-Policy"], "same-origin")
            self.assertEqual(answer.headers["Cross-Origin-Opener-Policy"], "same-origin")
            parts = answer.headers["Content-Security-Policy"].split(";")
            policy = dict(part.strip().partition(" ")[::2] for part in parts)
            self.assertEqual(policy["default-src"], "'none'")
            self.assertEqual(policy["script-src"], "'self'")
            self.assertEqual(policy["frame-ancestors"], "'none'")
            self.assertEqual(policy["base-uri"], "'none'")
            self.assertNotIn("unsafe", str(policy))

    def test_what_is_no_page(self):
        rider = self.visitor.sign_up()
        for answer in (self.visitor.get("/card/code", cardType="ANT00001", cardNo=rider), self.visitor.get("/nowhere"),
                       self.visitor.post("/logout"), self.visitor.get("/style.css"), self.visitor.get("/card.js")):
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.visitor.get("/card/code", cardType="ANT00001", cardNo=rider).headers["Cache-Control"],
                         "no-store")
