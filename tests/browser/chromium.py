"""Finds a Chromium for the browser tests, or installs one: `python -m tests.browser.chromium`.

The system's own comes first, then the package manager's where this user may install packages, then
the one that Playwright downloads.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# A shell draws pages as the browser does, but no window around them: a third less work.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = (
    *SHELLS,
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"),
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
# A browser that keeps to the page: no graphics card, no sandbox where it runs as root, no calls home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find() -> Path | None:
    """The path of an installed browser, or None."""
    named = os.environ.get("CNNVIZ_CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in NAMES]
    candidates = [Path(place) for place in (*found, *PLACES) if place]
    return next((place for place in candidates if place.is_file()), None) or _downloaded()


def _downloaded() -> Path | None:
    with sync_playwright() as playwright:
        place = Path(playwright.chromium.executable_path)
    return place if place.is_file() else None


def install() -> None:
    """Install one by apt where that is possible, else by Playwright."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        subprocess.run(["apt-get", "-qq", "update"], check=False)
        for package in (SHELLS[0], "chromium"):
            subprocess.run(
                ["apt-get", "-qq", "install", "-y", "--no-install-recommends", package], check=False
            )
            if find():
                return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def ensure() -> Path:
    """The path of a browser that is there, installed if need be."""
    if find() is None:
        install()
    browser = find()
    if browser is None:
        raise SystemExit("No Chromium was found, and none could be installed. Name one in CNNVIZ_CHROMIUM.")
    return browser


if __name__ == "__main__":
    sys.stdout.write(f"Browser for the tests: {ensure()}\n")
