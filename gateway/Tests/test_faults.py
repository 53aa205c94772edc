"""What can go wrong around the gateway: many at once, kill -9, a locked database, a full disk, bad settings."""

import base64
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.parse
import urllib.request

import support
from pages import Visitor
from support import (
    DATA_SEND,
    KEY_QUERY,
    TRADE_SETTLE,
    VIRTUALCARD_SEND,
    Client,
    Gate,
    GatewayTest,
    Server,
    command,
    environment,
    exchange,
    number,
    read,
    temporary_directory,
    time_text,
)
from test_power_cuts import notices


def at_once(count, work):
    """The results of so many threads that start together."""
    barrier = threading.Barrier(count)

    def run(index):
        barrier.wait()
        return work(index)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def post(server, body):
    """One reply's body on a connection of its own; None when the connection ends without one."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request("POST", "/gateway.do", body, {"Content-Type": "application/x-www-form-urlencoded"})
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def results_of(body):
    (node,) = [value for name, value in json.loads(body).items() if name.endswith("_response")]
    return node["result_list"]


class Concurrency(GatewayTest):
    def body(self, *trades):
        return urllib.parse.urlencode(self.client.parameters(TRADE_SETTLE, {"trade_list": list(trades)}))

    def test_a_hundred_copies_of_one_settlement(self):
        trade = self.gate.trade()
        body = self.body(trade)
        replies = at_once(100, lambda _: post(self.server, body))
        self.assertEqual(len(set(replies)), 1, set(replies))
        self.assertEqual(results_of(replies[0])[0]["result"], "SUCCESS")
        self.assertEqual(self.paid(trade["user_id"]), 200)

    def test_a_hundred_trades_with_one_record(self):
        record = self.gate.record()
        bodies = [self.body(self.gate.trade(record)) for _ in range(100)]
        results = [results_of(body)[0] for body in at_once(100, lambda index: post(self.server, bodies[index]))]
        settled = [result for result in results if result["result"] == "SUCCESS"]
        self.assertEqual(len(settled), 1, results)
        self.assertEqual({result.get("error_code") for result in results}, {None, "RECORD_ALREADY_SETTLED"})
        self.assertEqual(self.paid(self.gate.trade(record)["user_id"]), 200)

    def test_a_hundred_different_trades_under_one_number(self):
        name = number()
        trades = [self.gate.trade(out_trade_no=name) for _ in range(100)]
        bodies = [self.body(trade) for trade in trades]
        results = [results_of(body)[0] for body in at_once(100, lambda index: post(self.server, bodies[index]))]
        self.assertEqual([result["result"] for result in results].count("SUCCESS"), 1)
        self.assertEqual(sum(self.paid(trade["user_id"]) for trade in trades), 200)

    def test_many_rides_on_one_prepaid_card(self):
        user, card_no = self.gate.user(), number("C")
        self.succeed(VIRTUALCARD_SEND, {
            "action": "ISSUE", "user_id": user, "last_update_time": time_text(), "card_type": "CITY0001",
            "card_no": card_no, "balance": "21.00"})
        codes = support.issue(self.server, "--uid", user, "--card-type", "CITY0001", "--card-no", card_no, "--vary",
                              "time", count=40)
        bodies = [self.body(self.gate.trade(self.gate.record(code))) for code in codes]
        results = [results_of(body)[0] for body in at_once(40, lambda index: post(self.server, bodies[index]))]
        self.assertEqual([result["result"] for result in results].count("SUCCESS"), 10)
        self.assertEqual({result.get("error_code") for result in results}, {None, "CARD_BALANCE_NOT_ENOUGH"})
        self.assertEqual(self.server.balance("card", f"CITY0001/{card_no}"), 100)


class Crashes(unittest.TestCase):
    """kill -9 at any moment, restart, retry: nothing is lost, nothing moves twice."""

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
                # Some come again though they were answered: an answer can get lost on the way.
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
        # Whatever came first, the same again gets the same answer.
        for name, body in bodies.items():
            self.assertEqual({results_of(post(server, body))[0]["trade_no"]}, answers[name])
        self.assertEqual(server.stop(), 0)
        figures = server.audit()
        self.assertEqual((figures["trades"], figures["settled_trades"], figures["transfers"]), (600, 600, 600))
        self.assertEqual(server.balance("merchant", client.app_id), 600 * 200)

    def test_between_commit_and_answer(self):
        # The server is stopped in its tracks as soon as the database holds the trade, and dies without an answer.
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
        # Whenever it is cut short, the next start finishes it.
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


class Unwritable(GatewayTest):
    """The ledger cannot be reached: UNKNOWN, try again; and afterwards all is well."""

    def check_unknown(self, result, trade):
        self.assertEqual(
            (result["result"], result["error_code"], result["need_retry"], result["out_trade_no"]),
            ("UNKNOWN", "UNKNOWN", True, trade["out_trade_no"]))
        self.assertEqual(result["next_retry_time"], result["next_try_time"])
        self.assertRegex(result["next_retry_time"], r"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
        self.assertGreater(result["next_retry_time"], time_text(time.time() - 5))
        self.assertLess(result["next_retry_time"], time_text(time.time() + 60))
        self.assertLessEqual(len(result["error_message"]), 128)
        self.assertNotIn("trade_no", result)

    def test_a_locked_database(self):
        trade, bad = self.gate.trade(), self.gate.trade(amount="x")
        card = {"action": "ISSUE", "user_id": self.gate.user(), "last_update_time": time_text(),
                "card_type": "CITY0001", "card_no": number("C"), "balance": "3.00"}
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            unknown, failed = self.client.settle(trade, bad)
            self.check_unknown(unknown, trade)
            self.check_failure(failed, "ILLEGAL_PARAMS", "amount")
            self.refuse("20000", "isp.unknow-error", "again", VIRTUALCARD_SEND, card)
            self.assertEqual(self.client.look()[0], 503)
            # What only reads goes on.
            self.succeed(KEY_QUERY)
            self.succeed("alipay.commerce.transport.offlinepay.record.verify", {"record": self.gate.record()})
            db.execute("ROLLBACK")
        self.assertEqual(self.paid(trade["user_id"]), 0)
        self.settled(trade)
        self.succeed(VIRTUALCARD_SEND, card)
        self.assertEqual(self.paid(trade["user_id"]), 200)
        self.assertEqual(self.client.look()[0], 200)

    def test_many_calls_while_it_is_locked(self):
        trades = [self.gate.trade() for _ in range(100)]
        bodies = [urllib.parse.urlencode(self.client.parameters(TRADE_SETTLE, {"trade_list": [trade]}))
                  for trade in trades]
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            replies = at_once(100, lambda index: post(self.server, bodies[index]))
            db.execute("ROLLBACK")
        for reply, trade in zip(replies, trades):
            self.check_unknown(results_of(reply)[0], trade)
        for reply in at_once(100, lambda index: post(self.server, bodies[index])):
            self.assertEqual(results_of(reply)[0]["result"], "SUCCESS")
        self.assertEqual([self.paid(trade["user_id"]) for trade in trades], [200] * 100)

    def test_a_short_lock_is_waited_for(self):
        trade = self.gate.trade()
        with self.server.sql() as db:
            db.execute("BEGIN EXCLUSIVE")
            threading.Timer(1, lambda: None).start()
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(self.client.settle, trade)
                time.sleep(1)
                db.execute("ROLLBACK")
                self.assertEqual(waiting.result()[0]["result"], "SUCCESS")


class FullDisk(GatewayTest):
    @classmethod
    def setUpClass(cls):
        # A file's size limit stands in for a full disk. The signal has to be ignored, or it kills.
        cls.server = Server(preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        cls.client, cls.gate = Client(cls.server), Gate(cls.server)

    def limit(self, size):
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_no_room_and_room_again(self):
        before = self.gate.trade()
        self.settled(before)
        for size in (0, os.path.getsize(self.server.database + "-wal") + 6000):
            trades = [self.gate.trade() for _ in range(20)]
            self.limit(size)
            results = [self.client.settle(trade)[0] for trade in trades]
            self.assertIn("UNKNOWN", {result["result"] for result in results})
            for result in results:
                self.assertIn(result["result"], ("SUCCESS", "UNKNOWN"))
                self.assertEqual(result.get("need_retry", False), result["result"] == "UNKNOWN")
            # Readiness is tried as a settlement is, and has no more room.
            if results[-1]["result"] == "UNKNOWN":
                self.assertEqual(self.client.look()[0], 503)
            self.succeed(KEY_QUERY)
            self.assertEqual(self.client.settle(before)[0]["result"], "SUCCESS")
            self.assertTrue(self.server.is_running())
            self.limit(resource.RLIM_INFINITY)
            self.settled(*trades)
            self.assertEqual([self.paid(trade["user_id"]) for trade in trades], [200] * 20)
        self.assertEqual(self.client.look()[0], 200)


class Ending(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.kill)
        self.client, self.gate = Client(self.server), Gate(self.server)
        self.addCleanup(self.client.close)

    def test_on_either_signal(self):
        for stopping in (signal.SIGTERM, signal.SIGINT):
            self.client.close()
            self.assertEqual(self.client.call(KEY_QUERY).code, "10000")
            self.assertEqual(self.server.stop(stopping), 0)
            self.server.start()

    def test_calls_that_are_under_way_are_answered(self):
        trade = self.gate.trade()
        with self.server.sql() as db, concurrent.futures.ThreadPoolExecutor(1) as pool:
            db.execute("BEGIN EXCLUSIVE")
            waiting = pool.submit(self.client.settle, trade)
            time.sleep(0.5)
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            db.execute("ROLLBACK")
            self.assertEqual(waiting.result()[0]["result"], "SUCCESS")
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(self.server.balance("rider", trade["user_id"]), -200)

    def test_the_second_half_of_a_call_is_waited_for(self):
        trade = self.gate.trade()
        body = urllib.parse.urlencode(self.client.parameters(TRADE_SETTLE, {"trade_list": [trade]})).encode()
        head = b"POST /gateway.do HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        with socket.create_connection((self.server.host, self.server.port)) as connection:
            connection.sendall(head + body[:200])
            time.sleep(0.5)
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            connection.sendall(body[200:])
            connection.settimeout(20)
            self.assertIn(b"HTTP/1.1 200", connection.recv(65536))
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(self.server.balance("rider", trade["user_id"]), -200)

    def test_idle_and_half_open_connections_hold_nothing_up(self):
        for content in (b"", b"POST /gateway.do HTT",
                        b"POST /gateway.do HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
                        b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"):
            with self.subTest(content=content), socket.create_connection(
                    (self.server.host, self.server.port)) as connection:
                connection.sendall(content)
                time.sleep(0.2)
                self.assertEqual(self.server.stop(), 0)
            self.server.start()


class Starting(unittest.TestCase):
    """Whatever keeps a server from starting is said in one line."""

    def refuse(self, message, *arguments, env=None):
        # One that starts does not end. The first start of all makes keys, which takes its time on a busy machine.
        try:
            result = command("serve", *arguments, env=env)
        except subprocess.TimeoutExpired:
            self.fail(f"it has started with {arguments} {env}")
        self.assertGreater(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "")
        said = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        self.assertEqual(len(said), 1, result.stderr)
        self.assertRegex(said[0], message or ".")
        for noise in ("Fatal error", "Error Domain", "Backtrace", "NSError", "Swift."):
            self.assertNotIn(noise, result.stderr)

    def file(self, content):
        path = os.path.join(temporary_directory(), "settings.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def data(self):
        return os.path.join(temporary_directory(), "data")

    def test_flags(self):
        for name, value in (("--port", "x"), ("--port", "-1"), ("--port", "65536"), ("--console", "maybe"),
                            ("--settlement-days", "0"), ("--settlement-days", "1.5"), ("--ride-cap", "0"),
                            ("--code-window", "9"), ("--code-quota", "65536"), ("--utc-offset", "15"),
                            ("--connections-total", "0"), ("--connections-per-address", "x"), ("--request-memory", "0"),
                            ("--request-time", "0"), ("--name", "http://x/"), ("--name", "x:80"), ("--name", "a,公交"),
                            ("--log-level", "loud"), ("--colour", "red")):
            with self.subTest(name=name, value=value):
                self.refuse("", "--data", self.data(), f"{name}={value}", env={"POSGATEWAY_PORT": "0"})

    def test_names_that_no_browser_asks_for(self):
        for name in ("a..b", ".a", "a.", "-a", "a-", "a.-b", "a-.b", "a" * 64, ".".join(["a" * 63] * 4) + ".b", "[::1]",
                     "::1", "a/b", "a@b", "*.a", "1.2.3", "300.1.1.1", "a.1", "good,a..b"):
            with self.subTest(name=name):
                self.refuse("is no host name", "--data", self.data(), "--port", "0", f"--name={name}")
        self.refuse(
            "--name is given 2 times", "--data", self.data(), "--port", "0", "--name", "a", "--name", "b")

    def test_the_environment_s_unknown_settings(self):
        for name in ("POSGATEWAY_PROT", "POSGATEWAY_", "POSGATEWAY_TLS", "POSGATEWAY_TLS_CERT", "posgateway_port",
                     "POSGATEWAY_CONFIG", "POSGATEWAY_QUIET"):
            with self.subTest(name=name):
                self.refuse(
                    f"the environment has {name}, .*POSGATEWAY_PORT, .*POSGATEWAY_TLS_CERTIFICATE", "--data", self.data(),
                    "--port", "0", env={name: "1"})
        # Others' variables are nobody's business.
        server = Server(env={"POSGATEWAY": "x", "POSGATEWAYS_X": "x", "X_POSGATEWAY_Y": "x"})
        self.assertEqual(server.stop(), 0)

    def test_the_environment(self):
        for name, value in (("PORT", "x"), ("PORT", "65536"), ("CONSOLE", "maybe"), ("SETTLEMENT_DAYS", "0"),
                            ("RIDE_CAP", "2.5"), ("LOG_LEVEL", "loud"), ("ACCEPT_DEVELOPMENT_KEY", "perhaps")):
            with self.subTest(name=name, value=value):
                self.refuse("", "--data", self.data(), env={"POSGATEWAY_PORT": "0", "POSGATEWAY_" + name: value})

    def test_settings_files(self):
        for content in ("", "{", "[]", '"x"', "port = 1", '{"port": "x"}', '{"port": 65536}', '{"port": true}',
                        '{"console": 1}', '{"settlement": {"days": "many"}}', '{"port": 0} x'):
            with self.subTest(content=content):
                self.refuse("", "--data", self.data(), "--log-level", "info", "--config", self.file(content))
        for content, message in (('{"prot": 0}', "no setting prot"), ('{"ride": {"cup": 100}}', "no setting ride.cup"),
                                 ('{"ride.cup": 100}', "no setting ride.cup"), ('{"prot": {"x": 0}}', "no setting prot"),
                                 ('{"ride": 100}', "no setting ride"), ('{"port": 1.5}', "port has to be a whole number"),
                                 ('{"accept": {"development": {"key": 1}}}', "has to be true or false"),
                                 ('{"host": {"x": 1}}', "host has to be text"), ('{"host": null}', "host has to be text")):
            with self.subTest(content=content):
                self.refuse(message, "--data", self.data(), "--config", self.file(content))
        self.refuse("cannot be read", "--data", self.data(), "--config", "/nonexistent/settings.json")
        self.refuse("", "--data", self.data(), "--config", temporary_directory())

    def test_the_first_of_flag_environment_and_file_counts(self):
        path = self.file('{"port": 0, "ride": {"cap": 100}, "settlement": {"days": 1}}')
        trade = {"amount": "1.50"}
        for arguments, env, expected in (
            (("--config", path), None, "AMOUNT_ABOVE_CAP"), (("--config", path), {"POSGATEWAY_RIDE_CAP": "200"}, None),
            (("--config", path, "--ride-cap", "100"), {"POSGATEWAY_RIDE_CAP": "200"}, "AMOUNT_ABOVE_CAP"),
        ):
            server = Server(*arguments, env=env)
            client = Client(server)
            (result,) = client.settle(Gate(server).trade(**trade))
            self.assertEqual(result.get("error_code"), expected)
            client.close()
            self.assertEqual(server.stop(), 0)

    def test_every_setting_can_be_set_in_each_way(self):
        # A value that keeps the server from starting has been read.
        names = set(re.findall(r"^  --([a-z-]+)", command("serve", "--help").stdout, re.M))
        bad = {"data": "/proc/nothing", "host": "203.0.113.1", "port": 65536, "console": "maybe",
               "tls-certificate": "/nonexistent.pem", "tls-key": "/nonexistent.pem", "settlement-days": 0,
               "ride-cap": 0, "code-window": 9, "code-quota": 65536, "utc-offset": 15, "accept-development-key": "perhaps",
               "log-level": "loud", "name": "x:80", "connections-total": 0, "connections-per-address": 0,
               "request-memory": 0, "request-time": 0}
        self.assertEqual(names - {"config", "quiet", "version"}, set(bad))
        for name, value in bad.items():
            tree = value
            for part in reversed(name.split("-")):
                tree = {part: tree}
            arguments = ["--port", "0"] if name != "port" else []
            arguments += ["--data", self.data()] if name != "data" else []
            with self.subTest(name):
                self.refuse("", *arguments, env={"POSGATEWAY_" + name.upper().replace("-", "_"): str(value)})
                self.refuse("", *arguments, "--config", self.file(json.dumps(tree)))
                if name != "accept-development-key":  # As a flag it has no value.
                    self.refuse("", *arguments, f"--{name}={value}")

    def test_what_the_announcement_names_is_there(self):
        data = self.data()
        server = Server(data=data)
        server.process.send_signal(signal.SIGTERM)
        announcement = server.process.stdout.read()
        self.assertEqual(server.wait(), 0)
        paths = set(re.findall(re.escape(data) + r"[\w/.-]+", announcement))
        self.assertEqual({os.path.basename(path) for path in paths}, {
            "console-password.txt", "app-private-key-pkcs1.txt", "app-private-key-pkcs8.txt", "gateway-public-key.txt",
            "record-key.hex"})
        for path in paths:
            self.assertTrue(os.path.isfile(path), path)
        self.assertIn(server.demo("gateway-public-key.txt").strip(), announcement)

    def test_an_ipv6_address_has_brackets_in_a_url(self):
        for quiet in ((), ("--quiet",)):
            process = subprocess.Popen(
                [support.POSGATEWAY, "serve", "--data", self.data(), "--host", "::1", "--port", "0", *quiet],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment())
            try:
                first = process.stdout.readline()
                base = re.fullmatch(r"posgateway is listening on (http://\[::1\]:\d+)\n", first)
                self.assertTrue(base, first)
                with urllib.request.urlopen(base[1] + "/health") as answer:
                    self.assertEqual(answer.status, 200)
                process.send_signal(signal.SIGTERM)
                rest = process.stdout.read()
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
            urls = re.findall(r"https?://\S+", rest)
            self.assertEqual(len(urls), 0 if quiet else 4, rest)
            for url in urls:
                self.assertEqual(url.rstrip(",")[:len(base[1]) + 1], base[1] + "/")

    def read_only(self, name, data):
        """Runs a command on a data directory of a medium that cannot be written."""
        mount = temporary_directory()
        script = 'mount --make-rprivate / && mount --bind -o ro "$1" "$2" && shift 2 && exec "$@"'
        return subprocess.run(
            ["unshare", "-m", "bash", "-c", script, "-", data, mount, support.POSGATEWAY, name, "--data", mount],
            capture_output=True, text=True, timeout=60, env=environment())

    def test_commands_on_a_read_only_medium(self):
        for odd in ("data", "a?b#c%20d & 公交"):
            server = Server(data=os.path.join(temporary_directory(), odd))
            client = Client(server)
            client.settle(Gate(server).trade())
            client.close()
            self.assertEqual(server.stop(), 0)
            # Nothing but the file, and then with an empty log beside it, as a reader leaves it.
            for name in ("audit", "issuer-keys", "plans"):
                with self.subTest(name=name, directory=odd):
                    self.assertFalse(os.path.exists(server.database + "-shm"))
                    copy = os.path.join(temporary_directory(), "data")
                    shutil.copytree(server.data, copy)
                    expected = command(name, "--data", copy).stdout
                    self.assertGreater(len(expected), 20)
                    result = self.read_only(name, server.data)
                    self.assertEqual((result.returncode, result.stdout, result.stderr), (0, expected, ""))
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(copy + "/gateway.sqlite-shm")
                    open(copy + "/gateway.sqlite-wal", "wb").close()
                    result = self.read_only(name, copy)
                    self.assertEqual((result.returncode, result.stdout, result.stderr), (0, expected, ""))

    def test_a_log_on_a_read_only_medium(self):
        server = Server()
        client = Client(server)
        client.settle(Gate(server).trade())
        client.close()
        server.kill()
        # The index that a server has left is enough.
        result = self.read_only("audit", server.data)
        self.assertEqual((result.returncode, json.loads(result.stdout)["settled_trades"]), (0, 1), result.stderr)
        # What is in the log alone must not be left out.
        os.remove(server.database + "-shm")
        result = self.read_only("audit", server.data)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        for words in ("gateway.sqlite-wal is there", "Read-only file system", "copy the data directory"):
            self.assertIn(words, result.stderr)
        self.assertEqual(server.audit()["settled_trades"], 1)

    def test_a_log_beside_a_database_elsewhere_on_a_read_only_medium(self):
        server = Server()
        client = Client(server)
        client.settle(Gate(server).trade())
        client.close()
        server.kill()
        # SQLite has its log beside the file that a symbolic link leads to.
        os.mkdir(server.data + "/below")
        for name in ("gateway.sqlite", "gateway.sqlite-wal"):
            os.rename(f"{server.data}/{name}", f"{server.data}/below/{name}")
        os.remove(server.database + "-shm")
        os.symlink("below/gateway.sqlite", server.database)
        result = self.read_only("audit", server.data)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("below/gateway.sqlite-wal is there", result.stderr)
        self.assertEqual(server.audit()["settled_trades"], 1)

    def test_another_user_s_directory(self):
        server = Server()
        self.assertEqual(server.stop(), 0)
        parent = os.path.dirname(server.data)
        # What nobody may write, and everybody may read.
        for path in (parent, server.data):
            os.chmod(path, 0o755)
        os.chmod(server.database, 0o644)
        posgateway = shutil.copy(support.POSGATEWAY, os.path.join(parent, "posgateway"))
        os.chmod(posgateway, 0o755)

        def audit():
            return subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", posgateway, "audit", "--data",
                 server.data], capture_output=True, text=True, timeout=60, env=environment(), cwd="/")

        result = audit()
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        os.chmod(server.database, 0o600)
        self.assertIn("cannot be read", audit().stderr)

    def test_commands_beside_a_server(self):
        server = Server()
        client, gate = Client(server), Gate(server)
        client.settle(gate.trade())
        for name in ("audit", "issuer-keys", "plans"):
            result = command(name, "--data", server.data)
            self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
            self.assertGreater(len(result.stdout), 20)
        self.assertEqual(server.audit()["settled_trades"], 1)
        self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
        client.close()
        self.assertEqual(server.stop(), 0)

    def test_an_address_that_cannot_be_had(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.refuse("in use", "--data", self.data(), "--port", str(taken.getsockname()[1]))
        self.refuse("203.0.113.1", "--data", self.data(), "--port", "0", "--host", "203.0.113.1")
        self.refuse("nowhere.invalid", "--data", self.data(), "--port", "0", "--host", "nowhere.invalid")

    def test_another_time_zone(self):
        # The database of a version that did not keep the zone takes the one that it is started with.
        old = Server()
        old.stop()
        with old.sql() as db:
            db.execute("DELETE FROM setting")
        server = Server("--utc-offset", "7", data=old.data)
        server.stop()
        server.arguments = ()
        server.start()  # Nothing is stored: the zone may still be set right.
        client, gate = Client(server), Gate(server)
        trade = gate.trade()
        card = {"action": "ISSUE", "user_id": gate.user(), "card_type": "CITY0001", "card_no": number("C"),
                "last_update_time": time_text(), "balance": "1.00"}
        for store in (lambda: client.settle(trade), lambda: client.call(VIRTUALCARD_SEND, card),
                      lambda: client.call(DATA_SEND, notices(gate.user(), 1))):
            data = self.data()
            shutil.copytree(server.data, data)
            copy = Server(data=data)
            client.server = copy
            store()
            client.close()
            copy.stop()
            before = self.contents(data)
            self.refuse("--utc-offset is 7, and the times .* were read at 8: .*start with --utc-offset 8",
                        "--data", data, "--port", "0", "--utc-offset", "7")
            for name in ("gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"):
                before.pop(name, None)
            self.assertLessEqual(before.items(), self.contents(data).items())
            copy.start()
            copy.stop()
        client.close()
        self.assertEqual(server.stop(), 0)

    def test_a_directory_whose_name_looks_like_an_address(self):
        place = temporary_directory()
        process = subprocess.Popen(
            [support.POSGATEWAY, "serve", "--quiet", "--data", "file:x?y=1", "--port", "0"], cwd=place,
            stdout=subprocess.PIPE, text=True, env=environment())
        self.assertIn("is listening", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        self.assertEqual(process.wait(30), 0)
        process.stdout.close()
        self.assertEqual(os.listdir(place), ["file:x?y=1"])
        self.assertIn("gateway.sqlite", os.listdir(os.path.join(place, "file:x?y=1")))
        result = subprocess.run([support.POSGATEWAY, "audit", "--data", "file:x?y=1"], cwd=place, capture_output=True,
                                text=True, env=environment())
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_second_server_on_the_same_data(self):
        server = Server()
        self.refuse("another gateway", "--data", server.data, "--port", "0")
        # Whatever is tidied away that looks like a lock, and by whatever name it is asked for.
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(server.data, "lock"))
        link = self.data()
        os.symlink(server.data, link)
        for name in (server.data, link):
            self.refuse("another gateway", "--data", name, "--port", "0")
        client = Client(server)
        self.assertEqual(client.call(KEY_QUERY).code, "10000")
        client.close()
        self.assertEqual(server.stop(), 0)

    def test_data_that_is_broken(self):
        good = Server()
        self.assertEqual(good.stop(), 0)
        for name, content in (("gateway.sqlite", b"this is no database" * 1000), ("gateway-private-key.pem", b"no key"),
                              ("gateway-private-key.pem", b""), ("gateway-private-key.pem", b"\xff\xfe")):
            with self.subTest(name=name, content=content[:20]):
                data = self.data()
                shutil.copytree(good.data, data)
                for suffix in ("-wal", "-shm"):
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(os.path.join(data, "gateway.sqlite" + suffix))
                with open(os.path.join(data, name), "wb") as file:
                    file.write(content)
                self.refuse(name.split(".")[0], "--data", data, "--port", "0")
        self.refuse("", "--data", self.file("a file"), "--port", "0")
        self.refuse("", "--data", "/proc/nothing", "--port", "0")

    def test_a_database_that_is_lost(self):
        # Taken for a first start, it would settle every code once more, and replace the keys.
        good = Server()
        client = Client(good)
        client.settle(Gate(good).trade())
        client.close()
        good.kill()  # All that was committed is in the log.
        log = "gateway.sqlite-wal"
        self.assertGreater(os.path.getsize(os.path.join(good.data, log)), 0)
        key, demo = "gateway-private-key.pem", "demo-merchant"
        for gone, empty, message in (
            ((), ("gateway.sqlite",), "gateway.sqlite is missing or empty, and .*-wal is there"),
            (("gateway.sqlite",), (), "gateway.sqlite is missing or empty, and .*-wal is there"),
            (("gateway.sqlite", key, demo), (), "gateway.sqlite is missing or empty, and .*-wal is there"),
            (("gateway.sqlite",), (log,), "gateway.sqlite is missing or empty, and .*pem is there"),
            (("gateway.sqlite", log), (), "gateway.sqlite is missing or empty, and .*pem is there"),
            (("gateway.sqlite", log, key), (), "gateway.sqlite is missing or empty, and .*demo-merchant is there"),
            ((log,), ("gateway.sqlite",), "gateway.sqlite is missing or empty, and .*pem is there"),
        ):
            with self.subTest(gone=gone, empty=empty):
                self.refuse_and_leave(good.data, gone, empty, message)

    def test_a_database_without_its_log(self):
        # A copy of gateway.sqlite alone, from a gateway that was killed soon after its first start.
        good = Server(data=self.data())
        good.kill()
        self.refuse_and_leave(good.data, ("gateway.sqlite-wal", "gateway.sqlite-shm"), (), "no tables",
                              written=("gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"))

    def refuse_and_leave(self, source, gone, empty, message, written=()):
        """It does not start with a copy from which something is gone, and changes no file but those."""
        data = self.data()
        shutil.copytree(source, data)
        for name in gone:
            path = os.path.join(data, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        for name in empty:
            os.truncate(os.path.join(data, name), 0)
        before = self.contents(data)
        self.refuse(message, "--data", data, "--port", "0")
        after = self.contents(data)
        for name in written:
            before.pop(name, None)
            after.pop(name, None)
        self.assertEqual(after, before)

    @staticmethod
    def contents(data):
        return {os.path.relpath(os.path.join(place, name), data): open(os.path.join(place, name), "rb").read()
                for place, _, names in os.walk(data) for name in names}

    def test_a_first_start_that_is_finished_keeps_the_keys(self):
        good = Server()
        good.stop()
        with good.sql() as db:
            for table in ("record_key", "merchant"):
                db.execute(f"DELETE FROM {table}")
        os.remove(os.path.join(good.data, "demo-merchant", "app-public-key.txt"))
        before = self.contents(os.path.join(good.data, "demo-merchant"))
        good.start()
        client = Client(good)
        self.assertEqual(client.settle(Gate(good).trade())[0]["result"], "SUCCESS")
        client.close()
        good.stop()
        after = self.contents(os.path.join(good.data, "demo-merchant"))
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertIn("app-public-key.txt", after)
        # One that is not of the same keys is not written over.
        with good.sql() as db:
            for table in ("record_key", "merchant"):
                db.execute(f"DELETE FROM {table}")
        for name, content in (("app-private-key-pkcs8.pem", b"another"), ("app-private-key-pkcs1.pem", b"no key"),
                              ("record-key.hex", b"00")):
            with self.subTest(name):
                data = self.data()
                shutil.copytree(good.data, data)
                with open(os.path.join(data, "demo-merchant", name), "wb") as file:
                    file.write(content)
                self.refuse(f"{name}.*never overwritten", "--data", data, "--port", "0")
                self.assertEqual(self.contents(data)[os.path.join("demo-merchant", name)], content)

    def test_a_gateway_key_that_is_lost(self):
        # Every SDK knows its public half.
        good = Server()
        good.stop()
        self.refuse_and_leave(
            good.data, ("gateway-private-key.pem",), (), "gateway-private-key.pem is missing.*put it back",
            written=("gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"))

    def test_other_commands_on_no_data(self):
        for name in ("audit", "issuer-keys", "plans"):
            with self.subTest(name=name):
                result = command(name, "--data", "/nonexistent/data")
                self.assertGreater(result.returncode, 0)
                self.assertIn("/nonexistent/data", result.stderr)
                self.assertFalse(os.path.exists("/nonexistent"))

    def test_plans(self):
        server = Server()
        server.stop()
        result = command("plans", "--data", server.data)
        self.assertEqual((result.returncode, "SCANS" in result.stdout), (0, False), result.stdout)

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
        ride = "(SELECT MAX(id) FROM trade)"  # With the card.
        rider = "(SELECT id FROM account WHERE kind = 'rider' ORDER BY id LIMIT 1)"
        for change in (
            # With the balances that go with it: only who paid whom is wrong.
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


class Encrypted(unittest.TestCase):
    def certificate(self, *arguments):
        directory = temporary_directory()
        paths = [os.path.join(directory, name) for name in ("certificate.pem", "key.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1], *arguments],
            check=True, capture_output=True)
        return paths

    def test_calls_over_tls(self):
        certificate, key = self.certificate()
        server = Server("--tls-certificate", certificate, "--tls-key", key)
        self.assertEqual(server.scheme, "https")
        client = Client(server)
        client.connection = http.client.HTTPSConnection(
            server.host, server.port, timeout=30, context=ssl.create_default_context(cafile=certificate))
        self.assertEqual(client.settle(Gate(server).trade())[0]["result"], "SUCCESS")
        self.assertNotIn(b"HTTP/1.1 200", exchange(server, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", seconds=2))
        self.assertEqual(client.call(KEY_QUERY).code, "10000")
        client.close()
        self.assertEqual(server.stop(), 0)

    def test_no_version_of_tls_that_is_given_up(self):
        certificate, key = self.certificate()
        server = Server("--tls-certificate", certificate, "--tls-key", key)
        for version, is_spoken in (("1", False), ("1_1", False), ("1_2", True), ("1_3", True)):
            with self.subTest(version):
                # At this level openssl offers the old ones.
                ciphers = ["-cipher", "ALL:@SECLEVEL=0"] if version != "1_3" else []
                result = subprocess.run(
                    ["openssl", "s_client", "-connect", f"{server.host}:{server.port}", "-tls" + version, *ciphers],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
                self.assertEqual(bool(re.search(r"Cipher is [A-Z]", result.stdout)), is_spoken, result.stdout + result.stderr)
                self.assertEqual("alert protocol version" in result.stderr, not is_spoken, result.stderr)
        self.assertEqual(server.stop(), 0)

    def test_certificates_that_cannot_be_used(self):
        certificate, key = self.certificate()
        other = self.certificate()[1]
        directory = temporary_directory()
        empty = os.path.join(directory, "empty.pem")
        with open(empty, "w", encoding="ascii"):
            pass
        refuse = Starting.refuse
        for certificate_used, key_used in ((certificate, other), (key, certificate), (empty, key), (certificate, empty),
                                           ("/nonexistent.pem", key), (certificate, "/nonexistent.pem")):
            with self.subTest(certificate=certificate_used, key=key_used):
                refuse(self, "TLS", "--data", os.path.join(directory, "data"), "--port", "0",
                       "--tls-certificate", certificate_used, "--tls-key", key_used)
        refuse(self, "both", "--data", os.path.join(directory, "data"), "--tls-certificate", certificate)
        refuse(self, "both", "--data", os.path.join(directory, "data"), "--tls-key", key)


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
        # Neither contents nor people.
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
        # In a directory that was there before, too, whatever its mode.
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
