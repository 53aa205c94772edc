"""The rider's pages: cards and sessions."""

import re
import time

from pages import EVIL, PageTest, Visitor, unescaped
from ride_notices import notice
from support import DATA_SEND, DAY, user_of


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
        # A console session is not a rider's session.
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
        """The remaining seconds of the rider's session; with `ahead`, sets them first."""
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
            # A session in its first half is not extended, so there is no write.
            self.end_of_session(16 * DAY)
            self.assertFalse(any(line.startswith("posgateway_rider=") for line in look().cookies))
            self.assertLess(self.end_of_session(), 17 * DAY)
        self.end_of_session(-5)
        self.assertEqual(self.visitor.card(self.rider).status, 403)
        self.assertLess(self.end_of_session(), 0)

    def test_a_session_survives_a_clock_that_was_ahead(self):
        # By a clock that is 40 days ahead the session has ended. A login at that time does not delete it.
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
        # The card is still there.
        self.assertEqual(self.visitor.card(self.rider).status, 200)
        code = self.visitor.code(self.rider)
        self.assertIn("没有密码", self.visitor.get("/leave", lang="zh").words)
        answer = self.visitor.submit(question.action, **question.fields)
        self.assertEqual((answer.status, answer.location), (303, "/"))
        self.assertNotIn("posgateway_rider", self.visitor.cookies)
        # The old cookie is no longer valid.
        self.visitor.cookies = kept
        self.assertEqual(self.visitor.card(self.rider).status, 403)
        self.assertEqual(self.visitor.get("/leave").location, "/")
        # Earlier rides are still charged.
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
        # Not on another rider's page.
        other = Visitor(self.server)
        self.assertNotIn("Bus 984", other.card(other.sign_up()).text)
