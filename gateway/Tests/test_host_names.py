"""The pages are served only under the host names of the gateway."""

import os
import subprocess
import unittest

from pages import Visitor, console_password
from support import Server, outer_address, temporary_directory


class Names(unittest.TestCase):
    """The Host values under which the pages are served. All others get 421."""

    PAGES = ("/", "/console", "/console/login", "/card/rides", "/style.css", "/nothing",
             "/p/f/public_transit/card_entry.html?action=sign&cardTitle=x&redirectUrl=http://m.example/")
    FOREIGN = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:{port}", "evil-localhost",
               "gateway.example.evil.example", "127.0.0.1@evil.example", "evil.example/127.0.0.1", "1.2.3", "127.1",
               "2130706433", "0x7f.1", "", ":{port}", "[::1", "::1", "[evil.example]", "127.0.0.1 evil.example", ".", "xn--x")

    def server(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.addCleanup(server.kill)
        return server

    def status(self, server, host, path="/"):
        return Visitor(server).send("GET", path, headers={"Host": host.format(port=server.port)}).status

    def check(self, server, own, foreign=()):
        for host in own:
            for path in self.PAGES:
                with self.subTest(host=host, path=path):
                    self.assertNotEqual(self.status(server, host, path), 421)
        for host in (*self.FOREIGN, *foreign):
            for path in self.PAGES:
                with self.subTest(host=host, path=path):
                    self.assertEqual(self.status(server, host, path), 421)
            # The API and the probes accept any Host.
            for path in ("/health", "/health/live", "/health/ready", "/metrics", "/gateway.do"):
                self.assertEqual(self.status(server, host, path), 200)

    OWN = ("127.0.0.1", "127.0.0.1:{port}", "localhost", "LocalHost:{port}", "localhost.", "[::1]:{port}", "[::1]",
           "192.0.2.7:8443", "127.0.0.1:1")

    def test_as_it_starts_by_itself(self):
        self.check(self.server(), self.OWN, ("gateway.example",))

    def test_with_a_name(self):
        names = ("gateway.example", "Gateway.Example:8443", "pay.example", "gateway.example.")
        self.check(self.server("--name", "gateway.example, Pay.example"), (*self.OWN, *names), ("sub.gateway.example",))
        self.check(self.server("--name", "a_b.c-d.example,192.0.2.9,x1,1a.2b"), ("a_b.c-d.example", "x1", "1a.2b"))
        server = self.server(env={"POSGATEWAY_NAME": "gateway.example"})
        self.assertEqual(self.status(server, "gateway.example"), 200)

    def test_with_a_host(self):
        self.check(self.server(host="localhost"), self.OWN, ("gateway.example",))
        self.check(self.server(host="0.0.0.0"), (*self.OWN, outer_address()), ("0.0.0.0.evil.example",))

    def test_the_names_in_its_certificate(self):
        directory = temporary_directory()
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=x", "-addext", "subjectAltName=DNS:gateway.example,DNS:*.riders.example", "-keyout", key,
             "-out", certificate], check=True, capture_output=True)
        server = self.server("--tls-certificate", certificate, "--tls-key", key)
        for host in (*self.OWN, "gateway.example", "GATEWAY.example:8443", "a.riders.example"):
            self.assertEqual(self.status(server, host), 200, host)
        for host in (*self.FOREIGN, "riders.example", "a.b.riders.example", "x", ".riders.example", "*.riders.example"):
            if host != "xn--x":
                self.assertEqual(self.status(server, host), 421, host)

    def test_a_foreign_name_and_origin_together(self):
        # DNS rebinding: a foreign name resolves to this server, so the browser takes both for one origin.
        server = self.server()
        for host in ("evil.example", f"evil.example:{server.port}"):
            visitor = Visitor(server)
            own = {"Host": host, "Origin": f"http://{host}"}
            page = visitor.send("GET", "/console/login", headers={"Host": host})
            self.assertEqual((page.status, page.cookies), (421, []))
            visitor.get("/console/login")
            self.assertEqual(visitor.post("/console/login", own, form_token=visitor.form_token,
                                          password=console_password(server)).status, 421)
            self.assertEqual(visitor.post("/p/f/public_transit/sign", own, form_token=visitor.form_token,
                                          decision="agree", redirectUrl="http://m.example/").status, 421)
            self.assertNotIn("posgateway_console", visitor.cookies)
        # The gateway's own name and origin are accepted, also when a proxy passes them on.
        server = self.server("--name", "gateway.example")
        visitor = Visitor(server)
        own = {"Host": "gateway.example:8443", "Origin": "https://gateway.example:8443"}
        visitor.send("GET", "/console/login", headers=own)
        self.assertEqual(visitor.post("/console/login", own, form_token=visitor.form_token,
                                      password=console_password(server)).status, 303)
        self.assertEqual(visitor.post("/console/login", {**own, "Origin": "https://gateway.example"},
                                      form_token=visitor.form_token, password="x").status, 403)

    def test_what_a_visitor_is_told(self):
        answer = Visitor(self.server()).send("GET", "/", headers={"Host": "mybox:8080"})
        self.assertIn("--name", answer.text)
