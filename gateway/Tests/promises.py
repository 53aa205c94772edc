"""What the replies of a gateway have promised so far, and a check of a database against it."""

import collections
import os
import sqlite3
import urllib.parse

from support import DATA_SEND, TRADE_SETTLE, VIRTUALCARD_SEND


class Promises:
    """What was asked for, and what the replies have promised so far."""

    def __init__(self, base=None):
        # By out_trade_no: what a kept result says. A trade that was asked for and not answered may be there, complete.
        self.trades, self.asked = dict(base.trades if base else {}), set(base.asked if base else ())
        # By card: the messages in the order in which they were sent, and how many of them were answered.
        self.cards = {name: list(messages) for name, messages in base.cards.items()} if base else {}
        self.cards_answered = collections.Counter(base.cards_answered if base else ())
        self.notices, self.notices_asked = set(base.notices if base else ()), set(base.notices_asked if base else ())
        self.count = base.count if base else 0

    def note(self, method, content, reply):
        if method == TRADE_SETTLE:
            if reply is None:
                self.asked.update(trade["out_trade_no"] for trade in content["trade_list"])
                return 0
            kept = 0
            for result in reply.get("result_list", ()):
                if result["result"] != "UNKNOWN" and result.get("error_code") != "ILLEGAL_PARAMS":
                    self.trades[result["out_trade_no"]] = (result.get("trade_no"), result.get("error_code"))
                    kept += 1
            self.count += kept
            return kept
        if method == VIRTUALCARD_SEND:
            name = content["card_type"], content["card_no"]
            if reply is None:
                messages = self.cards.setdefault(name, [])
                if content not in messages:
                    messages.append(content)
            elif reply["code"] == "10000":
                self.cards_answered[name] = self.cards[name].index(content) + 1
                self.count += 1
                return 1
        if method == DATA_SEND:
            names = {item["biz_no"] for item in content["op_data"]["info"]}
            if reply is None:
                self.notices_asked |= names
            elif reply["code"] == "10000":
                self.notices |= names
                self.count += 1
                return 1
        return 0


class Ledger:
    """Checks a database that a cut has left. `faults` says what is wrong with it."""

    def __init__(self, path, promises):
        self.promises, self.faults = promises, []
        # The rollback of a journal needs write access. Otherwise read-only access is enough.
        mode = "rw" if os.path.exists(path + "-journal") else "ro"
        self.db = sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode={mode}", uri=True)
        self.db.row_factory = sqlite3.Row
        try:
            self.look()
        except sqlite3.DatabaseError as error:
            self.fault(f"the database cannot be read: {error}")
        finally:
            self.db.close()

    def fault(self, text):
        self.faults.append(text)

    def rows(self, table):
        return self.db.execute(f"SELECT * FROM {table}").fetchall()

    def look(self):
        if not self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'trade'").fetchone():
            # The schema is created in one transaction, before the first call is answered.
            if self.promises.count:
                self.fault("there is no schema")
            return
        integrity = self.db.execute("PRAGMA integrity_check").fetchone()[0]
        if integrity != "ok":
            self.fault(integrity)
        if self.db.execute("PRAGMA foreign_key_check").fetchone():
            self.fault("a row has no partner")
        self.look_at_trades()
        self.look_at_cards()
        notices = {row["biz_no"] for row in self.rows("notice")}
        if self.promises.notices - notices:
            self.fault(f"notices are lost: {self.promises.notices - notices}")
        if notices - self.promises.notices_asked:
            self.fault("there are notices that nobody has sent")

    def look_at_trades(self):
        trades = {row["out_trade_no"]: row for row in self.rows("trade")}
        transfers = self.rows("transfer")
        codes = collections.Counter(row["trade_id"] for row in self.rows("settled_code"))
        of_trade = collections.defaultdict(list)
        balances = collections.Counter()
        for transfer in transfers:
            of_trade[transfer["trade_id"]].append(transfer["amount_cent"])
            balances[transfer["debit_account"]] -= transfer["amount_cent"]
            balances[transfer["credit_account"]] += transfer["amount_cent"]
        for name, row in trades.items():
            moved = of_trade.pop(row["id"], [])
            if row["error_code"] is None and (moved != [row["amount_cent"]] or not codes[row["id"]]):
                self.fault(f"trade {name} settled by {moved} with {codes[row['id']]} codes")
            if row["error_code"] is not None and (moved or codes[row["id"]]):
                self.fault(f"trade {name} failed and has moved {moved}")
        of_trade.pop(None, None)
        if of_trade:
            self.fault(f"transfers without a trade: {dict(of_trade)}")
        for row in self.rows("account"):
            if row["balance_cent"] != balances.pop(row["id"], 0):
                self.fault(f"the balance of {row['kind']} {row['owner']} is not the sum of its transfers")
        if sum(balances.values()) or any(balances.values()):
            self.fault("transfers of no account")
        for name, (trade_no, error_code) in self.promises.trades.items():
            row = trades.get(name)
            if row is None:
                self.fault(f"trade {name} was answered and is lost")
            elif error_code != row["error_code"] or trade_no and int(trade_no[10:]) != row["id"]:
                self.fault(f"trade {name} was answered {trade_no} {error_code} and is {tuple(row)}")
        if set(trades) - self.promises.asked:
            self.fault("there are trades that nobody has sent")

    def look_at_cards(self):
        cards = {(row["card_type"], row["card_no"]): row for row in self.rows("card") if row["app_id"]}
        money = {row["owner"]: row["balance_cent"] for row in self.rows("account") if row["kind"] == "card"}
        for name, messages in self.promises.cards.items():
            least = self.promises.cards_answered[name]
            row = cards.get(name)
            state = None
            if row:
                state = "REVOKE" if row["is_revoked"] else money.get("/".join(name), 0)
            # The last answered state, or the state of a later message.
            allowed = [
                "REVOKE" if message["action"] == "REVOKE" else round(100 * float(message["balance"]))
                for message in messages[max(least - 1, 0):]] + ([None] if least == 0 else [])
            if state not in allowed:
                self.fault(f"card {name} is {state} where {allowed} was answered or sent")
