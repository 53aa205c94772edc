"""The console's password: its file, the login, and limits on guessing."""

import concurrent.futures
import os
import socket
import time
import unittest

from pages import PageTest, Visitor, console_password
from support import Server, command, outer_address, temporary_directory


class Access(PageTest):
    def test_the_right_password(self):
        answer = self.visitor.log_in()
        self.assertEqual((answer.status, answer.location), (303, "/console"))
        self.assertEqual(self.visitor.get("/console").status, 200)

    def test_wrong_passwords_are_refused_and_slow(self):
        password = console_password(self.server)
        for wrong in ("", "x", password[:-1], password + "x", password.upper() if password.islower() else "X",
                      password + "\0"):
            start = time.monotonic()
            answer = self.visitor.log_in(wrong or " ")
            self.assertEqual(answer.status, 403)
            self.assertIn("Wrong password", answer.words)
            self.assertGreaterEqual(time.monotonic() - start, 1)
            self.assertNotIn("posgateway_console", self.visitor.cookies)
            self.assertNotIn(password, answer.text)
        self.assertEqual(self.visitor.get("/console").location, "/console/login")

    def test_guessing_does_not_stop_others(self):
        guesses = [socket.create_connection((self.server.host, self.server.port)) for _ in range(20)]
        for guess in guesses:
            guess.sendall(b"POST /console/login HTTP/1.1\r\nHost: localhost\r\nCookie: posgateway_form=x\r\n"
                          b"Content-Length: 24\r\n\r\nform_token=x&password=no")
        self.assertEqual(Visitor(self.server).log_in().status, 303)
        for guess in guesses:
            guess.close()

    def test_the_password_is_the_file_s(self):
        server = Server()
        try:
            server.stop()
            with open(server.data + "/console-password.txt", "w", encoding="utf-8") as file:
                file.write("correct horse 公交\n")
            server.start()
            self.assertEqual(Visitor(server).log_in("correct horse 公交").status, 303)
        finally:
            server.kill()

    def test_a_password_file_as_editors_write_it(self):
        server = Server(start=False)
        path = os.path.join(server.data, "console-password.txt")
        for content, password in ((b"\xef\xbb\xbfmarked\r\n", "marked"), (b"  one word  \n\n", "one word")):
            with self.subTest(content):
                with open(path, "wb") as file:
                    file.write(content)
                server.start()
                self.assertEqual(Visitor(server).log_in(password).status, 303)
                self.assertEqual(server.stop(), 0)
        # Passwords that cannot be typed.
        for content in ("gr\u00fcn\n".encode("latin-1"), "word\n".encode("utf-16"), "word\n".encode("utf-16-le"),
                        b"one\ntwo\n", b"a\tb\n"):
            with self.subTest(content):
                with open(path, "wb") as file:
                    file.write(content)
                result = command("serve", "--data", server.data, "--port", "0")
                self.assertGreater(result.returncode, 0)
                self.assertRegex(result.stderr, r"(?m)^Error: .*console-password\.txt has to be one line of text in UTF-8")
                with open(path, "rb") as file:
                    self.assertEqual(file.read(), content)

    def test_the_secrets_are_the_owner_s_alone(self):
        directory = os.path.join(temporary_directory(), "made before")
        os.mkdir(directory, 0o755)
        server = Server(data=directory)
        try:
            Visitor(server).sign_up()
            for name in os.listdir(directory):
                self.assertEqual(os.stat(os.path.join(directory, name)).st_mode & 0o077, 0, name)
        finally:
            server.kill()


class Guessing(unittest.TestCase):
    def guess(self, server, count, password="wrong"):
        """The answers to `count` guesses at once."""
        visitor = Visitor(server)
        visitor.get("/console/login")

        def one(_):
            other = Visitor(server)
            other.cookies, other.form_token = dict(visitor.cookies), visitor.form_token
            return other.submit("/console/login", password=password)

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            return list(pool.map(one, range(count)))

    def test_of_one_address(self):
        server = Server()
        self.addCleanup(server.kill)
        inside = Visitor(server)
        inside.log_in()
        answers = self.guess(server, 150)
        statuses = [answer.status for answer in answers]
        self.assertEqual(set(statuses), {403, 429})
        # The limit is 50. A few more become free during the test.
        self.assertIn(statuses.count(403), range(50, 60))
        refused = next(answer for answer in answers if answer.status == 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertIn("Too many wrong passwords", refused.text)
        # The right password is refused too. Existing sessions are not affected.
        self.assertEqual(self.guess(server, 1, console_password(server))[0].status, 429)
        self.assertEqual(inside.get("/console").status, 200)
        self.assertEqual(server.log.count("console login failed"), statuses.count(403))
        self.assertRegex(server.log, r"warning posgateway: address=127\.0\.0\.1 .*console login failed")
        self.assertRegex(server.log, r"warning posgateway: address=127\.0\.0\.1 .*console logins refused")
        self.assertLess(server.log.count("console logins refused"), 20)
        self.assertNotIn("password=", server.log)
        self.assertEqual(server.stop(), 0)

    def test_addresses_of_this_machine_are_one(self):
        server = Server(host="0.0.0.0")
        self.addCleanup(server.kill)
        statuses = []
        for index in range(2, 8):
            server.host = f"127.0.0.{index}"
            statuses += [answer.status for answer in self.guess(server, 15)]
        self.assertIn(statuses.count(403), range(50, 60))

    def test_other_machines_do_not_keep_this_one_out(self):
        server = Server("--console", "any", host="0.0.0.0")
        self.addCleanup(server.kill)
        server.host = outer_address()
        self.assertIn(429, [answer.status for answer in self.guess(server, 80)])
        server.host = "127.0.0.1"
        self.assertEqual(Visitor(server).log_in().status, 303)
        self.assertIn("console login", server.log)

    def test_right_ones_are_no_guesses(self):
        server = Server()
        self.addCleanup(server.kill)
        for _ in range(3):
            self.assertEqual({answer.status for answer in self.guess(server, 40, console_password(server))}, {303})
        self.assertRegex(server.log, r"notice posgateway: address=127\.0\.0\.1 .*console login")
