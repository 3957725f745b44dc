"""A served page reloads by itself, in Chromium."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

XOR = (Path(__file__).parents[2] / "examples" / "xor.toml").read_text(encoding="utf-8")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A specification, and the address at which its page is served."""
    spec = tmp_path / "xor.toml"
    spec.write_text(XOR, encoding="utf-8")
    command = [sys.executable, "-m", "symnet", "serve", str(spec)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield spec, re.search(r"http://\S+", process.stdout.readline())[0]
    process.kill()
    process.communicate()


def test_a_page_reloads_when_its_specification_changes(browser: Any, served: tuple[Path, str]) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    spec, address = served

    def until(selector: str, words: str) -> None:
        found = f"return document.querySelector({selector!r})?.textContent.includes({words!r})"
        WebDriverWait(browser.driver, 60).until(lambda driver: driver.execute_script(found))

    browser.open(address + "#loss")
    until("h1", "xor")
    assert browser.complaints() == []
    spec.write_text(XOR.replace('name = "xor"', 'name = "other"'), encoding="utf-8")
    until("h1", "other")
    assert browser("location.hash") == "#loss"
    assert browser.complaints() == []
    spec.write_text(XOR.replace('loss = "sse"', 'loss = "see"'), encoding="utf-8")
    until("main[role=alert]", "did you mean")
    framed = "document.querySelector('iframe').contentDocument?.querySelector('h1')?.textContent ?? ''"
    WebDriverWait(browser.driver, 60).until(lambda _: "other" in browser(framed))
    spec.write_text(XOR, encoding="utf-8")
    until("h1", "xor")
    browser.driver.get("about:blank")
