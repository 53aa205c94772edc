"""alipay.commerce.transport.offlinepay.trade.settle: trades that settle, and their records."""

import hashlib
import json
import threading
import time

from support import TRADE_SETTLE, Gate, GatewayTest, issue, pos_param, record, time_text


class Good(GatewayTest):
    def test_a_single_ride(self):
        trade = self.gate.trade()
        before = self.server.balance("merchant", self.client.app_id) or 0
        self.settled(trade)
        self.assertEqual(self.paid(trade["user_id"]), 200)
        self.assertEqual(self.server.balance("merchant", self.client.app_id), before + 200)

    def test_the_reply_of_the_document_s_sample(self):
        trade = self.gate.trade()
        (result,) = self.client.settle(trade)
        self.assertEqual(result, {"result": "SUCCESS", "message": "成功", "out_trade_no": trade["out_trade_no"],
                                  "trade_no": result["trade_no"]})

    def test_all_fields(self):
        context = {"line": "metro2", "start_pos_id": "01", "start_station": "松江大学城", "end_pos_id": "02",
                   "end_station": "杨高中路", "city_code": "3100", "agent_id": "00001",
                   "sys_service_provider_id": "2088000000000000"}
        self.settled(self.gate.trade(
            order_biz_context=json.dumps(context), seller_login_name="demo@posoffline.example", card_type="ANT00001",
            open_id="o1", unknown={"a": [1]}))

    def test_optional_fields_that_are_empty(self):
        for empty in ("", None):
            self.settled({**self.gate.trade(), "order_biz_context": empty, "seller_login_name": empty})

    def test_an_entry_and_an_exit_in_either_order(self):
        for turn in (1, -1):
            trade = self.gate.trade(*self.pair()[::turn])
            self.settled(trade)
            self.assertEqual(self.paid(trade["user_id"]), 200)

    def pair(self, trips=("IN", "OUT"), seconds=1200, amounts=(0, 200)):
        """Two records of one rider, `seconds` apart."""
        user, start = self.gate.user(), int(time.time()) - 3600
        codes = [self.gate.code("--uid", user, "--generated", str(at)) for at in (start, start + seconds)]
        return [self.gate.record(code, trip=trip, amount=amount)
                for code, trip, amount in zip(codes, trips, amounts)]

    def test_pairs_that_are_no_ride(self):
        for name, records in (
            ("two entries", self.pair(("IN", "IN"))), ("two exits", self.pair(("OUT", "OUT"))),
            ("two single rides", self.pair(("SINGLE", "SINGLE"))), ("the exit was first", self.pair(("OUT", "IN"))),
            ("an entry and a single ride", self.pair(("IN", "SINGLE"))),
            ("an exit and a single ride", self.pair(("OUT", "SINGLE"))),
            ("an entry alone", self.pair()[:1]), ("an exit alone", self.pair()[1:]),
        ):
            with self.subTest(name):
                trade = self.gate.trade(*records)
                self.failed("RIDE_INCOMPLETE", "SINGLE", trade)
                self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_one_record_twice_is_no_ride(self):
        once = self.pair()[0]
        self.failed("RIDE_INCOMPLETE", "", self.gate.trade(once, once))
        single = self.gate.record()
        self.failed("RIDE_INCOMPLETE", "", self.gate.trade(single, single))

    def test_an_entry_and_an_exit_of_one_code(self):
        code = self.gate.code()
        trade = self.gate.trade(self.gate.record(code, trip="IN", amount=0), self.gate.record(code, trip="OUT"))
        self.settled(trade)
        self.assertEqual(self.paid(trade["user_id"]), 200)
        self.failed("RECORD_ALREADY_SETTLED", "", self.gate.trade(self.gate.record(code)))

    def test_an_entry_and_an_exit_of_two_cards(self):
        user = self.gate.user()
        plain = self.gate.code("--uid", user)
        first, second = (self.gate.code("--uid", user, "--card-type", "CITY0001", "--card-no", card_no)
                         for card_no in ("1", "2"))
        for codes in ((first, second), (second, first), (plain, first), (first, plain)):
            records = [self.gate.record(code, trip=trip) for code, trip in zip(codes, ("IN", "OUT"))]
            self.failed("RIDE_INCOMPLETE", "", self.gate.trade(*records))
        self.assertEqual(self.paid(user), 0)

    def test_all_trades_of_a_call_are_one_transaction(self):
        # A reader of the ledger sees all of the trades or none.
        trades = [self.gate.trade() for _ in range(100)]
        names = [trade["out_trade_no"] for trade in trades]
        count = f"SELECT COUNT(*) FROM trade WHERE out_trade_no IN ({','.join('?' * 100)})"
        seen, ended = set(), threading.Event()

        def look():
            with self.server.sql() as db:
                while not ended.is_set():
                    seen.add(db.execute(count, names).fetchone()[0])

        looking = threading.Thread(target=look)
        looking.start()
        try:
            self.settled(*trades)
        finally:
            ended.set()
            looking.join()
        self.assertEqual(seen | {100}, {0, 100})

    def test_an_entry_and_an_exit_of_two_riders(self):
        entry, other_exit = self.pair()[0], self.pair()[1]
        for records in ((entry, other_exit), (other_exit, entry)):
            self.failed("USER_NOT_MATCH", "", self.gate.trade(*records))

    def test_a_hundred_trades_in_a_call_and_one_more(self):
        trades = [self.gate.trade() for _ in range(101)]
        self.refuse("40004", "ILLEGAL_PARAMS", "trade_list", TRADE_SETTLE, {"trade_list": trades})
        self.settled(*trades[:100])

    def test_trade_numbers_are_unique_and_of_28_digits(self):
        numbers = self.settled(*[self.gate.trade() for _ in range(20)])
        self.assertEqual(len(set(numbers)), 20)
        self.assertTrue(all(text.startswith(time_text()[:10].replace("-", "")) for text in numbers), numbers)


class Records(GatewayTest):
    """A trade with an invalid record fails, and the message says why."""

    def test_what_can_be_wrong(self):
        now = int(time.time())
        code = self.gate.code
        param = pos_param("BOTH")
        for name, text, message in (
            ("MAC", self.gate.record(mac=b"\0" * 32), "MAC"),
            ("record key", record(code(), b"k" * 32), "record key"),
            ("development key", record(code(), hashlib.sha256(b"x").digest(), key_id=b"\0" * 4), "record key"),
            ("issuer", self.gate.record(code("--wrong", "issuer-signature=other-key")), "issuer"),
            ("issuer key", self.gate.record(code("--wrong", "issuer-key-id=200")), "issuer key 200"),
            ("rider", self.gate.record(code("--wrong", "user-signature=corrupt")), "rider"),
            ("too early", self.gate.record(code("--generated", str(now)), at=now - 61), "61|window|good for"),
            ("too late", self.gate.record(code("--generated", str(now - 100)), at=now - 39), "good for"),
            ("expired", self.gate.record(code("--generated", str(now), "--expiry", str(now - 1))), "expired"),
            ("pos_param", self.gate.record(param=param), "type"),
            ("quota", self.gate.record(code("--quota", "100"), amount=101), "quota"),
        ):
            with self.subTest(name):
                trade = self.gate.trade(text)
                self.failed("RECORD_INVALID", message, trade)
                self.assertEqual(self.paid(trade["user_id"]), 0)

    def test_the_user_is_the_trade_s(self):
        trade = self.gate.trade(user_id="2088000099990000")
        result = self.failed("USER_NOT_MATCH", "", trade)
        self.assertEqual(self.paid("2088000099990000"), 0)
        self.assertEqual(result["out_trade_no"], trade["out_trade_no"])


    def test_a_user_id_that_only_looks_the_same(self):
        # The Kelvin sign is canonically equivalent to K, and still a different character.
        record = self.gate.record(self.gate.code("--uid", "2088K00000000001"))
        other = "2088\u212a00000000001"
        self.failed("USER_NOT_MATCH", "", self.gate.trade(record, user_id=other))
        self.assertEqual(self.paid(other), 0)


class Gates(GatewayTest):
    """Records that the library writes settle as those of the tests do."""

    def test_a_record_of_another_issuer_s_key(self):
        keys = self.client.call("alipay.commerce.transport.offlinepay.key.query")["keys"]
        for key in (keys[1], keys[-1]):
            code = issue(self.server, "--key-id", str(key["key_id"]))[0]
            self.settled(Gate(self.server).trade(self.gate.record(code)))
