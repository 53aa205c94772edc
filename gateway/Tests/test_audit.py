"""The audit finds each kind of error in the ledger."""

import json
import shutil

from starting import StartTest
from support import VIRTUALCARD_SEND, Client, Gate, Server, command, number, time_text


class Audit(StartTest):
    def test_the_audit_sees_what_is_wrong(self):
        server = Server()
        client = Client(server)
        gate = Gate(server)
        client.settle(gate.trade(), gate.trade(gate.record(amount=300)))
        user, card_no = gate.user(), number("C")
        self.assertEqual(client.call(VIRTUALCARD_SEND, {
            "action": "ISSUE", "user_id": user, "card_type": "CITY0001", "card_no": card_no, "balance": "5.00",
            "last_update_time": time_text()}).code, "10000")
        code = gate.code("--uid", user, "--card-type", "CITY0001", "--card-no", card_no)
        self.assertEqual(client.settle(gate.trade(gate.record(code)))[0]["result"], "SUCCESS")
        self.assertEqual(server.balance("card", f"CITY0001/{card_no}"), 300)
        client.close()
        server.stop()
        server.audit()
        ride = "(SELECT MAX(id) FROM trade)"  # The trade with the card.
        rider = "(SELECT id FROM account WHERE kind = 'rider' ORDER BY id LIMIT 1)"
        for change in (
            # Balances are adjusted too: only the accounts of the transfer are wrong.
            "INSERT INTO account (id, kind, owner) VALUES (999, 'merchant', 'nobody');"
            f"UPDATE transfer SET credit_account = 999 WHERE trade_id = {ride};"
            "UPDATE account SET balance_cent = balance_cent - 200 WHERE kind = 'merchant' AND id <> 999;"
            "UPDATE account SET balance_cent = 200 WHERE id = 999",
            f"UPDATE account SET balance_cent = balance_cent - 200 WHERE id = {rider};"
            "UPDATE account SET balance_cent = balance_cent + 200 WHERE kind = 'card';"
            f"UPDATE transfer SET debit_account = {rider} WHERE trade_id = {ride}",
            f"UPDATE account SET balance_cent = balance_cent + 500 WHERE kind = 'float';"
            f"UPDATE account SET balance_cent = balance_cent - 500 WHERE id = {rider};"
            f"UPDATE transfer SET debit_account = {rider} WHERE reason = 'card balance'",
            "UPDATE account SET owner = 'nobody' WHERE kind = 'float'", "DELETE FROM card", "DELETE FROM rider",
            "UPDATE card SET user_id = (SELECT MIN(user_id) FROM rider)",
            "UPDATE account SET balance_cent = balance_cent + 1 WHERE kind = 'merchant'",
            "DELETE FROM transfer", "UPDATE transfer SET amount_cent = 1", "UPDATE trade SET error_code = 'X'",
            "DELETE FROM settled_code", "UPDATE trade SET amount_cent = 1",
            "UPDATE account SET balance_cent = 0",
        ):
            with self.subTest(change):
                data = self.data()
                shutil.copytree(server.data, data)
                other = Server(data=data, start=False)
                with other.sql() as db:
                    db.executescript(change)
                result = command("audit", "--data", data)
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertNotEqual(json.loads(result.stdout)["faults"], [])
