"""The limits on connections, memory and time hold over TLS."""

import os
import socket
import ssl
import subprocess
import unittest

from pages import Visitor
from processes import descriptors
from strangers import POST, Stranger
from support import Server, temporary_directory


class OverTLS(unittest.TestCase):
    """The limits hold before and after the TLS handshake."""

    def test_strangers(self):
        directory = temporary_directory()
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        server = Server("--tls-certificate", certificate, "--tls-key", key, env={
            "POSGATEWAY_CONNECTIONS_PER_ADDRESS": "16", "POSGATEWAY_REQUEST_MEMORY": "8", "POSGATEWAY_REQUEST_TIME": "2"})
        self.addCleanup(server.kill)
        context = ssl._create_unverified_context()
        with Stranger(server, "127.0.0.2") as silent, Stranger(server, "127.0.0.1") as trickling:
            # The first bytes of a ClientHello, and no bytes.
            silent.open(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 10)
            silent.open(b"", 10)
            self.assertLessEqual(silent.wait_until_open(16), 16)
            for _ in range(20):
                connection = context.wrap_socket(socket.create_connection((server.host, server.port)))
                trickling.sockets.append(connection)
                trickling.send(connection, POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_000_000)
                self.assertEqual(Visitor(server).get("/health").status, 200)
            self.assertEqual(silent.wait_until_open(0), 0)
            # Idle connections are closed, with or without a handshake.
            before = descriptors(server)
            for _ in range(100):
                trickling.sockets.append(context.wrap_socket(socket.create_connection((server.host, server.port))))
            self.assertLess(descriptors(server), before + 40)
        self.assertIn("too many connections", server.log)
        self.assertIn("too many bytes", server.log)
        self.assertNotRegex(server.log, r" (error|critical)[: ]")
        self.assertEqual(server.stop(), 0)
