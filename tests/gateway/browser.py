"""A headless Chromium, Debian's own, with its own driver."""

import contextlib

from selenium import webdriver
from selenium.webdriver.chrome.service import Service


@contextlib.contextmanager
def open_page(address, width=430, height=1100, language="en"):
    """The page, in a window of the given size in CSS pixels. What the page's scripts complain of ends the test."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--lang={language}",
        f"--window-size={width},{height}", "--force-device-scale-factor=2",
    ]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    page = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        page.get(address)
        yield page
        complaints = [entry["message"] for entry in page.get_log("browser") if "favicon" not in entry["message"]]
        assert not complaints, complaints
    finally:
        page.quit()
