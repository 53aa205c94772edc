"""The rider's pages: signing up, the card with its live code, over plain HTTP and in a browser."""

import contextlib
import http.server
import json
import os
import re
import subprocess
import threading
import time

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import browser
from pages import ENTRY, EVIL, SIGN, BrowserTest, PageTest, Visitor, seen, unescaped
from support import DATA_SEND, DAY, generated_of, number, temporary_directory, time_text, user_of

WINDOW = 10


def notice(user_id, **changes):
    """data.send's content for one ride."""
    item = {
        "type": "order", "biz_no": number("N"), "amount": "2.00", "subject": "Metro 1", "biz_time": time_text(),
        "asset_name": "ALIPAY", "city_name": "Hangzhou", "line_name": "1", "start_station_name": "Longxiangqiao",
        "vehicle_type": "METRO", "vehicle_id": "3213", "partner_name": "Demo", "partner_id": "2088000000000000",
        **changes,
    }
    return {"scene_code": "vechile_order", "op_code": "data_save", "channel": "demo", "target_id": user_id,
            "version": "2.0", "op_data": {"info": [item]}}


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
                # An answer that is there already is not the rider's.
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
                       # A host is a name or a number: what else is in it could end up in a header.
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
        # The first of a parameter that is given twice.
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


class Forms(PageTest):
    """What other sites cannot do in a rider's name."""

    def forged(self, path, **fields):
        """A form as it is, without a token, with one of somebody else, and with the right one from another site."""
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


class OverTLS(PageTest):
    @classmethod
    def setUpClass(cls):
        directory = temporary_directory()
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        cls.arguments = ("--tls-certificate", certificate, "--tls-key", key)
        super().setUpClass()

    def test_no_cookie_travels_without_it(self):
        rider = self.visitor.sign_up()
        self.assertEqual(self.visitor.card(rider).status, 200)
        answers = [self.visitor.get("/leave"), Visitor(self.server).decide(), self.visitor.log_in(),
                   self.visitor.submit("/logout")]
        cookies = [line for answer in answers for line in answer.cookies]
        self.assertGreaterEqual(len(cookies), 4)
        for line in cookies:
            self.assertIn("; secure", line.lower())

    def test_the_start_page_s_link_keeps_to_it(self):
        self.assertIn("redirectUrl=https%3A%2F%2F", self.visitor.get("/").text)


class Cards(PageTest):
    def setUp(self):
        super().setUp()
        self.rider = self.visitor.sign_up()

    def test_the_card_of_the_session(self):
        answer = self.visitor.card(self.rider)
        self.assertEqual(answer.status, 200)
        self.assertIn(self.rider, answer.words)
        self.assertIn("data:image/png;base64,", answer.text)
        self.assertEqual(user_of(self.visitor.code(self.rider)), self.rider)

    def test_what_callers_add(self):
        answer = self.visitor.card(self.rider, scene="TRANSIT", subScene="330100", source="x", cardTitle="y", z="",
                                   redirectUrl="javascript:alert(1)")
        self.assertEqual(answer.status, 200)
        self.assertNotIn("javascript:", answer.text)

    def test_nobody_else_sees_it(self):
        other, forged, empty, nobody = (Visitor(self.server) for _ in range(4))
        other.sign_up()
        other.cookies.pop("posgateway_form")
        forged.cookies["posgateway_rider"] = self.visitor.cookies["posgateway_rider"][:-1] + "x"
        empty.cookies["posgateway_rider"] = ""
        # A console's session is no rider's.
        operator = Visitor(self.server)
        operator.log_in()
        operator.cookies["posgateway_rider"] = operator.cookies["posgateway_console"]
        pages = set()
        for visitor in (other, forged, empty, nobody, operator):
            for card_no, card_type in ((self.rider, "ANT00001"), (self.rider, "T0000001"),
                                       ("2088999999999999", "ANT00001"), ("' OR 1=1 --", "ANT00001"), ("\u0000", "%")):
                answer = visitor.card(card_no, card_type)
                self.assertEqual(answer.status, 403)
                pages.add(answer.text)
                query = {"cardType": card_type, "cardNo": card_no}
                self.assertEqual(visitor.get("/card/code", **query).status, 404)
                self.assertEqual(visitor.get("/card/rides", **query).status, 404)
        self.assertEqual(len(pages), 1, "a card that is not one's own and one that does not exist look different")
        self.assertNotIn(self.rider, pages.pop())

    def test_a_session_that_has_ended(self):
        with self.server.sql() as db:
            db.execute("UPDATE session SET expires_at = 1 WHERE user_id = ?", (self.rider,))
        self.assertEqual(self.visitor.card(self.rider).status, 403)

    def end_of_session(self, ahead=None):
        """How long the rider's session still holds, after it was set when asked."""
        with self.server.sql() as db:
            if ahead is not None:
                db.execute("UPDATE session SET expires_at = ? WHERE user_id = ?", (int(time.time()) + ahead, self.rider))
            return db.execute("SELECT expires_at FROM session WHERE user_id = ?", (self.rider,)).fetchone()[0] - time.time()

    def test_a_session_lasts_as_long_as_it_is_used(self):
        cookie = self.visitor.cookies["posgateway_rider"]
        for look in (lambda: self.visitor.get("/"), lambda: self.visitor.card(self.rider)):
            self.end_of_session(14 * DAY)
            answer = look()
            renewed = [line for line in answer.cookies if line.startswith("posgateway_rider=")]
            self.assertEqual(len(renewed), 1, answer.cookies)
            self.assertIn(f"Max-Age={30 * DAY}", renewed[0])
            self.assertIn("HttpOnly", renewed[0])
            self.assertEqual(self.visitor.cookies["posgateway_rider"], cookie)
            self.assertGreater(self.end_of_session(), 29 * DAY)
            # One that is not half over costs no write.
            self.end_of_session(16 * DAY)
            self.assertFalse(any(line.startswith("posgateway_rider=") for line in look().cookies))
            self.assertLess(self.end_of_session(), 17 * DAY)
        self.end_of_session(-5)
        self.assertEqual(self.visitor.card(self.rider).status, 403)
        self.assertLess(self.end_of_session(), 0)

    def test_a_session_survives_a_clock_that_was_ahead(self):
        # For a clock that is 40 days ahead it has ended: whoever logs in meanwhile does not end it for good.
        self.end_of_session(-40 * DAY)
        self.assertEqual(Visitor(self.server).log_in().status, 303)
        Visitor(self.server).sign_up()
        self.end_of_session(1 * DAY)
        self.assertEqual(self.visitor.card(self.rider).status, 200)

    def test_leaving(self):
        kept = dict(self.visitor.cookies)
        home = self.visitor.get("/")
        self.assertEqual(("<form" in home.text, 'href="/leave"' in home.text), (False, True))
        question = self.visitor.get("/leave")
        for words in (f"no longer shows the cards and codes of rider {self.rider}",
                      "There is no password to come back with"):
            self.assertIn(words, question.words)
        self.assertLess(question.text.index('<a class="button keep" href="/" autofocus>'),
                        question.text.index('<button class="danger">'))
        # Nothing has happened yet.
        self.assertEqual(self.visitor.card(self.rider).status, 200)
        code = self.visitor.code(self.rider)
        self.assertIn("没有密码", self.visitor.get("/leave", lang="zh").words)
        answer = self.visitor.submit(question.action, **question.fields)
        self.assertEqual((answer.status, answer.location), (303, "/"))
        self.assertNotIn("posgateway_rider", self.visitor.cookies)
        # Nor does the cookie help whoever has kept it.
        self.visitor.cookies = kept
        self.assertEqual(self.visitor.card(self.rider).status, 403)
        self.assertEqual(self.visitor.get("/leave").location, "/")
        # What was ridden is charged all the same.
        self.settled(self.ride(self.rider, code))

    def test_a_merchant_s_card(self):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no)
        self.assertIn(card_no, self.visitor.get("/").text)
        answer = self.visitor.card(card_no, "T0000001")
        self.assertEqual(answer.status, 200)
        code = re.search(r'id="code-hex">([0-9A-F]+)<', answer.text)[1]
        self.assertIn(b"T0000001", bytes.fromhex(code))
        self.assertIn(card_no.encode(), bytes.fromhex(code))
        self.assertEqual(self.client.settle(self.ride(self.rider, code))[0]["result"], "SUCCESS")

    def test_a_disabled_card_shows_its_tips_and_no_code(self):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no, disabled=True, disabled_code="CARD_OVERDUE",
                       disabled_tips="欠费 8 元，请先还款 " + EVIL)
        answer = self.visitor.card(card_no, "T0000001")
        self.assertEqual(answer.status, 200)
        self.assertIn("欠费 8 元，请先还款 " + EVIL, unescaped(answer.text))
        self.no_code(answer, card_no)
        self.send_card("UPDATE", self.rider, card_no)
        self.assertIn("data:image/png", self.visitor.card(card_no, "T0000001").text)

    def test_a_revoked_card(self):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no)
        self.send_card("REVOKE", self.rider, card_no)
        self.assertNotIn(card_no, self.visitor.get("/").text)
        answer = self.visitor.card(card_no, "T0000001")
        self.assertIn("revoked", answer.words)
        self.no_code(answer, card_no)

    def no_code(self, answer, card_no):
        self.assertNotIn("data:image", answer.text)
        self.assertNotIn("code-hex", answer.text)
        self.assertEqual(self.visitor.get("/card/code", cardType="T0000001", cardNo=card_no).status, 409)

    def test_a_prepaid_card_shows_its_balance(self):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no, balance="12.34")
        answer = self.visitor.card(card_no, "T0000001")
        self.assertIn("Balance ¥12.34", answer.words)
        code = re.search(r'id="code-hex">([0-9A-F]+)<', answer.text)[1]
        self.settled(self.ride(self.rider, code))
        self.assertIn("Balance ¥10.34", self.visitor.card(card_no, "T0000001").words)
        self.send_card("UPDATE", self.rider, card_no, balance="0.05")
        self.assertIn("Balance ¥0.05", self.visitor.card(card_no, "T0000001").words)

    def test_rides_and_notices(self):
        self.assertIn("No rides yet.", self.visitor.card(self.rider).words)
        trade = self.ride(self.rider, self.visitor.code(self.rider), subject="Bus 984")
        (trade_no,) = self.settled(trade)
        refused = self.ride(self.rider, self.visitor.code(self.rider), subject="Never ridden", amount="20.01")
        self.failed("AMOUNT_ABOVE_CAP", "", refused)
        self.succeed(DATA_SEND, notice(self.rider, subject="Metro 4"))
        words = self.visitor.card(self.rider).words
        self.assertIn("Bus 984", words)
        self.assertIn("−¥2.00", words)
        self.assertIn(f"charged, {trade_no}", words)
        self.assertIn("Metro 4", words)
        self.assertNotIn("Never ridden", words)
        self.assertIn("已扣款 " + trade_no, self.visitor.card(self.rider, lang="zh").words)
        # Not on another's page.
        other = Visitor(self.server)
        self.assertNotIn("Bus 984", other.card(other.sign_up()).text)


class RidesOfCards(PageTest):
    """Each ride is on the page of the card that its code names, and nowhere else."""

    def setUp(self):
        super().setUp()
        self.rider = self.visitor.sign_up()
        self.used = set()

    def new_code(self, card_no, card_type="T0000001"):
        """One that has not settled: codes of one card and second are one code."""
        while True:
            code = self.visitor.code(card_no, card_type)
            if (card_no, generated_of(code)) not in self.used:
                self.used.add((card_no, generated_of(code)))
                return code
            time.sleep(0.1)

    def issue(self, **more):
        card_no = self.new_card_number()
        self.send_card("ISSUE", self.rider, card_no, **more)
        return card_no

    def ride_with(self, card_no, subject, card_type="T0000001", amount="2.00"):
        """The number of the trade."""
        code = self.new_code(card_no, card_type)
        return self.settled(self.ride(self.rider, code, subject=subject, amount=amount))[0]

    def shown(self, card_no, card_type="T0000001"):
        """What a card's page lists, on the page and for its script."""
        page = self.visitor.card(card_no, card_type).text
        fragment = self.visitor.get("/card/rides", cardType=card_type, cardNo=card_no).text
        listed = re.search(r'<div id="rides"[^>]*>(.*?)</div>', page, re.S)[1]
        self.assertEqual(seen(listed).split(), seen(fragment).split())
        return seen(fragment)

    def test_each_card_lists_its_own(self):
        plain, postpaid, prepaid = self.rider, self.issue(), self.issue(balance="10.00")
        subjects = {"Plain ride": self.ride_with(plain, "Plain ride", "ANT00001"),
                    "Postpaid ride": self.ride_with(postpaid, "Postpaid ride"),
                    "Prepaid ride": self.ride_with(prepaid, "Prepaid ride")}
        for card_no, card_type, own in ((plain, "ANT00001", "Plain ride"), (postpaid, "T0000001", "Postpaid ride"),
                                        (prepaid, "T0000001", "Prepaid ride")):
            words = self.shown(card_no, card_type)
            for subject, trade_no in subjects.items():
                with self.subTest(card=own, ride=subject):
                    self.assertEqual((subject in words, f"charged, {trade_no}" in words), (subject == own,) * 2, words)
            self.assertEqual(words.count("−¥2.00"), 1)
        self.assertIn("Balance ¥8.00", self.shown(prepaid))
        # The start page repeats none of them.
        self.assertNotIn("Other rides", self.visitor.get("/").words)

    def test_an_entry_and_an_exit(self):
        card_no = self.issue()
        codes = [self.new_code(card_no) for _ in range(2)]
        self.settled(self.gate.trade(
            self.gate.record(codes[0], trip="IN"), self.gate.record(codes[1], trip="OUT"), user_id=self.rider,
            subject="Metro ride"))
        self.assertIn("Metro ride", self.shown(card_no))
        self.assertIn("No rides yet.", self.shown(self.rider, "ANT00001"))

    def test_a_plain_code_with_a_card_number_of_its_own(self):
        for more in (("--card-no", "77"), ("--card-type", "ANT00001", "--card-no", "78")):
            code = self.gate.code("--uid", self.rider, *more)
            self.settled(self.ride(self.rider, code, subject=f"Ride {more[-1]}"))
            self.assertIn(f"Ride {more[-1]}", self.shown(self.rider, "ANT00001"))

    def test_what_a_prepaid_card_never_paid(self):
        # Ridden before the card became a prepaid one.
        card_no = self.issue()
        before = self.ride_with(card_no, "Before")
        self.send_card("UPDATE", self.rider, card_no, balance="5.00")
        after = self.ride_with(card_no, "After")
        words = self.shown(card_no)
        self.assertIn(f"charged to your account, {before}", words)
        self.assertIn(f"charged, {after}", words)
        self.assertIn("Balance ¥3.00", words)
        self.assertEqual(self.paid(self.rider), 200)
        self.assertIn("已从账户扣款 " + before, self.visitor.card(card_no, "T0000001", lang="zh").words)

    def test_a_card_that_is_revoked(self):
        card_no = self.issue(balance="5.00")
        paid = self.ride_with(card_no, "Paid by the card")
        code = self.new_code(card_no)
        self.send_card("REVOKE", self.rider, card_no)
        owed = self.settled(self.ride(self.rider, code, subject="Paid later"))[0]
        self.assertEqual(self.paid(self.rider), 200)
        # No page of a card leads to them any more.
        words = self.visitor.get("/").words
        self.assertIn("Other rides", words)
        self.assertIn(f"charged to the card, {paid} · T0000001 {card_no}", words)
        self.assertIn(f"charged to your account, {owed} · T0000001 {card_no}", words)
        self.assertIn("No rides yet.", self.shown(self.rider, "ANT00001"))
        self.send_card("ISSUE", self.rider, card_no, balance="1.00", last_update_time=time_text(time.time() + 1))
        self.assertNotIn("Other rides", self.visitor.get("/").words)
        words = self.shown(card_no)
        self.assertIn(f"charged, {paid}", words)
        self.assertIn(f"charged to your account, {owed}", words)

    def test_a_card_that_is_not_the_rider_s(self):
        other = Visitor(self.server)
        foreign = self.new_card_number()
        self.send_card("ISSUE", other.sign_up(), foreign, balance="5.00")
        unknown = self.new_card_number()
        for card_no in (foreign, unknown):
            code = self.gate.code("--uid", self.rider, "--card-type", "T0000001", "--card-no", card_no)
            (trade_no,) = self.settled(self.ride(self.rider, code, subject="Ride " + card_no))
            self.assertIn(f"charged to your account, {trade_no} · T0000001 {card_no}", self.visitor.get("/").words)
            self.assertIn("No rides yet.", self.shown(self.rider, "ANT00001"))
        self.assertNotIn("Ride " + foreign, other.card(foreign, "T0000001").words)
        self.assertNotIn("Other rides", other.get("/").words)
        # A merchant that issues the card later makes it the card's.
        self.send_card("ISSUE", self.rider, unknown)
        self.assertIn("Ride " + unknown, self.shown(unknown))
        self.assertNotIn("Ride " + unknown, self.visitor.get("/").words)

    def test_notices(self):
        first, second = self.issue(), self.issue()
        for subject, fields, card_no in (
                ("Of the first", {"card_type": "T0000001", "card_no": first}, first),
                ("Of the second by its number", {"card_no": second}, second),
                ("Of no card", {}, self.rider), ("Of no card, empty", {"card_type": "", "card_no": ""}, self.rider),
                ("Of the plain code", {"card_type": "ANT00001", "card_no": "123"}, self.rider),
                ("Of the plain code by its number", {"card_no": self.rider}, self.rider),
                ("Of another type", {"card_type": "T0000002", "card_no": first}, None),
                ("Of a type alone", {"card_type": "T0000001"}, None), ("Of a strange card", {"card_no": "9"}, None)):
            with self.subTest(subject):
                self.succeed(DATA_SEND, notice(self.rider, subject=f"<{subject}>", **fields))
                places = {None: self.visitor.get("/").words, first: self.shown(first), second: self.shown(second),
                          self.rider: self.shown(self.rider, "ANT00001")}
                self.assertEqual([place for place, words in places.items() if f"<{subject}>" in words], [card_no])

    def test_refused_trades_do_not_crowd_out_a_ride(self):
        trade_no = self.ride_with(self.rider, "Ridden", "ANT00001")
        for _ in range(31):
            self.failed("AMOUNT_ABOVE_CAP", "", self.gate.trade(user_id=self.rider, amount="20.01"))
        self.assertIn(f"charged, {trade_no}", self.shown(self.rider, "ANT00001"))


    def test_notices_do_not_crowd_out_a_charge(self):
        for index in range(31):
            self.succeed(DATA_SEND, notice(self.rider, subject=f"Told {index}.", biz_time=time_text(time.time() + 60)))
        trade_no = self.ride_with(self.rider, "Ridden", "ANT00001")
        words = self.shown(self.rider, "ANT00001")
        self.assertIn(f"charged, {trade_no}", words)
        self.assertEqual([index for index in range(31) if f"Told {index}." in words], list(range(1, 31)))


class BeforeCardsHadRides(PageTest):
    """A database of a gateway that did not keep which card a ride was with."""

    def test_what_is_known_of_earlier_rides(self):
        rider, several = self.visitor, Visitor(self.server)
        rider_id, several_id = rider.sign_up(), several.sign_up()
        prepaid = self.new_card_number()
        self.send_card("ISSUE", several_id, prepaid, balance="5.00")
        for visitor, user_id, card_no, card_type, subject in (
                (rider, rider_id, rider_id, "ANT00001", "The only card"),
                (several, several_id, several_id, "ANT00001", "One of several"),
                (several, several_id, prepaid, "T0000001", "Paid by the card")):
            self.settled(self.ride(user_id, visitor.code(card_no, card_type), subject=subject))
        self.succeed(DATA_SEND, notice(several_id, subject="Told with a card", card_type="T0000001", card_no=prepaid))
        self.succeed(DATA_SEND, notice(several_id, subject="Told without"))
        self.client.close()
        self.server.stop()
        with self.server.sql() as db:
            for table in ("trade", "notice"):
                db.execute(f"DROP INDEX {table}_by_card")
                db.execute(f"ALTER TABLE {table} DROP COLUMN card_type")
                db.execute(f"ALTER TABLE {table} DROP COLUMN card_no")
                db.execute(f"CREATE INDEX {table}_by_rider ON {table} (user_id, id)")
            db.execute("DELETE FROM grdb_migrations WHERE identifier = '2'")
        self.server.start()
        self.assertIn("The only card", rider.card(rider_id).words)
        self.assertNotIn("Other rides", rider.get("/").words)
        for subject, place in (("Paid by the card", "card"), ("Told with a card", "card"), ("Told without", "plain"),
                               ("One of several", "start")):
            found = {"card": several.card(prepaid, "T0000001").words, "plain": several.card(several_id).words,
                     "start": several.get("/").words}
            self.assertEqual([name for name, words in found.items() if subject in words], [place], subject)


class Headers(PageTest):
    """Every page keeps others out: of its contents, of its frame, of its caches."""

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
            # Room enough for a scanner.
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
        # It has counted down meanwhile.
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
        # The refused fetch is in the browser's console.
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


class MerchantSite(http.server.BaseHTTPRequestHandler):
    """Where riders come back to."""

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
                # A merchant's page sends the rider here, which another page of the gateway would not.
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
            browser.complaints(self.page)  # Its status is 403.

    def look(self, name, lang, path, **query):
        self.open(path, lang=lang, **query)
        self.keep_picture(f"{name}-{lang}")
        with self.subTest(page=name, lang=lang):
            self.check_access(f"{name}-{lang}")
        if name == "message":
            browser.complaints(self.page)  # Its status is 400.


class Scanned(PageTest):
    def test_the_code_for_the_script_is_the_code_of_the_page(self):
        rider = self.visitor.sign_up()
        answer = self.visitor.get("/card/code", cardType="ANT00001", cardNo=rider)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        code = json.loads(answer.text)
        self.assertEqual(sorted(code), ["hex", "image", "seconds"])
        self.assertEqual((user_of(code["hex"]), code["seconds"]), (rider, 60))
