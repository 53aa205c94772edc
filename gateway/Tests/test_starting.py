"""The start of the server: the announcement, the address, and one server for each data directory."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import urllib.request

import support
from starting import StartTest
from support import KEY_QUERY, Client, Server, environment, temporary_directory


class Starting(StartTest):
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

    def test_an_address_that_cannot_be_had(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.refuse("in use", "--data", self.data(), "--port", str(taken.getsockname()[1]))
        self.refuse("203.0.113.1", "--data", self.data(), "--port", "0", "--host", "203.0.113.1")
        self.refuse("nowhere.invalid", "--data", self.data(), "--port", "0", "--host", "nowhere.invalid")

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
        # Also after the lock file is removed, and through a symbolic link.
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
