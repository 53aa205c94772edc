"""The console's issuer keys: create, activate, retire."""

import re
import time

from console import ConsoleTest
from pages import EVIL
from support import KEY_QUERY, RECORD_VERIFY, Client, Server, issue


class IssuerKeys(ConsoleTest):
    """Each test has its own server, because a retired key stays retired."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.kill)
        self.client = Client(self.server)
        super().setUp()
        self.gate = type(self.gate)(self.server)
        self.rider = self.visitor.sign_up()

    def listed(self):
        return {key["key_id"] for key in self.succeed(KEY_QUERY)["keys"]}

    def key_of(self, code):
        return bytes.fromhex(code)[2]

    def test_create_and_activate(self):
        before = self.listed()
        self.assertEqual(self.key_of(self.visitor.code(self.rider)), 0)
        self.act("issuer-keys")
        (new,) = self.listed() - before
        question = self.operator.get("/console/issuer-keys/activate", id=str(new))
        for words in (f"Gates that have not fetched key {new} with key.query refuse",
                      "that key 0 has signed are still good"):
            self.assertIn(words, question.words)
        # Riders' codes use the old key until the new one is activated.
        self.assertEqual(self.key_of(self.visitor.code(self.rider)), 0)
        self.assertIn(f"key {new} from now on", self.confirm(question).words)
        code = self.visitor.code(self.rider)
        self.assertEqual(self.key_of(code), new)
        self.settled(self.ride(self.rider, code))

    def test_retire(self):
        before = self.visitor.code(self.rider)
        # A thief of the key still has it after it is retired.
        self.server.issuer_keys()
        self.act("issuer-keys/activate", id="1")
        page = self.operator.get("/console/issuer-keys/retire", id="0")
        self.assertEqual(page.status, 200)
        for words in ("key.query leaves the key out", "Gates that fetch the list again refuse every code that key 0",
                      "sign with key 1", "settle for another 5 days", "cannot be brought back"):
            self.assertIn(words, page.words)
        self.assertIn(0, self.listed(), "looking at the page has retired the key")
        self.assertIn("Issuer key 0 is retired", self.confirm(page).words)
        self.assertEqual(self.listed(), set(range(1, 32)))
        self.settled(self.ride(self.rider, before))
        time.sleep(1.1)
        after = issue(self.server, "--key-id", "0")[0]
        self.failed("RECORD_INVALID", "retired", self.gate.trade(self.gate.record(after)))
        self.refuse("40004", "FAIL", "retired", RECORD_VERIFY, {"record": self.gate.record(after)})
        self.assertEqual(self.key_of(self.visitor.code(self.rider)), 1)
        # A retired key stays retired, also after a restart.
        for action in ("activate", "retire"):
            self.assertIn("retired, for good", self.act("issuer-keys/" + action, id="0").words)
        self.client.close()
        self.server.stop()
        self.server.start()
        self.assertEqual(self.listed(), set(range(1, 32)))
        self.failed("RECORD_INVALID", "retired", self.gate.trade(self.gate.record(after)))
        # Its id is not used again.
        self.act("issuer-keys")
        self.assertNotIn(0, self.listed())

    def test_what_is_refused(self):
        self.assertIn("activate another one first", self.act("issuer-keys/retire", id="0").words)
        for wrong in ("99", "256", "-1", "x", "", "0x1", EVIL):
            for action in ("activate", "retire"):
                page = self.act("issuer-keys/" + action, id=wrong)
                self.assertRegex(page.words, "no such issuer key|no key id|id is missing")
            self.assertEqual(self.operator.get("/console/issuer-keys/retire", id=wrong).status, 404)
        self.assertEqual(self.listed(), set(range(32)))
        self.assertEqual(self.operator.get("/console/issuer-keys/retire").status, 404)

    def test_gates_hold_64(self):
        for _ in range(32):
            self.act("issuer-keys")
        self.assertEqual(len(self.listed()), 64)
        self.assertIn("at most 64", self.act("issuer-keys").words)
        self.assertEqual(len(self.listed()), 64)
        self.act("issuer-keys/retire", id="9")
        self.act("issuer-keys")
        self.assertEqual(self.listed(), set(range(65)) - {9})

    def test_an_id_is_used_once(self):
        # The state after 224 more keys, all of them retired.
        with self.server.sql() as db:
            for key_id in range(32, 256):
                db.execute("INSERT INTO issuer_key VALUES (?, x'00', ?, 'retired', 1, 1)", (key_id, bytes([0, key_id])))
        self.assertIn("All 256 key ids were used", self.act("issuer-keys").words)
        self.assertEqual(self.listed(), set(range(32)))

    def test_the_page_offers_only_what_can_be_done(self):
        self.act("issuer-keys/retire", id="5")
        rows = dict(re.findall(r"<tr><td>(\d+)</td><td class=\"mono\">(.*?)</tr>", self.console().text, re.S))
        self.assertEqual(len(rows), 32)
        for key_id, row in rows.items():
            state = {"0": "active", "5": "retired"}.get(key_id, "published")
            self.assertIn(f"<td>{state}</td>", row)
            self.assertEqual("<button" in row, state == "published")
