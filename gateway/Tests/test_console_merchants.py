"""The console's merchants: their public keys, contracts and record keys."""

import base64
import hashlib
import os
import re

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from console import ConsoleTest
from key_formats import pkcs1_pem, private_pem, public_line, public_pem
from pages import EVIL, unescaped
from rsa2 import Key
from support import KEY_QUERY, METHODS, RECORD_VERIFY, Client, command, number, read, record, temporary_directory


class Merchants(ConsoleTest):
    def new_merchant(self, **fields):
        """Adds a merchant. Returns its app_id and its record key."""
        app_id = number("20219")
        page = self.act("merchants", name="Bus company", login_name=number("pay@"), app_id=app_id, **fields)
        self.assertIn(app_id, page.words)
        return app_id, bytes.fromhex(re.search(r"<code>([0-9a-f]{64})</code>", page.text)[1])

    def test_a_new_merchant_with_its_key_in_each_form(self):
        directory = temporary_directory() + "/keys"
        self.assertEqual(command("keygen", directory).returncode, 0)
        key = Key(read(directory + "/app-private-key-pkcs1.pem"))
        pem, line = (read(f"{directory}/app-public-key.{kind}") for kind in ("pem", "txt"))
        for pasted in (pem, line, pem.replace("\n", "\r\n"), "\n  " + pem + "\n", line.strip(),
                       "\r\n".join(re.findall(".{1,64}", line)), pkcs1_pem(pem)):
            app_id, _ = self.new_merchant()
            merchant = Client(self.server, app_id, key)
            self.assertEqual(merchant.call(KEY_QUERY).sub_code, "isv.missing-signature-config")
            self.assertIn("The public key is set.", self.act("merchants/key", app_id=app_id, public_key=pasted).words)
            self.assertEqual(merchant.call(KEY_QUERY).code, "10000")
            merchant.close()

    def test_a_new_merchant_s_gates_settle(self):
        app_id, record_key = self.new_merchant()
        key = rsa.generate_private_key(65537, 2048)
        self.act("merchants/key", app_id=app_id, public_key=public_pem(key))
        merchant = Client(self.server, app_id, Key(private_pem(key)))
        code = self.gate.code()
        trade = self.gate.trade(record(code, record_key))
        # The demo merchant does not have that record key.
        self.failed("RECORD_INVALID", "record key", {**trade, "out_trade_no": number()})
        self.assertEqual(merchant.settle(trade)[0]["result"], "SUCCESS")
        merchant.close()

    def test_what_is_no_key(self):
        short, curve = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())
        long = rsa.generate_private_key(65537, 2048)
        app_id, _ = self.new_merchant()
        der = base64.b64decode(public_line(long))
        even_exponent, even_modulus, longer = (base64.b64encode(changed).decode() for changed in (
            der[:-1] + b"\0", der[:-6] + bytes([der[-6] ^ 1]) + der[-5:], der + b"\0"))
        for wrong in ("garbage", "AAAA", "=", "公钥", EVIL, public_pem(short), public_line(short), public_pem(curve),
                      private_pem(long), public_pem(long).replace("M", "N", 1), public_line(long)[:-40],
                      public_pem(long)[:200], public_pem(long).replace("PUBLIC", "PRIVATE"),
                      "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", even_exponent, even_modulus, longer):
            page = self.act("merchants/key", app_id=app_id, public_key=wrong)
            self.assertIn("no RSA public key of at least 2,048 bits", page.words, wrong)
        with self.server.sql() as db:
            kept = db.execute("SELECT public_key FROM merchant WHERE app_id = ?", (app_id,)).fetchone()
        self.assertEqual(kept, (None,))

    def test_a_key_for_nobody(self):
        page = self.act("merchants/key", app_id="nobody", public_key=public_pem(rsa.generate_private_key(65537, 2048)))
        self.assertNotIn("The public key is set.", page.words)

    def test_a_replaced_key_does_not_work_any_more(self):
        app_id, _ = self.new_merchant()
        keys = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
        clients = [Client(self.server, app_id, Key(private_pem(key))) for key in keys]
        self.act("merchants/key", app_id=app_id, public_key=public_pem(keys[0]))
        self.assertEqual(clients[0].call(KEY_QUERY).code, "10000")
        self.operator.get("/console")
        question = self.operator.submit("/console/merchants/key", app_id=app_id, public_key=public_line(keys[1]))
        self.assertEqual(question.status, 200)
        for words in ("Replace the public key of Bus company?", "refused with isv.invalid-signature at once"):
            self.assertIn(words, question.words)
        # The key is still the old one.
        self.assertEqual(clients[0].call(KEY_QUERY).code, "10000")
        self.assertIn("The public key is set.", self.confirm(question).words)
        self.assertEqual(clients[0].call(KEY_QUERY).sub_code, "isv.invalid-signature")
        self.assertEqual(clients[1].call(KEY_QUERY).code, "10000")
        # The confirmation is good only for the key that the question was about.
        third = rsa.generate_private_key(65537, 2048)
        fields = {**question.fields, "public_key": public_line(third)}
        self.assertIn("What stops working", self.operator.submit("/console/merchants/key", **fields).words)
        self.assertEqual(clients[1].call(KEY_QUERY).code, "10000")
        # The old key can be set again.
        self.operator.get("/console")
        question = self.operator.submit("/console/merchants/key", app_id=app_id, public_key=public_pem(keys[0]))
        self.confirm(question)
        self.assertEqual([client.call(KEY_QUERY).sub_code for client in clients], [None, "isv.invalid-signature"])
        self.confirm(self.operator.submit("/console/merchants/key", app_id=app_id, public_key=public_pem(keys[1])))
        # Setting the present key again needs no confirmation.
        self.assertIn("The public key is set.",
                      self.act("merchants/key", app_id=app_id, public_key=public_pem(keys[1])).words)

    def test_a_contract_ends_and_comes_back(self):
        demo = self.client.app_id
        question = self.operator.get("/console/merchants/contract", app_id=demo)
        for words in ("End the contract of", f"Every call of {demo} is refused with 40006", "within 5 days",
                      "put in force again"):
            self.assertIn(words, question.words)
        self.succeed(KEY_QUERY)
        self.assertIn("calls are refused", self.confirm(question).words)
        for method in METHODS:
            self.refuse("40006", "isv.insufficient-isv-permissions", "", method)
        self.assertIn("is in force", self.act("merchants/contract", app_id=demo, contracted="true").words)
        self.succeed(KEY_QUERY)

    def test_a_contract_is_true_or_false(self):
        for fields in ({"contracted": "yes"}, {"contracted": "True"}, {"contracted": "1"}, {"contracted": "true "},
                       {"contracted": ""}, {}):
            with self.subTest(fields=fields):
                page = self.act("merchants/contract", app_id=self.client.app_id, **fields)
                self.assertIn("contracted has to be true or false" if fields.get("contracted") else
                              "contracted is missing", page.words)
                self.succeed(KEY_QUERY)

    def test_names_that_are_taken_or_missing(self):
        app_id, _ = self.new_merchant()
        for fields, message in (
                ({"app_id": app_id, "name": "x", "login_name": number()}, "there already"),
                ({"name": "x", "login_name": "demo@posoffline.example"}, "there already"),
                ({"login_name": number()}, "name is missing"), ({"name": "x"}, "login_name is missing"),
                ({"name": "x", "login_name": number(), "app_id": "1" * 33}, "32"),
                ({"name": "x", "login_name": number(), "app_id": "a b\n"}, "printable")):
            page = self.act("merchants", **fields)
            self.assertIn(message, page.words)
            self.assertNotIn("record key of its gates, shown", page.words)

    def test_record_keys(self):
        app_id = self.client.app_id
        key = os.urandom(32)
        first = self.gate.trade(record(self.gate.code(), key))
        self.failed("RECORD_INVALID", "record key", {**first, "out_trade_no": number()})
        self.act("merchants/record-key", app_id=app_id, key=key.hex())
        self.settled(first)
        with self.server.sql() as db:
            key_id, = db.execute("SELECT id FROM record_key WHERE key = ?", (key,)).fetchone()
        # Another merchant cannot remove the key.
        other, _ = self.new_merchant()
        self.act("merchants/record-key/remove", app_id=other, id=str(key_id))
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        question = self.operator.get("/console/merchants/record-key/remove", app_id=app_id, id=str(key_id))
        key_name = hashlib.sha256(key).hexdigest()[:8].upper()
        self.assertIn(f"refuse every record that is signed with key {key_name}", question.words)
        self.assertNotIn("only record key", question.words)
        self.assertNotIn(key.hex(), question.text)
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        self.assertIn("do not settle any more", self.confirm(question).words)
        self.refuse("40004", "FAIL", "record key", RECORD_VERIFY, {"record": record(self.gate.code(), key)})
        self.failed("RECORD_INVALID", "record key", self.gate.trade(record(self.gate.code(), key)))
        # A settled trade keeps its answer, and the other record key still works.
        self.settled(first)
        self.settled(self.gate.trade())
        # The key works again after its hex digits are added.
        self.act("merchants/record-key", app_id=app_id, key=key.hex())
        self.settled(self.gate.trade(record(self.gate.code(), key)))

    def test_the_last_record_key(self):
        app_id, key = self.new_merchant()
        with self.server.sql() as db:
            key_id, = db.execute("SELECT id FROM record_key WHERE key = ?", (key,)).fetchone()
        question = self.operator.get("/console/merchants/record-key/remove", app_id=app_id, id=str(key_id))
        self.assertIn("It is the only record key of Bus company", question.words)
        # An unknown merchant, another merchant, and ids that are not ids.
        for fields in ({"app_id": "nobody", "id": str(key_id)}, {"app_id": self.client.app_id, "id": str(key_id)},
                       {"app_id": app_id, "id": "x"}, {"app_id": app_id}, {}):
            self.assertEqual(self.operator.get("/console/merchants/record-key/remove", **fields).status, 404)
            self.assertNotIn("The record key is gone", self.act("merchants/record-key/remove", **fields).words)
        self.assertEqual(self.operator.get("/console/merchants/contract", app_id="nobody").status, 404)
        for path in ("merchants/contract", "merchants/record-key", "merchants/key"):
            page = self.act(path, app_id="nobody", public_key=public_pem(rsa.generate_private_key(65537, 2048)))
            self.assertIn("There is no such merchant.", page.words)

    def test_a_record_key_that_the_console_makes(self):
        page = self.act("merchants/record-key", app_id=self.client.app_id, key="")
        key = bytes.fromhex(re.search(r"<code>([0-9a-f]{64})</code>", page.text)[1])
        self.settled(self.gate.trade(record(self.gate.code(), key)))
        self.assertNotIn(key.hex(), self.console().text)
        for wrong in ("xyz", "00" * 15, "0" * 33, "00" * 65, EVIL):
            self.assertIn("32 to 128 hex digits",
                          self.act("merchants/record-key", app_id=self.client.app_id, key=wrong).words)

    def test_names_with_markup(self):
        app_id = number("<b>")
        self.act("merchants", name=EVIL, login_name=EVIL, app_id=app_id)
        page = self.console()
        self.assertIn(EVIL, unescaped(page.text))
        for raw in ("<b>", "<script>", "<img src=x"):
            self.assertNotIn(raw, page.text)
