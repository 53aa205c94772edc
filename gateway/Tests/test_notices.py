"""alipay.commerce.data.send"""

import json
import time

from ride_notices import item
from support import DATA_SEND, DAY, Client, GatewayTest, number, time_text

REQUIRED = ("type", "biz_no", "subject", "biz_time", "asset_name", "city_name", "line_name", "start_station_name",
            "vehicle_type", "partner_name", "partner_id")
OPTIONAL = ("amount", "adcode", "line_id", "start_station_id", "start_terminal_id", "start_terminal_serial_no",
            "start_terminal_time", "start_lbs", "end_station_name", "end_station_id", "end_terminal_id",
            "end_terminal_serial_no", "end_terminal_time", "end_lbs", "plate_number", "card_no", "discount_type",
            "card_type", "card_record", "driver_id", "driver_name")


class NoticeTest(GatewayTest):
    def content(self, *items, **changes):
        return {"scene_code": "vechile_order", "op_code": "data_save", "channel": "hzcard", "version": "2.0",
                "target_id": "2088000000000001", "op_data": {"info": list(items) or [item()]}, **changes}

    def send(self, *items, **changes):
        reply = self.succeed(DATA_SEND, self.content(*items, **changes))
        self.assertEqual(reply["data_send_business_result"]["biz_code"], "SUCCESS")

    def refuse_item(self, field, *items):
        self.refuse("40004", "ILLEGAL_PARAMS", field, DATA_SEND, self.content(*items))

    def kept(self, name):
        """How many notices of this number are stored."""
        with self.server.sql() as db:
            return db.execute("SELECT COUNT(*) FROM notice WHERE biz_no = ?", (name,)).fetchone()[0]


class Common(NoticeTest):
    def test_each_is_required_and_has_its_limit(self):
        for name, limit in (("scene_code", 100), ("op_code", 64), ("channel", 32), ("target_id", 32), ("version", 32)):
            with self.subTest(name=name):
                self.send(**{name: "x" * limit})
                self.send(**{name: "公" * limit})
                for wrong in ("x" * (limit + 1), "", None, {}, [], True, 1.5):
                    self.refuse("40004", "ILLEGAL_PARAMS", name, DATA_SEND, self.content(**{name: wrong}))
                content = self.content()
                del content[name]
                self.refuse("40004", "ILLEGAL_PARAMS", name, DATA_SEND, content)

    def test_op_data_in_each_form(self):
        for form in (
            lambda ride: {"info": [ride]}, lambda ride: {"info": ride}, lambda ride: ride, lambda ride: [ride],
            lambda ride: [{"info": [ride]}],
        ):
            for spell in (lambda value: value, json.dumps, lambda value: json.dumps(value, indent=1)):
                ride = item()
                self.send(op_data=spell(form(ride)))
                self.assertEqual(self.kept(ride["biz_no"]), 1, form)

    def test_op_data_that_is_none(self):
        content = self.content()
        del content["op_data"]
        self.refuse("40004", "ILLEGAL_PARAMS", "op_data", DATA_SEND, content)
        for wrong in (None, "", "x", "{", "1", '"x"', "null", "[]", [], 1, True, {"info": []}, {"info": "x"},
                      {"info": 1}, {"info": None}, ["x"], [1], [[]], {"info": ["x"]}, {"info": [None]}):
            with self.subTest(wrong=wrong):
                self.refuse("40004", "ILLEGAL_PARAMS", "op_data", DATA_SEND, self.content(op_data=wrong))

    def test_a_hundred_items_and_one_more(self):
        items = [item() for _ in range(101)]
        self.refuse_item("op_data", *items)
        self.send(*items[:100])
        self.assertEqual([self.kept(ride["biz_no"]) for ride in items], [1] * 100 + [0])

    def test_deep_nesting(self):
        for wrong in ("[" * 100000, "[" * 100000 + "]" * 100000, '{"info":' * 10000 + "1" + "}" * 10000):
            self.refuse("40004", "ILLEGAL_PARAMS", "op_data", DATA_SEND, self.content(op_data=wrong))


class Items(NoticeTest):
    def test_each_required_field_is_missing(self):
        for name in REQUIRED:
            for empty in (None, ""):
                with self.subTest(name=name, empty=empty):
                    self.refuse_item(name, {**item(), name: empty})
            with self.subTest(name=name):
                self.refuse_item(name, item(**{name: None}))

    def test_each_optional_field_may_be_missing(self):
        for name in OPTIONAL:
            with self.subTest(name=name):
                self.send(item(**{name: None}))
                self.send({**item(), name: ""})
        self.send(item(**{name: None for name in OPTIONAL}))

    def test_each_field_has_the_wrong_type(self):
        for name in REQUIRED + OPTIONAL + ("vehicle_id",):
            for wrong in ({"a": 1}, ["x"], True):
                with self.subTest(name=name, wrong=wrong):
                    self.refuse_item(name, item(**{name: wrong}))

    def test_one_of_vehicle_and_plate_is_required(self):
        self.send(item(vehicle_id=None))
        self.send(item(plate_number=None))
        self.refuse_item("vehicle_id.*plate_number", item(vehicle_id=None, plate_number=None))
        self.refuse_item("vehicle_id.*plate_number", {**item(), "vehicle_id": "", "plate_number": ""})

    def test_words(self):
        for name, good, bad in (
            ("type", ("order", "event"), ("ORDER", "x", "order ")),
            ("vehicle_type", ("BUS", "BRT", "LRT", "METRO", "FERRY"), ("bus", "TAXI", "BUS,METRO")),
            ("asset_name", ("ALIPAY", "OUTSIDE CARD", "ALIPAY,OUTSIDE CARD"), ("alipay", "CASH", "ALIPAY,CASH", ",")),
        ):
            for word in good:
                with self.subTest(name=name, word=word):
                    self.send(item(**{name: word}))
            for word in bad:
                with self.subTest(name=name, word=word):
                    self.refuse_item(name, item(**{name: word}))

    def test_times(self):
        for name in ("biz_time", "start_terminal_time", "end_terminal_time"):
            for wrong in ("2016-05-05", "2016-02-30 00:00:00", "x", "2016-05-05T11:22:33", "2016-05-05 11:22:33.5"):
                with self.subTest(name=name, wrong=wrong):
                    self.refuse_item(name, item(**{name: wrong}))

    def test_a_time_ahead_of_now(self):
        for good in ("1999-12-31 23:59:59", time_text(time.time() + DAY - 60)):
            self.send(item(biz_time=good))
        for wrong in (time_text(time.time() + DAY + 60), "9999-12-31 23:59:59"):
            self.refuse_item("biz_time.*more than a day ahead", item(biz_time=wrong))

    def test_places(self):
        for name in ("start_lbs", "end_lbs"):
            for good in ("0,0", "-180,-90", "180.000000,90", "106.72,26.57"):
                self.send(item(**{name: good}))
            for wrong in ("106.72", "106.72;26.57", "106.72,26.57,0", "181,0", "0,91", "x,y", ",", "nan,nan", "inf,0",
                          "1e400,0", "0,"):
                with self.subTest(name=name, wrong=wrong):
                    self.refuse_item(name, item(**{name: wrong}))

    def test_amounts(self):
        for good in ("0", "0.00", 1, 1.5, "99999.99"):
            self.send(item(amount=good))
        for wrong in ("x", "-1", "1.001", 1.001, "1e2", "NaN", True, {}):
            with self.subTest(wrong=wrong):
                self.refuse_item("amount", item(amount=wrong))

    def test_the_message_says_which_item(self):
        self.refuse_item(r"info\[2\]\.city_name", item(), item(), item(city_name=None))

    def test_one_bad_item_keeps_all_out(self):
        good = item()
        self.refuse_item("subject", good, item(subject=None))
        self.assertEqual(self.kept(good["biz_no"]), 0)
        self.send(good)


class Once(NoticeTest):
    def test_the_same_again(self):
        ride = item()
        for _ in range(3):
            self.send(ride)
        self.send(ride, ride)
        self.send(dict(sorted(ride.items())), op_data=json.dumps({"info": [ride]}))
        self.assertEqual(self.kept(ride["biz_no"]), 1)

    def test_something_else_under_the_same_number(self):
        ride = item()
        self.send(ride)
        for change in ({"amount": "2.0"}, {"subject": "x"}, {"end_station_name": None}, {"type": "event"}):
            with self.subTest(change):
                reply = self.refuse("40004", "FAIL", ride["biz_no"], DATA_SEND, self.content(
                    {name: value for name, value in {**ride, **change}.items() if value is not None}))
                self.assertEqual(reply["data_send_business_result"]["biz_code"], "FAIL")
        self.refuse("40004", "FAIL", "", DATA_SEND, self.content(ride, target_id="2088000000000002"))
        self.assertEqual(self.kept(ride["biz_no"]), 1)

    def test_two_things_under_one_number_in_a_list(self):
        ride, good = item(), item()
        self.refuse("40004", "FAIL", ride["biz_no"], DATA_SEND, self.content(good, ride, {**ride, "subject": "x"}))
        self.assertEqual((self.kept(ride["biz_no"]), self.kept(good["biz_no"])), (0, 0))

    def test_two_numbers_that_only_look_the_same(self):
        # e with an acute accent, as one code point and as two: different bytes, so different numbers.
        name = number("B")
        first, second = item(biz_no=name + "\u00e9"), item(biz_no=name + "e\u0301")
        self.send(first, second)
        self.assertEqual((self.kept(first["biz_no"]), self.kept(second["biz_no"])), (1, 1))

    def test_across_a_restart(self):
        ride = item()
        self.send(ride)
        self.server.stop()
        self.client.close()
        self.server.start()
        self.send(ride)
        self.refuse("40004", "FAIL", "", DATA_SEND, self.content({**ride, "subject": "x"}))

    def test_each_merchant_has_numbers_of_its_own(self):
        self.server.stop()
        self.client.close()
        with self.server.sql() as db:
            db.execute("INSERT INTO merchant SELECT 'other', 'Other', 'other@example.com', public_key, 1, 0 "
                       "FROM merchant")
        self.server.start()
        other = Client(self.server, app_id="other", key=self.client.key)
        ride = item()
        self.send(ride)
        self.assertEqual(other.call(DATA_SEND, self.content({**ride, "subject": "x"})).code, "10000")
        self.assertEqual(self.kept(ride["biz_no"]), 2)
