"""The console shows the result of an action once, to the session that did it."""

import re

from console import ConsoleTest
from pages import Visitor
from support import record


class Messages(ConsoleTest):
    """The result of an action is shown once, to the session that did it."""

    KEY = re.compile("<code>([0-9a-f]{64})</code>")

    def setUp(self):
        super().setUp()
        self.other = Visitor(self.server)
        self.other.log_in()

    def add_key(self, visitor):
        visitor.get("/console")
        self.assertEqual(visitor.submit("/console/merchants/record-key", app_id=self.client.app_id).status, 303)

    def test_a_fresh_key_is_shown_to_nobody_else(self):
        self.add_key(self.operator)
        stranger = Visitor(self.server)
        stranger.log_in()
        for visitor in (self.other, stranger):
            page = visitor.get("/console")
            self.assertNotIn("record key, shown this once", page.words)
            self.assertEqual(self.KEY.findall(page.text), [])
        (key,) = self.KEY.findall(self.console().text)
        self.settled(self.gate.trade(record(self.gate.code(), bytes.fromhex(key))))
        self.assertEqual(self.KEY.findall(self.console().text), [])

    def test_two_operators_at_once(self):
        self.add_key(self.operator)
        self.add_key(self.other)
        keys = [self.KEY.findall(visitor.get("/console").text) for visitor in (self.operator, self.other)]
        self.assertEqual([len(found) for found in keys], [1, 1])
        self.assertNotEqual(*keys)

    def test_nothing_that_was_not_seen_is_lost(self):
        # The operator presses the button twice.
        self.operator.get("/console")
        for _ in range(2):
            self.operator.submit("/console/merchants/record-key", app_id=self.client.app_id)
        self.operator.submit("/console/merchants/record-key", app_id=self.client.app_id, key="xyz")
        page = self.console()
        self.assertEqual(len(set(self.KEY.findall(page.text))), 2)
        self.assertIn("32 to 128 hex digits", page.words)

    def test_a_page_that_fails_loses_no_key(self):
        self.add_key(self.operator)
        with self.server.sql() as db:
            db.execute("ALTER TABLE account RENAME COLUMN owner TO gone")
            try:
                failed = self.operator.get("/console")
            finally:
                db.execute("ALTER TABLE account RENAME COLUMN gone TO owner")
        self.assertEqual((failed.status, self.KEY.findall(failed.text)), (503, []))
        (key,) = self.KEY.findall(self.console().text)
        self.settled(self.gate.trade(record(self.gate.code(), bytes.fromhex(key))))
        self.assertEqual(self.KEY.findall(self.console().text), [])

    def test_a_session_that_has_ended(self):
        self.add_key(self.operator)
        kept = dict(self.operator.cookies)
        self.operator.submit("/console/logout")
        self.operator.cookies = kept
        self.assertEqual(self.operator.get("/console").status, 303)
        self.operator.log_in()
        self.assertEqual(self.KEY.findall(self.console().text), [])
