"""The console's lists: riders, cards, calls, trades, the ledger, rides per hour."""

import hashlib
import re
import time
import urllib.parse

from console import ConsoleTest, section
from pages import EVIL, Visitor, unescaped
from support import KEY_QUERY, RECORD_VERIFY, canonical, number

# A reader sees any number of these, joined, as one character.
MAN = "\U0001F468"


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
        # The operator's session stays.
        self.assertEqual(self.console().status, 200)
        # Opening the same rider again needs no confirmation. Opening another rider does.
        self.assertEqual(self.operator.submit("/console/riders/open", user_id=rider).status, 303)
        other = Visitor(self.server).sign_up()
        question = self.operator.submit("/console/riders/open", user_id=other)
        self.assertEqual(question.status, 200)
        for words in (f"Open rider {other}", f"no longer shows the cards and codes of rider {rider}", "newest 20"):
            self.assertIn(words, question.words)
        self.assertIn(rider, self.operator.get("/").words)
        self.assertEqual(self.operator.submit(question.action, **question.fields).status, 303)
        self.assertIn(other, self.operator.get("/").words)
        # The confirmation is good for that rider only.
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
        # The list of calls also says why a trade failed.
        self.assertIn(expensive["out_trade_no"] + ": ", calls)
        for raw in ("<script>", "<img src=x"):
            self.assertNotIn(raw, page.text)

    def test_the_reason_of_a_wrong_signature_is_read_as_the_caller_reads_it(self):
        reply = self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, sign="AAAA", notify_url="http://x/?a<b>&c")
        # sub_msg is already escaped for HTML. The page does not escape it again.
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
                # The message has the start and the end of the signed text, and its length and digest.
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
            time.sleep(11)  # Avoids the change of the hour.
        hour = int(time.time()) // 3600
        before = [count for _, count, _ in self.bars()]
        numbers = [self.gate.trade() for _ in range(6)]
        self.settled(*numbers)
        # Moves three trades to the hour before, one to the first hour of the plot, and one before the plot.
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
        """Hour, count and height of each bar."""
        page = self.console().text
        return [(hour, int(count), int(height)) for height, hour, count in re.findall(
            r'<rect [^>]*height="(\d+)"><title>(\d\d:00): (\d+)</title>', page)]


def cents(words, owner):
    """The balance that the console shows for an account; 0 when it shows none."""
    found = re.search(rf"(?:{owner}) (−?)¥(\d+)\.(\d\d)", words)
    return (-1 if found[1] else 1) * int(found[2] + found[3]) if found else 0
