"""Headless Chromium from Debian, with its own driver."""

import contextlib
import os
import subprocess
import tempfile

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait


@contextlib.contextmanager
def chromium(width=430, height=1100, language="en", scripts=True):
    """A new browser whose window has the given size."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--lang={language}",
        f"--window-size={width},{height}", "--force-device-scale-factor=2",
    ]:
        options.add_argument(argument)
    settings = {"intl.accept_languages": language}
    if not scripts:
        settings["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", settings)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    page = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield page
    finally:
        page.quit()


@contextlib.contextmanager
def open_page(address, width=430, height=1100, language="en"):
    """Opens the page in a window of the given size in CSS pixels. An error of the page's scripts fails the test."""
    with chromium(width, height, language) as page:
        page.get(address)
        yield page
        found = complaints(page)
        assert not found, found


def find(page, how, what):
    """The element on the page that a click leads to. Waits, because a click returns before that page is loaded."""
    return wait(page, lambda: page.find_element(how, what), f"{what} does not appear")


def wait(page, condition, message="", seconds=15):
    """Waits until the condition holds. The driver may raise errors while one page replaces another."""
    return WebDriverWait(page, seconds, 0.2, [WebDriverException]).until(lambda _: condition(), message)


def complaints(page):
    """The browser's console messages for the page: script errors and what a policy has blocked."""
    return [entry["message"] for entry in page.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING") and "favicon" not in entry["message"]]


def resize(page, width, height):
    """Gives the viewport the size of a phone or a desktop. A real window cannot be as narrow as a phone."""
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600})


def scan(page):
    """The code in hex that a scanner reads from the screen; None when it reads none."""
    with tempfile.TemporaryDirectory() as directory:
        picture = os.path.join(directory, "screen.png")
        page.save_screenshot(picture)
        found = subprocess.run(
            ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", "--oneshot", picture],
            stdout=subprocess.PIPE,
            # There is no D-Bus without a desktop, and zbarimg would print a warning each time.
            stderr=subprocess.DEVNULL, check=False)
    # The exit status says whether zbarimg has found something.
    return found.stdout.hex().upper() if found.returncode == 0 else None
