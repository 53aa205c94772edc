"""TLS: calls, protocol versions, and certificates that cannot be used."""

import http.client
import os
import re
import ssl
import subprocess

from starting import StartTest
from support import KEY_QUERY, Client, Gate, Server, exchange, temporary_directory


class Encrypted(StartTest):
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
                # At this security level openssl offers the old versions.
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
        for certificate_used, key_used in ((certificate, other), (key, certificate), (empty, key), (certificate, empty),
                                           ("/nonexistent.pem", key), (certificate, "/nonexistent.pem")):
            with self.subTest(certificate=certificate_used, key=key_used):
                self.refuse("TLS", "--data", os.path.join(directory, "data"), "--port", "0",
                            "--tls-certificate", certificate_used, "--tls-key", key_used)
        self.refuse("both", "--data", os.path.join(directory, "data"), "--tls-certificate", certificate)
        self.refuse("both", "--data", os.path.join(directory, "data"), "--tls-key", key)
