"""The page of a derivation, driven as a reader drives it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

PAGES = ("xor", "wine", "digits_cnn")
Address = Callable[[str], str]


def step_of(browser: Any) -> str:
    """The number of the equation that is lit up."""
    lit = browser.all(".step.now")
    assert len(lit) == 1
    return str(lit[0].get_attribute("data-step"))


def names(browser: Any, selector: str, attribute: str = "data-layer") -> list[str]:
    return [element.get_attribute(attribute) for element in browser.all(selector)]


def inside(browser: Any, element: str, frame: str) -> bool:
    """Whether an element is to be seen in its frame."""
    script = """(() => { const a = document.querySelector(arguments[0]).getBoundingClientRect(),
      b = document.querySelector(arguments[1]).getBoundingClientRect();
      return a.top >= b.top - 1 && a.bottom <= b.bottom + 1; })()"""
    return bool(browser(script.replace("arguments[0]", repr(element)).replace("arguments[1]", repr(frame))))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_complains_of_nothing_and_asks_for_nothing(browser: Any, page: Address, name: str) -> None:
    browser.open(page(name))
    asked = browser.requests()
    assert asked[-1].startswith("file://") or asked[-1].startswith("data:font")
    assert all(re.match(r"file://|data:font|about:", address) for address in asked), asked
    for _ in range(4):
        browser.press("j")
    assert browser.complaints() == []
    assert not [address for address in browser.requests() if not address.startswith(("file://", "data:font"))]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [375, 800, 1440])
def test_nothing_sticks_out(browser: Any, page: Address, name: str, width: int) -> None:
    browser.open(page(name), width)
    for _ in range(3):
        assert browser("document.documentElement.scrollWidth") <= width
        browser.press("j", "j", "j")
    assert browser("document.documentElement.scrollWidth") <= width


def test_next_and_back_walk_the_derivation(browser: Any, page: Address) -> None:
    browser.open(page("xor"))
    assert browser.all(".step.now") == []
    count = len(browser.all("[data-step]"))
    assert browser.css("#count").text == f"{count} steps"
    browser.css("#next").click()
    assert step_of(browser) == "1"
    assert browser.css("#count").text == f"Step 1 of {count}"
    browser.css("#next").click()
    browser.css("#next").click()
    browser.css("#back").click()
    assert step_of(browser) == "2"
    assert browser("location.hash") == "#step-2"
    assert browser("document.querySelector('.step.now').getAttribute('aria-current')") == "step"


def test_keys_walk_too(browser: Any, page: Address) -> None:
    from selenium.webdriver import Keys

    browser.open(page("xor"))
    browser.press("j", Keys.ARROW_RIGHT, "j")
    assert step_of(browser) == "3"
    browser.press("k", Keys.ARROW_LEFT)
    assert step_of(browser) == "1"
    browser.press(Keys.END)
    assert not browser.css("#next").is_enabled()
    browser.press(Keys.HOME)
    assert step_of(browser) == "1"
    browser.press("?")
    assert browser.css("#keys").is_displayed()
    browser.press(Keys.ESCAPE)
    assert not browser.css("#keys").is_displayed()
    browser.press(Keys.ESCAPE)
    assert browser.all(".step.now") == []


@pytest.mark.parametrize("anchor", ["step-10", "eq-10"])
def test_a_link_leads_to_its_step(browser: Any, page: Address, anchor: str) -> None:
    browser.open(page("xor") + f"#{anchor}")
    assert step_of(browser) == "10"
    assert inside(browser, "#eq-10", "html")


def test_the_blame_goes_from_the_orange_layer_to_the_blue_one(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-10")
    assert names(browser, "[data-layer].from") == ["layer 2"]
    assert names(browser, "[data-layer].to") == ["layer 1"]
    assert names(browser, "[data-edge].from", "data-edge") == ["layer 1>layer 2"]
    orange, blue = "document.querySelector('{}')", "getComputedStyle({}).color"
    colour = {kind: browser(blue.format(orange.format(f"#eq-10 .{kind}"))) for kind in ("from", "to")}
    assert len(set(colour.values())) == 2
    assert names(browser, "#eq-10 > .forms > .form .from", "data-of") == ["dZ2", "dZ2"]
    assert names(browser, "#eq-10 > .forms > .form .to", "data-of") == ["dA1", "dA1"]


def test_the_way_back_ends_at_the_first_layer(browser: Any, page: Address) -> None:
    browser.open(page("xor"))
    way: list[tuple[str, ...]] = []
    for label in range(6, 14):
        browser.open(page("xor") + f"#step-{label}")
        lit = (*names(browser, "[data-layer].from"), *names(browser, "[data-layer].to"))
        way += [lit] if not way or way[-1] != lit else []
    assert way == [("layer 2",), ("layer 2", "layer 1"), ("layer 1",)] or way == [
        ("layer 2",),
        ("layer 1", "layer 2"),
        ("layer 1",),
    ]


def test_forward_steps_light_up_what_is_computed(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-1")
    assert names(browser, "[data-layer].forward") == ["layer 1"]
    assert names(browser, "[data-edge].forward", "data-edge") == ["X>layer 1"]
    assert names(browser, "[data-layer].from, [data-layer].to") == []


def test_the_lines_of_code_of_a_step_are_lit_and_in_view(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-10")
    lit = browser.all("aside.code .line.now")
    assert lit
    assert any("out=w.dA1" in line.text for line in lit)
    assert all(re.search(r"dA1|\(10\)", line.text) for line in lit)
    browser("document.querySelectorAll('aside.code .line.now').forEach((l, k, all) => l.id = `l${k}`)")
    assert inside(browser, f"#l{len(lit) - 1}", "aside.code .listing")


def test_on_a_narrow_screen_the_lines_stand_below_the_equation(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-10", 375, 760)
    assert "out=w.dA1" in browser.css("#eq-10 .incode").text
    assert inside(browser, ".strip", "html")
    browser.open(page("xor") + "#step-10")
    assert not browser.css("#eq-10 .incode").is_displayed()


def test_the_number_of_a_line_leads_to_its_equation(browser: Any, page: Address) -> None:
    browser.open(page("xor"))
    link = browser.css("aside.code .line[data-eq='12'] a")
    browser("arguments[0].click()", link)
    assert step_of(browser) == "12"


def test_three_views_switch_at_once(browser: Any, page: Address) -> None:
    browser.open(page("xor"))

    def shown() -> set[str]:
        forms = "[...document.querySelectorAll('.forms > *')].filter((f) => f.checkVisibility())"
        return set(browser(f"[...new Set({forms}.map((f) => f.dataset.view))]"))

    assert shown() == {"index", "matrix"}
    browser.press("1")
    assert "matrix" in shown()
    for statement in browser.all("[data-step] .forms"):
        visible = [
            form for form in statement.find_elements("css selector", ":scope > *") if form.is_displayed()
        ]
        assert visible, "an equation without a matrix form is shown in index form"
    browser.press("3", "2")
    assert "scalars" in shown()
    assert "matrix" not in shown()
    written = browser.all("#eq-1 .scalars .form")
    assert len(written) == 4
    assert "".join(browser.css("#eq-1 .scalars summary").text.split()) == "WrittenoutnumberbynumberforN=2."


def test_a_view_is_remembered(browser: Any, page: Address) -> None:
    browser.open(page("xor"))
    browser.press("1")
    browser.driver.refresh()
    assert browser("document.querySelector('#views input').checked") is False


def test_levels_of_detail(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-10")
    line, reason = "#step-10-5 .form", "#step-10-5 p"
    assert browser.css(line).is_displayed()
    assert browser.css(reason).is_displayed()
    browser.css("#levels input[value=steps]").find_element("xpath", "..").click()
    assert browser.css(line).is_displayed()
    assert not browser.css(reason).is_displayed()
    browser.css("#levels input[value=result]").find_element("xpath", "..").click()
    assert not browser.css(line).is_displayed()
    assert browser.css("#eq-10").is_displayed()
    browser.css("#levels input[value=reasons]").find_element("xpath", "..").click()
    assert browser.css(reason).is_displayed()


def test_a_symbol_says_what_it_is_and_leads_to_its_definition(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-3")
    browser.hover(browser.css("#eq-3 [data-of=A1]"))
    card = browser.css("#card")
    assert card.is_displayed()
    assert "The sigmoid squashes every weighted sum" in card.text
    assert "N × H1 = N × 2" in card.text
    assert "Defined in (2)" in card.text
    lit = set(names(browser, "math .lit", "data-of"))
    assert lit == {"A1"}
    assert len(browser.all("math .lit")) == len(browser.all("math [data-of=A1]"))
    browser.css("#eq-3 [data-of=A1]").click()
    assert step_of(browser) == "2"
    assert not card.is_displayed()
    browser("history.back()")
    assert step_of(browser) == "3"


def test_symbols_are_reached_by_the_keyboard(browser: Any, page: Address) -> None:
    from selenium.webdriver import Keys

    browser.open(page("xor") + "#step-3")
    browser("document.querySelector('#step-3 [data-symbol=Z2]').focus()")
    browser.press(Keys.TAB)
    assert browser("document.activeElement.dataset.symbol") == "A1"
    assert browser.css("#card").is_displayed()
    browser.press(Keys.ENTER)
    assert step_of(browser) == "2"


def test_an_input_is_defined_in_the_table_of_shapes(browser: Any, page: Address) -> None:
    browser.open(page("xor") + "#step-1")
    browser.css("#eq-1 [data-of=X]").click()
    assert inside(browser, "#network td [data-of=X]", "html")


def test_light_and_dark(browser: Any, page: Address) -> None:
    back = "getComputedStyle(document.body).backgroundColor"
    browser.open(page("xor"))
    light = browser(back)
    browser.open(page("xor"), scheme="dark")
    dark = browser(back)
    assert light != dark
    browser.css("#theme").click()
    assert browser(back) == light
    browser.driver.refresh()
    assert browser(back) == light, "what was chosen is remembered"


def test_without_a_script_everything_is_there(browser: Any, page: Address) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(page("xor"))
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        assert not browser.css(".bar").is_displayed()
        for selector in (
            "#eq-10",
            "#step-10-3 .form",
            "#eq-10 [data-view=matrix]",
            "aside.code .listing",
            "nav",
        ):
            assert browser.css(selector).is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize(("name", "width", "scheme"), [("xor", 1440, "light"), ("xor", 375, "dark")])
def test_axe_finds_nothing(browser: Any, page: Address, name: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.base")
    browser.open(page(name) + "#step-10", width, scheme=scheme)
    # axe takes time for every element: what is inside of a formula, and the most of the code, is more of the same
    browser("document.querySelectorAll('.listing .line:nth-of-type(n+60)').forEach((line) => line.remove())")
    browser.driver.set_script_timeout(100)
    browser.driver.execute_script(axe.AXE_SCRIPT)
    found = browser.driver.execute_async_script(
        "axe.run({exclude: [['math *']]}, {resultTypes: ['violations']}).then(arguments[arguments.length - 1]);"
    )
    told = [(v["id"], v["nodes"][0]["target"], v["nodes"][0]["failureSummary"]) for v in found["violations"]]
    assert told == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_two_colours_of_blame_are_easy_to_read(browser: Any, page: Address, scheme: str) -> None:
    browser.open(page("xor") + "#step-10", scheme=scheme)
    back = "getComputedStyle(document.querySelector('#eq-10')).backgroundColor"
    for kind in ("from", "to"):
        colour = f"getComputedStyle(document.querySelector('#eq-10 .{kind}')).color"
        assert contrast(browser(colour), browser(back)) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG reckons it."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
