"""The rider's pages over TLS."""

import os
import subprocess

from pages import PageTest, Visitor
from support import temporary_directory


class OverTLS(PageTest):
    @classmethod
    def setUpClass(cls):
        directory = temporary_directory()
        certificate, key = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        cls.arguments = ("--tls-certificate", certificate, "--tls-key", key)
        super().setUpClass()

    def test_no_cookie_travels_without_it(self):
        rider = self.visitor.sign_up()
        self.assertEqual(self.visitor.card(rider).status, 200)
        answers = [self.visitor.get("/leave"), Visitor(self.server).decide(), self.visitor.log_in(),
                   self.visitor.submit("/logout")]
        cookies = [line for answer in answers for line in answer.cookies]
        self.assertGreaterEqual(len(cookies), 4)
        for line in cookies:
            self.assertIn("; secure", line.lower())

    def test_the_start_page_s_link_keeps_to_it(self):
        self.assertIn("redirectUrl=https%3A%2F%2F", self.visitor.get("/").text)
