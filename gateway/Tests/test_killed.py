"""A gateway that is killed loses nothing that it has answered, and settles nothing twice."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse

import support
from parallel import post, results_of
from support import KEY_QUERY, TRADE_SETTLE, Client, Gate, Server, environment, temporary_directory


class Crashes(unittest.TestCase):
    """kill -9 at any moment, restart, retry: no answered trade is lost, no trade settles twice."""

    def test_under_load(self):
        server = Server()
        client, gate = Client(server), Gate(server)
        gate.codes = support.issue(server, "--vary", "rider", count=600)
        bodies = {}
        for _ in range(600):
            trade = gate.trade()
            bodies[trade["out_trade_no"]] = urllib.parse.urlencode(
                client.parameters(TRADE_SETTLE, {"trade_list": [trade]}))
        waiting = list(bodies)
        answers = {name: set() for name in bodies}
        lock = threading.Lock()
        ended = threading.Event()
        kills = 0

        def call(name):
            body = post(server, bodies[name])
            if body is None:
                return False
            (result,) = results_of(body)
            assert result["result"] in ("SUCCESS", "UNKNOWN"), result
            if result["result"] == "SUCCESS":
                with lock:
                    answers[name].add(result["trade_no"])
            return result["result"] == "SUCCESS"

        def work():
            while not ended.is_set():
                with lock:
                    if not waiting:
                        return
                    name = waiting.pop(random.randrange(len(waiting)))
                if not call(name):
                    with lock:
                        waiting.append(name)
                    time.sleep(0.01)
                # Some answered trades are sent again, as after a lost answer.
                elif random.random() < 0.3:
                    call(name)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                time.sleep(random.uniform(0.01, 0.15))
                server.kill()
                kills += 1
                server.audit()
                server.start()
                if kills >= 25:
                    break
            for thread in threads:
                thread.join(60)
        finally:
            ended.set()
        self.assertGreaterEqual(kills, 10)
        self.assertEqual({name for name, numbers in answers.items() if len(numbers) != 1}, set())
        # Every retry gets the first answer.
        for name, body in bodies.items():
            self.assertEqual({results_of(post(server, body))[0]["trade_no"]}, answers[name])
        self.assertEqual(server.stop(), 0)
        figures = server.audit()
        self.assertEqual((figures["trades"], figures["settled_trades"], figures["transfers"]), (600, 600, 600))
        self.assertEqual(server.balance("merchant", client.app_id), 600 * 200)

    def test_between_commit_and_answer(self):
        # The server is killed as soon as the database has the trade, before it answers.
        lost = 0
        server = Server()
        client, gate = Client(server), Gate(server)
        for _ in range(20):
            trade = gate.trade()
            body = urllib.parse.urlencode(client.parameters(TRADE_SETTLE, {"trade_list": [trade]}))
            content = (f"POST /gateway.do HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
            with socket.create_connection((server.host, server.port)) as connection, server.sql() as db:
                connection.sendall(content)
                while not db.execute("SELECT 1 FROM trade WHERE out_trade_no = ?", (trade["out_trade_no"],)).fetchone():
                    pass
                os.kill(server.process.pid, signal.SIGKILL)
                server.kill()
                with contextlib.suppress(ConnectionResetError):
                    lost += connection.recv(1) == b""
            server.start()
            client.close()
            (first,) = client.settle(trade)
            self.assertEqual(first["result"], "SUCCESS")
            self.assertEqual(client.settle(trade), [first])
            self.assertEqual(server.balance("rider", trade["user_id"]), -200)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.audit()["settled_trades"], 20)
        self.assertGreater(lost, 0, "never was an answer lost: the test has tested nothing")

    def test_in_the_first_start(self):
        # The next start completes a first start that was interrupted at any point.
        for delay in (0.01, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6):
            data = os.path.join(temporary_directory(), "data")
            process = subprocess.Popen(
                [support.POSGATEWAY, "serve", "--data", data, "--port", "0"], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=environment())
            time.sleep(delay)
            process.kill()
            process.wait()
            with self.subTest(delay=delay):
                server = Server(data=data)
                client = Client(server)
                self.assertEqual(len(client.call(KEY_QUERY)["keys"]), 32)
                self.assertEqual(client.settle(Gate(server).trade())[0]["result"], "SUCCESS")
                client.close()
                self.assertEqual(server.stop(), 0)
