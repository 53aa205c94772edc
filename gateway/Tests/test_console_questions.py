"""The console asks before it stops something or removes it for good."""

import re

from console import QUESTION_PAGES, QUESTIONS, ConsoleTest, section
from pages import EVIL, unescaped
from support import number


class Asking(ConsoleTest):
    """An action that stops something, or that is final, needs a confirmation."""

    # The actions that need no confirmation. None of them removes anything.
    AT_ONCE = {"logout", "merchants", "merchants/key", "merchants/contract", "merchants/record-key", "issuer-keys",
               "faults", "faults/remove", "riders/open"}

    def forms(self, page):
        """Method, action and content of each form."""
        return re.findall(r'<form [^>]*method="(\w+)" action="/console/([^"]*)">(.*?)</form>', page.text, re.S)

    def test_the_forms_of_the_console(self):
        self.visitor.sign_up()
        self.act("faults", kind="delay", percent="1")
        forms = self.forms(self.console())
        asking = {action for method, action, _ in forms if method == "get"}
        self.assertEqual(asking, set(QUESTIONS))
        for method, action, content in forms:
            if method == "post":
                self.assertIn(action, self.AT_ONCE)
                # This form can start a contract and cannot end one.
                self.assertNotIn('value="false"', content)
        self.assertEqual({action for method, action, _ in forms if method == "post"},
                         self.AT_ONCE - {"merchants/contract"})

    def test_the_way_back_is_the_easy_one(self):
        for path in QUESTION_PAGES:
            with self.subTest(path):
                page = self.operator.get(path)
                keep = re.search(r'<a class="button keep" href="(/console#[\w-]+)" autofocus>', page.text)
                danger = re.search(r'<button class="danger">', page.text)
                self.assertLess(keep.start(), danger.start(), "the dangerous button comes first")
                self.assertEqual(page.text.count("<button"), 1)
                self.assertRegex(section(self.console(), keep[1].partition("#")[2]), r"\w")

    def test_markup_in_a_name(self):
        app_id = number("20217")
        self.act("merchants", name=EVIL[:64], login_name=number("pay@"), app_id=app_id)
        page = self.operator.get("/console/merchants/contract", app_id=app_id)
        self.assertIn(EVIL[:64], unescaped(page.text))
        self.assertNotIn("<script>", page.text)
