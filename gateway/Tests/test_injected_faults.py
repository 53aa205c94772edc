"""The faults that the console's fault panel injects."""

import re
import socket
import time
import urllib.parse

from console import ConsoleTest
from pages import Visitor
from support import DATA_SEND, KEY_QUERY, METHODS, RECORD_VERIFY, TRADE_SETTLE, VIRTUALCARD_SEND, Client, Server


class Faults(ConsoleTest):
    def inject(self, kind, method="", **fields):
        return self.act("faults", kind=kind, method=method, **fields)

    def tearDown(self):
        for fault in self.fault_ids():
            self.act("faults/remove", id=fault)
        self.succeed(KEY_QUERY)

    def contents(self):
        """Valid content for each method, without lasting effects."""
        return {
            KEY_QUERY: None, RECORD_VERIFY: {"record": self.gate.record()},
            TRADE_SETTLE: {"trade_list": [self.gate.trade()]},
            VIRTUALCARD_SEND: {"action": "ISSUE", "user_id": "2088000000000001", "card_type": "T0000001",
                               "card_no": "FAULT1", "last_update_time": "2026-01-01 00:00:00"},
            DATA_SEND: {"scene_code": "vechile_order", "op_code": "data_save", "channel": "x", "version": "2.0",
                        "target_id": "2088000000000001", "op_data": {"info": [{
                            "type": "order", "biz_no": "F1", "subject": "x", "biz_time": "2026-01-01 00:00:00",
                            "asset_name": "ALIPAY", "city_name": "x", "line_name": "1", "start_station_name": "x",
                            "vehicle_type": "BUS", "vehicle_id": "1", "partner_name": "x", "partner_id": "1"}]}},
        }

    def dropped(self, method, content):
        """Whether the connection ends without a byte of a reply."""
        body = self.client.parameters(method, content)
        try:
            self.client.post(body)
        except (ConnectionError, OSError) as error:
            # http.client raises RemoteDisconnected when no reply came.
            self.assertIn(type(error).__name__, ("RemoteDisconnected", "ConnectionResetError"))
            return True
        return False

    def test_for_one_interface(self):
        contents = self.contents()
        for faulty in METHODS:
            self.inject("unavailable", faulty)
            for method in METHODS:
                if method != faulty:
                    self.succeed(method, contents[method])
            self.refuse("20000", "isp.unknow-error", "", faulty, contents[faulty])
            self.succeed(faulty, contents[faulty])

    def test_for_all_of_them(self):
        contents = self.contents()
        self.inject("unavailable", calls="5")
        for method in METHODS:
            self.refuse("20000", "isp.unknow-error", "", method, contents[method])
        for method in METHODS:
            self.succeed(method, contents[method])

    def test_the_next_calls(self):
        self.inject("unavailable", KEY_QUERY, calls="3")
        codes = [self.client.call(KEY_QUERY).code for _ in range(5)]
        self.assertEqual(codes, ["20000"] * 3 + ["10000"] * 2)

    def test_only_calls_that_are_let_in_count(self):
        self.inject("unavailable", KEY_QUERY)
        self.refuse("40002", "isv.invalid-signature", "", KEY_QUERY, sign="AAAA")
        self.refuse("20000", "isp.unknow-error", "", KEY_QUERY)

    def test_a_rate(self):
        self.inject("unavailable", KEY_QUERY, percent="100", calls="1")
        self.assertEqual({self.client.call(KEY_QUERY).code for _ in range(10)}, {"20000"})
        self.act("faults/remove", id=self.fault_ids()[0])
        self.inject("unavailable", KEY_QUERY, percent="50")
        codes = [self.client.call(KEY_QUERY).code for _ in range(200)]
        # The probability to be outside of this range is 1 in 10^10.
        self.assertTrue(54 <= codes.count("20000") <= 146, codes.count("20000"))

    def fault_ids(self):
        return re.findall(r'action="/console/faults/remove">.*?name="id" value="(\d+)"', self.console().text, re.S)

    def test_taking_back(self):
        page = self.inject("delay", TRADE_SETTLE, calls="7", milliseconds="1234")
        self.assertIn("trade.settle: a late answer by 1234 ms, for the next 7 calls", page.words)
        self.assertIn("every interface: the connection ends, nothing happened, for 5 % of calls",
                      self.inject("drop", percent="5").words)
        while "Take back" in self.console().words:
            self.act("faults/remove", id=self.fault_ids()[0])
        self.settled(self.gate.trade())
        self.act("faults/remove", id="12345")

    def test_a_restart_forgets_them(self):
        server = Server()
        self.addCleanup(server.kill)
        operator = Visitor(server)
        operator.log_in()
        self.assertIn("Take back", operator.act("faults", kind="unavailable", percent="100").words)
        client = Client(server)
        self.assertEqual(client.call(KEY_QUERY).code, "20000")
        client.close()
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual({client.call(KEY_QUERY).code for _ in range(20)}, {"10000"})
        client.close()
        self.assertNotIn("Take back", operator.get("/console").words)

    def test_what_is_no_fault(self):
        for fields in ({"kind": "x"}, {"kind": ""}, {"kind": "delay", "milliseconds": "120001"},
                       {"kind": "delay", "milliseconds": "-1"}, {"kind": "drop", "calls": "0"},
                       {"kind": "drop", "calls": "x"}, {"kind": "drop", "percent": "0"},
                       {"kind": "drop", "percent": "101"}, {"kind": "drop", "method": "x"},
                       {"kind": "delay", "milliseconds": "x"}):
            with self.subTest(fields=fields):
                page = self.act("faults", **fields)
                self.assertNotIn("Take back", page.words)
                self.assertIn('role="status"', page.text)

    def test_20000(self):
        for kind, happened in (("unavailable", False), ("unavailable-after", True)):
            trade = self.gate.trade()
            self.inject(kind, TRADE_SETTLE)
            self.refuse("20000", "isp.unknow-error", "", TRADE_SETTLE, {"trade_list": [trade]})
            self.check_once(trade, happened)

    def test_unknown(self):
        for kind, happened in (("unknown", False), ("unknown-after", True)):
            trade = self.gate.trade()
            self.inject(kind, TRADE_SETTLE)
            (result,) = self.client.settle(trade)
            self.assertEqual((result["result"], result["need_retry"], result["out_trade_no"]),
                             ("UNKNOWN", True, trade["out_trade_no"]))
            self.assertEqual(result["next_retry_time"], result["next_try_time"])
            self.check_once(trade, happened)
            # key.query has no result UNKNOWN.
            self.inject(kind, KEY_QUERY)
            self.refuse("20000", "isp.unknow-error", "", KEY_QUERY)

    def test_the_log_says_that_it_was_a_fault_of_the_panel(self):
        for kind, effect in (("unavailable", "nothing of it is kept"), ("unavailable-after", "it is kept all the same"),
                             ("unknown", "nothing of it is kept"), ("unknown-after", "it is kept all the same")):
            self.inject(kind, TRADE_SETTLE)
            reply = self.client.call(TRADE_SETTLE, {"trade_list": [self.gate.trade()]})
            message = reply.sub_msg or reply["result_list"][0]["message"]
            request = re.search(r"; request ([0-9a-f]{17,32})", message)[1]
            (line,) = [line for line in self.server.log.splitlines() if request in line and "internal error" in line]
            self.assertIn("cause=fault-panel ", line)
            self.assertIn(f"effect={effect} ", line)
            # The list of calls shows the id too.
            self.assertIn(request, self.console().words)

    def test_a_connection_that_ends(self):
        for kind, happened in (("drop", False), ("drop-after", True)):
            trade = self.gate.trade()
            self.inject(kind, TRADE_SETTLE)
            self.assertTrue(self.dropped(TRADE_SETTLE, {"trade_list": [trade]}))
            self.check_once(trade, happened)
            self.inject(kind, KEY_QUERY)
            self.assertTrue(self.dropped(KEY_QUERY, None))
            self.succeed(KEY_QUERY)

    def check_once(self, trade, happened):
        """Checks whether the trade has settled, and that a retry settles it exactly once."""
        self.assertEqual(self.paid(trade["user_id"]), 200 if happened else 0)
        first = self.settled(trade)
        self.assertEqual(self.settled(trade), first)
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_a_late_answer(self):
        trade = self.gate.trade()
        self.inject("delay", TRADE_SETTLE, milliseconds="700")
        start = time.monotonic()
        self.settled(trade)
        self.assertGreaterEqual(time.monotonic() - start, 0.7)
        self.check_once(trade, True)

    def test_a_late_answer_holds_up_nobody_else(self):
        self.inject("delay", TRADE_SETTLE, milliseconds="2000")
        slow = Client(self.server)
        parameters = slow.parameters(TRADE_SETTLE, {"trade_list": [self.gate.trade()]})
        with socket.create_connection((self.server.host, self.server.port)) as waiting:
            body = urllib.parse.urlencode(parameters).encode()
            waiting.sendall(b"POST /gateway.do HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                            % (len(body), body))
            while "Take back" in self.console().words:
                time.sleep(0.01)
            self.settled(self.gate.trade())
            waiting.setblocking(False)
            self.assertRaises(BlockingIOError, waiting.recv, 1)
            waiting.setblocking(True)
            self.assertTrue(waiting.recv(15).startswith(b"HTTP/1.1 200"))
