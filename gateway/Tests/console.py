"""Shared by the tests of the console: the actions, the questions, and an operator who is logged in."""

import re
import urllib.parse

from pages import PageTest, Visitor, seen

ACTIONS = ("logout", "merchants", "merchants/key", "merchants/contract", "merchants/record-key",
           "merchants/record-key/remove", "issuer-keys", "issuer-keys/activate", "issuer-keys/retire", "faults",
           "faults/remove", "riders/open")


# The actions that ask for confirmation. Their buttons open a page with a question.
QUESTIONS = {"merchants/contract": {"app_id": "2021000000000001"},
             "merchants/record-key/remove": {"app_id": "2021000000000001", "id": "1"},
             "issuer-keys/activate": {"id": "1"}, "issuer-keys/retire": {"id": "1"}}


QUESTION_PAGES = [f"/console/{path}?{urllib.parse.urlencode(fields)}" for path, fields in QUESTIONS.items()]


class ConsoleTest(PageTest):
    def setUp(self):
        super().setUp()
        self.operator = Visitor(self.server)
        self.operator.log_in()

    def act(self, path, **fields):
        return self.operator.act(path, **fields)

    def confirm(self, question):
        """Presses the button of a question, and returns the page that shows the result."""
        answer = self.operator.submit(question.action, **question.fields)
        self.assertEqual(answer.status, 303, answer.text)
        return self.console()

    def console(self):
        return self.operator.get("/console")


def section(page, name):
    """The text under one heading of the console."""
    return seen(re.search(rf'<h2 id="{name}">(.*?)(<h2|</main>)', page.text, re.S)[1])
