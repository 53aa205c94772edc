"""Calls while the disk is full."""

import os
import resource
import signal

from support import KEY_QUERY, Client, Gate, GatewayTest, Server


class FullDisk(GatewayTest):
    @classmethod
    def setUpClass(cls):
        # A file size limit simulates a full disk. SIGXFSZ is ignored, because it kills by default.
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
            # The readiness check writes as a settlement does, so it fails too.
            if results[-1]["result"] == "UNKNOWN":
                self.assertEqual(self.client.look()[0], 503)
            self.succeed(KEY_QUERY)
            self.assertEqual(self.client.settle(before)[0]["result"], "SUCCESS")
            self.assertTrue(self.server.is_running())
            self.limit(resource.RLIM_INFINITY)
            self.settled(*trades)
            self.assertEqual([self.paid(trade["user_id"]) for trade in trades], [200] * 20)
        self.assertEqual(self.client.look()[0], 200)
