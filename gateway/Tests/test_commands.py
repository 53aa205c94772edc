"""The commands audit, issuer-keys and plans: on read-only media, beside a server, as another user."""

import contextlib
import json
import os
import shutil
import subprocess
import unittest

import support
from support import Client, Gate, Server, command, environment, temporary_directory


class Commands(unittest.TestCase):
    def read_only(self, name, data):
        """Runs a command on a data directory that is mounted read-only."""
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
            # First with the database file alone, then with an empty log beside it, which a reader leaves.
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
        # Without the index the command cannot read the log, and must not ignore it.
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
        # SQLite keeps its log beside the target of a symbolic link.
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
        # The other user may read the data and not write it.
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
