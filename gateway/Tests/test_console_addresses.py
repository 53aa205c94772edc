"""The addresses from which the console can be reached."""

import signal

from console import ACTIONS, QUESTION_PAGES
from pages import PageTest, Visitor
from support import Server, outer_address


class FromElsewhere(PageTest):
    """Calls through an address that other machines can use."""

    def through_outer_address(self, *arguments):
        server = Server(*arguments, host="0.0.0.0")
        self.addCleanup(server.kill)
        server.host = outer_address()
        return server

    def test_the_console_is_for_this_machine_alone(self):
        server = self.through_outer_address()
        visitor = Visitor(server)
        for path in ("/console", "/console/login", *QUESTION_PAGES):
            self.assertEqual(visitor.get(path).status, 404)
            for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Host": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
                self.assertEqual(visitor.send("GET", path, headers=headers).status, 404)
        # A session does not help.
        local = Visitor(server)
        outer, server.host = server.host, "127.0.0.1"
        self.assertEqual(local.log_in().status, 303)
        local.get("/console")
        server.host = outer
        self.assertEqual(local.get("/console").status, 404)
        for path in ("login", *ACTIONS):
            self.assertEqual(local.submit("/console/" + path).status, 404, path)
        # The rider's pages are reachable.
        self.assertRegex(visitor.sign_up(), r"\A2088\d{12}\Z")

    def test_the_start_says_where_the_console_is(self):
        for host, arguments, said in (
                (outer_address(), (), r"cannot be reached at this address: add --console any, or use --host 0\.0\.0\.0"),
                (outer_address(), ("--console", "any"), r"http://\S+/console, password in "),
                (outer_address(), ("--console", "off"), "off"), ("0.0.0.0", (), r"http://\S+/console, password in "),
                ("127.0.0.1", (), r"http://\S+/console, password in ")):
            with self.subTest(host=host, arguments=arguments):
                server = Server(*arguments, host=host)
                self.addCleanup(server.kill)
                status = Visitor(server).get("/console/login").status
                server.process.send_signal(signal.SIGTERM)
                announcement = server.process.stdout.read()
                self.assertEqual(server.wait(), 0)
                self.assertRegex(announcement, r"(?m)^  console    " + said)
                self.assertEqual(status, 200 if "password in" in said else 404)

    def test_nor_through_a_proxy_on_this_machine(self):
        # A proxy on this machine would make every client local.
        visitor = Visitor(self.server)
        visitor.log_in()
        self.assertEqual(visitor.get("/console").status, 200)
        for name, value in (("Forwarded", "for=127.0.0.1"), ("X-Forwarded-For", "127.0.0.1"),
                            ("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"), ("x-forwarded-for", "")):
            with self.subTest(name):
                for path in ("/console", "/console/login", *QUESTION_PAGES):
                    self.assertEqual(visitor.send("GET", path, headers={name: value}).status, 404)
                for path in ("login", *ACTIONS):
                    answer = visitor.post("/console/" + path, {name: value}, form_token=visitor.form_token)
                    self.assertEqual(answer.status, 404, path)
        server = Server("--console", "any")
        self.addCleanup(server.kill)
        visitor = Visitor(server)
        visitor.log_in()
        self.assertEqual(visitor.send("GET", "/console", headers={"Via": "1.1 proxy"}).status, 200)

    def test_unless_it_is_opened(self):
        visitor = Visitor(self.through_outer_address("--console", "any"))
        self.assertEqual(visitor.log_in().status, 303)
        self.assertEqual(visitor.get("/console").status, 200)

    def test_off(self):
        server = Server("--console", "off")
        self.addCleanup(server.kill)
        visitor = Visitor(server)
        visitor.get("/")
        for path in ("/console", "/console/login", *QUESTION_PAGES):
            self.assertEqual(visitor.get(path).status, 404)
        for path in ("login", *ACTIONS):
            self.assertEqual(visitor.submit("/console/" + path).status, 404, path)
