"""Layers are unfolded in a real browser: what it makes of a template is what `--unfold` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from documents.formulas import deep

from symnet.documents import document
from symnet.documents.outline import Meta

LAYERS = 9
STEPS = "const plain = e => e.innerHTML.replaceAll(/ (tabindex=\"0\"|hidden=\"\")/g, ''); return [...document.querySelectorAll('[id]')].filter(e => e.id.startsWith('{}')).map(e => [e.id, plain(e)])"


@pytest.fixture
def driver(browser: Any) -> Any:
    browser.open("about:blank")
    return browser.driver


def page(folder: Path, unfold: bool) -> str:
    path = folder / f"{unfold}.html"
    path.write_text(document(deep(LAYERS), Meta("deep", unfold=unfold), "html"), encoding="utf-8")
    return path.as_uri()


def test_what_is_unfolded_is_what_would_have_been_printed(driver: Any, tmp_path: Path) -> None:
    driver.get(page(tmp_path, unfold=True))
    printed = dict(driver.execute_script(STEPS.format("step-")))
    equations = dict(driver.execute_script(STEPS.format("eq-")))
    driver.get(page(tmp_path, unfold=False))
    driver.execute_async_script(
        "const done = arguments[0];"
        "document.querySelectorAll('.unfolding').forEach(e => { e.open = true; });"
        "setTimeout(() => { document.querySelectorAll('.unfolding > .fold').forEach(e => { e.open = true; });"
        "setTimeout(done, 300); }, 300);"
    )
    shown = dict(driver.execute_script(STEPS.format("step-")))
    assert {name: shown.get(name) for name in printed} == printed
    shown = dict(driver.execute_script(STEPS.format("eq-")))
    assert {name: shown.get(name) for name in equations} == equations
    assert not driver.get_log("browser")


def test_a_link_opens_the_layer_that_it_leads_to(driver: Any, tmp_path: Path) -> None:
    driver.get(page(tmp_path, unfold=False) + "#eq-9")
    assert driver.execute_script("return document.getElementById('eq-9').checkVisibility()")
    driver.execute_script("location.hash = '#eq-11'")
    driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert driver.execute_script("return document.getElementById('eq-11').checkVisibility()")
    assert driver.execute_script("return document.querySelectorAll('.unfolding > .fold[open]').length") == 2
