"""The rider's pages: the rides and notices of each card."""

import re
import time

from pages import PageTest, Visitor, seen
from ride_notices import notice
from support import DATA_SEND, generated_of, time_text


class RidesOfCards(PageTest):
    """A ride is listed on the page of the card that its code names, and on no other page."""

    def setUp(self):
        super().setUp()
        self.rider = self.visitor.sign_up()
        self.used = set()

    def new_code(self, card_no, card_type="T0000001"):
        """A code that has not settled. Codes of one card and one second are the same code."""
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
        """Settles a ride. Returns the number of the trade."""
        code = self.new_code(card_no, card_type)
        return self.settled(self.ride(self.rider, code, subject=subject, amount=amount))[0]

    def shown(self, card_no, card_type="T0000001"):
        """The rides that a card's page lists. The page and its script get the same list."""
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
        # A ride before the card became a prepaid card.
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
        # The rides are on no card's page now.
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
        # They are listed after a merchant has issued the card.
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
    """A database of a version that did not store the card of a ride."""

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
