"""The rider's pages: signing up and logging in."""

import re

from pages import ENTRY, PageTest, Visitor


class Signing(PageTest):
    def test_agreeing_opens_a_card_and_a_session(self):
        answer = self.visitor.decide(title="My card")
        self.assertEqual((answer.status, answer.location), (303, "http://m.example/?isCreditOpened=true"))
        home = self.visitor.get("/")
        self.assertIn("My card", home.text)
        self.assertEqual(self.visitor.card(re.search(r"2088\d{12}", home.text)[0]).status, 200)

    def test_declining_opens_nothing(self):
        answer = self.visitor.decide("decline")
        self.assertEqual((answer.status, answer.location), (303, "http://m.example/?isCreditOpened=false"))
        self.assertNotIn("posgateway_rider", self.visitor.cookies)
        self.assertNotRegex(self.visitor.get("/").text, r"2088\d{12}")

    def test_agreeing_again_opens_no_second_card(self):
        first = self.visitor.sign_up()
        self.assertEqual(self.visitor.sign_up(), first)
        self.assertEqual(self.visitor.get("/").text.count("Show the code"), 1)

    def test_where_the_rider_returns_to(self):
        for target, location in (
                ("https://m.example", "https://m.example?isCreditOpened=true"),
                ("https://m.example:8443/a/b", "https://m.example:8443/a/b?isCreditOpened=true"),
                ("http://m.example/?", "http://m.example/?isCreditOpened=true"),
                ("http://m.example/?a=1&b=2", "http://m.example/?a=1&b=2&isCreditOpened=true"),
                ("http://m.example/?a=1&", "http://m.example/?a=1&isCreditOpened=true"),
                ("http://m.example/?u=http%3A%2F%2Fx%2F%3Fy%26z",
                 "http://m.example/?u=http%3A%2F%2Fx%2F%3Fy%26z&isCreditOpened=true"),
                ("http://m.example/#top", "http://m.example/?isCreditOpened=true#top"),
                ("http://m.example/?a=1#/route?x=1#y", "http://m.example/?a=1&isCreditOpened=true#/route?x=1#y"),
                ("HTTPS://M.example/", "HTTPS://M.example/?isCreditOpened=true"),
                ("http://[::1]:81/", "http://[::1]:81/?isCreditOpened=true"),
                ("http://m.example/公交?线=1 2",
                 "http://m.example/%E5%85%AC%E4%BA%A4?%E7%BA%BF=1%202&isCreditOpened=true"),
                ("http://m.example/\r\nX-Evil: 1", "http://m.example/%0D%0AX-Evil:%201?isCreditOpened=true"),
                # Values that the link brings along do not replace the rider's result.
                ("http://m.example/?isCreditOpened=false", "http://m.example/?isCreditOpened=true"),
                ("http://m.example/?isCreditOpened", "http://m.example/?isCreditOpened=true"),
                ("http://m.example/?a=1&isCreditOpened=false&b=%20&isCreditOpened=&c#isCreditOpened=x",
                 "http://m.example/?a=1&b=%20&c&isCreditOpened=true#isCreditOpened=x"),
                ("http://m.example/?%69s%43reditOpened=false&iscreditopened=false&a==&&b",
                 "http://m.example/?a==&&b&isCreditOpened=true"),
                ("http://m.example/?a=1;isCreditOpened=false", "http://m.example/?a=1&isCreditOpened=true"),
                ("http://m.example/?a=1;b=2;isCreditOpened=false&c", "http://m.example/?a=1;b=2&c&isCreditOpened=true"),
                ("http://m.example/?isCreditOpened=x;isCreditOpened=y&;b;", "http://m.example/?;b;&isCreditOpened=true"),
                ("http://m.example/?a; isCreditOpened=false", "http://m.example/?a&isCreditOpened=true"),
                ("http://m.example/? isCreditOpened=false&%20isCreditOpened=&+isCreditOpened&%09%0d%0aisCreditOpened",
                 "http://m.example/?isCreditOpened=true"),
                ("http://m.example/?isCreditOpened =1&isCreditOpened%C2%A0=2&isCreditOpened%00x=3&isCreditOpened[]=4&"
                 "isCreditOpened%5B0%5D=5&a[]=6", "http://m.example/?a[]=6&isCreditOpened=true"),
                ("http://m.example/?isCreditOpened2=1&x=isCreditOpened",
                 "http://m.example/?isCreditOpened2=1&x=isCreditOpened&isCreditOpened=true"),
        ):
            with self.subTest(target=target):
                answer = Visitor(self.server).decide(target=target)
                self.assertEqual((answer.status, answer.location), (303, location))
                self.assertNotIn("X-Evil", answer.headers)

    def test_what_is_no_return_address(self):
        for target in ("javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x", "vbscript:x",
                       "file:///x", "alipays://x", "//m.example/", "/local", "m.example", "http:", "http://",
                       "http:///x", "http:m.example", "http:\\\\m.example", "http://u@m.example/",
                       "http://u:p@m.example/", "http://@m.example/",
                       "http://good.example\\@evil.example/", "http://m.example:x/", " http://m.example/",
                       "\thttp://m.example/", "http://m.example\r\nX-Evil: 1", "http://" + "m" * 2050,
                       # A host is a name or an address. Other characters could get into a header.
                       "http://m;frame-ancestors%20*", "http://m%3b%20frame-ancestors%20*/", "http://m%0d%0aX-Evil:1/",
                       "http://m,n/", "http://*/", "http://m%20n/", "http://m n/", "http://m%00/", "http://'none'/",
                       "http://公交.example/"):
            with self.subTest(target=target):
                answer = self.visitor.sign_page(redirectUrl=target)
                self.assertEqual(answer.status, 400)
                self.assertIn("redirectUrl", answer.words)
                self.assertNotIn("X-Evil", answer.headers)
                answer = self.visitor.decide(target=target)
                self.assertEqual((answer.status, answer.location), (400, None))
                self.assertNotIn("posgateway_rider", self.visitor.cookies)

    def test_nothing_of_the_address_gets_into_the_policy_but_its_origin(self):
        policy = self.visitor.sign_page(redirectUrl="https://m.example:81/;x?;frame-ancestors *#;y").headers[
            "Content-Security-Policy"]
        self.assertIn("form-action 'self' https://m.example:81; frame-ancestors 'none'", policy)

    def test_missing_and_wrong_parameters_are_named(self):
        for changes, name in (
                ({"action": None}, "action"), ({"action": "SIGN"}, "action"), ({"action": ""}, "action"),
                ({"cardTitle": None}, "cardTitle"), ({"cardTitle": ""}, "cardTitle"),
                ({"cardTitle": "x" * 65}, "cardTitle"), ({"redirectUrl": None}, "redirectUrl"),
                ({"redirectUrl": ""}, "redirectUrl"), ({"scene": "FOOD"}, "scene"),
                ({"action": "use", "cardType": None, "cardNo": "1"}, "cardType"),
                ({"action": "use", "cardType": "ANT00001", "cardNo": None}, "cardNo")):
            with self.subTest(changes=changes):
                answer = self.visitor.sign_page(**changes)
                self.assertEqual(answer.status, 400)
                self.assertIn(f"parameter {name} ", answer.words)
        self.assertEqual(self.visitor.send("GET", ENTRY + "?action=%FF").status, 400)
        self.assertEqual(self.visitor.send("GET", ENTRY).status, 400)

    def test_what_callers_add_and_leave_out(self):
        for changes in ({"scene": None}, {"subScene": "330100"}, {"source": "home"}, {"cardType": "ANT00001"},
                        {"cardTitle": "x" * 64}, {"cardTitle": "公交卡🚌"},
                        {"chInfo": "x", "utm_source": "y", "appId": "1", "_": "", "redirectUrl2": "javascript:1"}):
            with self.subTest(changes=changes):
                self.assertEqual(self.visitor.sign_page(**changes).status, 200)
        # The first value of a repeated parameter counts.
        answer = self.visitor.send(
            "GET", ENTRY + "?action=sign&cardTitle=A&cardTitle=B&redirectUrl=http://one/&redirectUrl=http://two/")
        self.assertIn("return to one.", answer.words)

    def test_the_host_is_shown_before_the_rider_decides(self):
        self.assertIn("return to m.example.", self.visitor.sign_page(
            redirectUrl="http://m.example/?@good.example").words)

    def test_both_languages(self):
        chinese = Visitor(self.server, "zh-CN,zh;q=0.9,en;q=0.8")
        for answer in (chinese.sign_page(), Visitor(self.server, "en").sign_page(lang="zh"), chinese.sign_page(action="x"),
                       chinese.card("1"), chinese.get("/")):
            self.assertIn('<html lang="zh-CN">', answer.text)
            self.assertRegex(answer.words, "[\u4e00-\u9fff]{2}")
        for answer in (self.visitor.sign_page(), Visitor(self.server, "zh").sign_page(lang="en"), self.visitor.sign_page(action="x"),
                       self.visitor.card("1"), Visitor(self.server, "fr").get("/")):
            self.assertIn('<html lang="en">', answer.text)
            self.assertNotRegex(answer.words.replace("中文", ""), "[\u4e00-\u9fff]")

    def test_a_language_that_was_chosen_stays(self):
        self.visitor.get("/", lang="zh")
        for answer in (self.visitor.sign_page(), self.visitor.get("/"), self.visitor.card("1")):
            self.assertIn('<html lang="zh-CN">', answer.text)
        self.visitor.get("/", lang="en")
        self.assertIn('<html lang="en">', self.visitor.get("/").text)
