"""Settings: flags, the environment, the settings file, and their order."""

import json
import re

from starting import StartTest
from support import Client, Gate, Server, command, temporary_directory


class Settings(StartTest):
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
        # Variables of other programs are ignored.
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
        # A bad value that keeps the server from starting shows that the setting was read.
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
                if name != "accept-development-key":  # The flag has no value.
                    self.refuse("", *arguments, f"--{name}={value}")
