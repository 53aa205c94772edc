"""Secrets stay out of the log and of core files, and files are readable by the owner alone."""

import base64
import os
import re
import resource
import signal
import subprocess
import unittest
import urllib.parse

from pages import Visitor
from support import KEY_QUERY, TRADE_SETTLE, Client, Gate, Server, number, read, temporary_directory


class Secrets(unittest.TestCase):
    def test_what_the_log_and_the_announcement_do_not_say(self):
        server = Server("--log-level", "trace", data=os.path.join(temporary_directory(), "data"))
        client, gate = Client(server), Gate(server)
        signs = []
        trade = gate.trade(subject="What the ride was", out_trade_no=number("of the merchant's own "))
        for parameters in (
            client.parameters(KEY_QUERY), client.parameters(TRADE_SETTLE, {"trade_list": [trade]}),
            client.parameters(KEY_QUERY, sign="AAAA", app_auth_token="a-token-of-the-merchant"),
        ):
            signs.append(parameters["sign"])
            client.post(parameters)
            client.answer(urllib.parse.urlencode(parameters), verb="GET")
        # A rider's pages, and the console.
        visitor = Visitor(server)
        rider = visitor.sign_up(title="A title of the rider's")
        code = visitor.code(rider)
        visitor.get("/card/rides", cardType="ANT00001", cardNo=rider)
        visitor.get("/card/code", cardType="ANT00001", cardNo=rider)
        visitor.log_in()
        key = re.search("<code>([0-9a-f]{64})</code>", visitor.act(
            "merchants/record-key", app_id=client.app_id).text)[1]
        client.close()
        server.process.send_signal(signal.SIGTERM)
        announcement = server.process.stdout.read()
        self.assertEqual(server.wait(), 0)
        said = server.log + announcement
        self.assertIn("method=trade.settle", said)
        secrets = [read(os.path.join(server.data, name)).strip() for name in ("console-password.txt",)]
        secrets += [gate.key.hex(), gate.key.hex().upper(), trade["records"][0], "a-token-of-the-merchant"]
        secrets += signs[:2] + [urllib.parse.quote_plus(sign) for sign in signs[:2]]
        for name in ("app-private-key-pkcs1.txt", "app-private-key-pkcs8.txt"):
            secrets.append(server.demo(name).strip()[100:200])
        secrets += [line.split()[1] for line in read(server.issuer_keys()).splitlines()[1:]]
        secrets.append(base64.b64encode(gate.key).decode())
        secrets += [key, key.upper(), code, *visitor.cookies.values()]
        # The log has neither contents of calls nor user ids.
        secrets += [trade["user_id"], trade["out_trade_no"], trade["subject"], rider, "A title of the rider's"]
        for secret in secrets:
            self.assertGreater(len(secret), 15)
            self.assertNotIn(secret, said)

    def test_no_core(self):
        def may_dump_core():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        def dumps_core(process):
            process.send_signal(signal.SIGABRT)
            _, status = os.waitpid(process.pid, 0)
            process.returncode = status
            process.stdout.close()
            self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
            return os.WCOREDUMP(status)

        control = subprocess.Popen(
            ["cat", "/dev/zero"], stdout=subprocess.PIPE, cwd=temporary_directory(), preexec_fn=may_dump_core)
        control.stdout.read(1)
        self.assertTrue(dumps_core(control), "here no process leaves a core, so nothing is shown")
        self.assertFalse(dumps_core(Server(preexec=may_dump_core).process))

    def test_files_are_the_owner_s_alone(self):
        # Also in an existing directory, whatever its mode.
        os.umask(0o022)
        for mode in (None, 0o755):
            data = os.path.join(temporary_directory(), "data")
            if mode:
                os.mkdir(data, mode)
            server = Server(data=data)
            open_to_others = [
                os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names
                if os.stat(os.path.join(folder, name)).st_mode & 0o077]
            is_closed = not os.stat(data).st_mode & 0o077
            self.assertEqual(server.stop(), 0)
            with self.subTest(mode=mode):
                self.assertTrue(is_closed or not open_to_others, open_to_others)
