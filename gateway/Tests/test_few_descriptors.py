"""A low limit of open files."""

import os
import re
import resource
import subprocess
import time
import unittest

import support
from pages import Visitor
from processes import descriptors
from strangers import POST, Stranger
from support import Client, Gate, Server, temporary_directory


class FewDescriptors(unittest.TestCase):
    def test_a_low_limit_is_kept_to(self):
        server = Server(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
        self.assertRegex(server.log, "warning posgateway: connections=36 set=4000 .*limit of open files")
        client, gate = Client(server), Gate(server)
        with Stranger(server, "127.0.0.2") as stranger:
            for _ in range(10):
                stranger.open(POST, 20)
                self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
                other = Client(server)
                self.assertEqual(other.settle(gate.trade())[0]["result"], "SUCCESS")
                other.close()
        client.close()
        self.assertNotIn("cannot be accepted", server.log)
        self.assertEqual(server.stop(), 0)

    def test_too_low_a_limit_keeps_it_from_starting(self):
        result = subprocess.run(
            ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh", support.POSGATEWAY, "serve", "--data",
             os.path.join(temporary_directory(), "data"), "--port", "0"],
            capture_output=True, text=True, timeout=30, env=support.environment())
        self.assertGreater(result.returncode, 0)
        self.assertRegex(result.stderr, "Error: the limit of open files, 60, is too low")

    def test_a_soft_limit_is_raised(self):
        server = Server(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 4096)))
        with Stranger(server, "127.0.0.2") as stranger:
            stranger.open(b"", 300)
            self.assertEqual(stranger.wait_until_open(300), 300)
        self.assertNotIn("limit of open files", server.log)
        self.assertEqual(server.stop(), 0)

    def test_waiting_for_descriptors_is_no_work(self):
        server = Server()
        self.addCleanup(server.kill)
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (descriptors(server), hard))
        with Stranger(server, "127.0.0.2") as stranger:
            stranger.open(b"", 3)
            end, counts = time.monotonic() + 60, []
            # The second line comes after ten seconds and counts the attempts.
            while len(counts) < 2 and time.monotonic() < end:
                time.sleep(0.2)
                counts = [int(count) for count in re.findall(r"count=(\d+).*cannot be accepted", server.log)]
            self.assertEqual(len(counts), 2)
            self.assertLess(counts[1], 300)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.assertEqual(Visitor(server).get("/health").status, 200)
        self.assertEqual(server.stop(), 0)

    def test_they_run_out_and_come_back(self):
        server = Server()
        self.addCleanup(server.kill)
        client, gate = Client(server), Gate(server)
        self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
        taken = descriptors(server)
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
        with Stranger(server, "127.0.0.2") as stranger:
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (taken + 8, hard))
            stranger.open(POST, 40)
            # Open connections are served, and strangers are closed to make room for new ones.
            for _ in range(20):
                self.assertEqual(client.settle(gate.trade())[0]["result"], "SUCCESS")
            other = Client(server)
            self.assertEqual(other.settle(gate.trade())[0]["result"], "SUCCESS")
            other.close()
            lines = [line for line in server.log.splitlines() if "cannot be accepted" in line]
            # The log has fewer lines than there were attempts.
            self.assertIn(len(lines), range(1, 10), lines)
            self.assertRegex(lines[0], r" error\b.*")
            self.assertIn("reason=Too many open files", lines[0])
            self.assertIn("are accepted again", server.log)
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        for _ in range(20):
            other = Client(server)
            self.assertEqual(other.settle(gate.trade())[0]["result"], "SUCCESS")
            other.close()
        client.close()
        self.assertEqual(server.stop(), 0)
        server.audit()
