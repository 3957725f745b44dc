"""The page trains the network that it derives: in Chromium, from a file, with NumPy's numbers."""

from __future__ import annotations

import time

import numpy as np
import pytest
from backends.native import same

from symnet.cli import commands
from symnet.pipeline import Network
from symnet.training import new_trainer

EXAMPLES = ("xor", "loy", "perceptron")
PRELUDE = """
const part = document.querySelector("#live .live"), trainer = part.trainer;
const plain = (one) => ({ shape: one.shape, data: [...one.data] });
const all = (many) => Object.fromEntries(Object.entries(many).map(([name, one]) => [name, plain(one)]));
const given = Object.values(JSON.parse(document.getElementById("live-given").textContent).data);
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of the examples that a page can train."""
    folder = tmp_path_factory.mktemp("pages")
    for name in EXAMPLES:
        arguments = ["derive", f"examples/{name}.toml", "-o", str(folder / f"{name}.html")]
        assert commands.main(arguments, standalone_mode=False) == 0
    return folder


@pytest.fixture
def opened(browser, pages):
    """A function that opens an example's page; at the end nothing may have been complained of or asked for."""

    def opening(name="xor", calm=True, **how):
        browser.open((pages / f"{name}.html").as_uri(), **how)
        if not calm:
            moving = {"name": "prefers-reduced-motion", "value": "no-preference"}
            browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [moving]})
        return browser.driver

    yield opening
    assert browser.complaints() == []
    assert all(url.startswith(("file:", "data:", "about:")) for url in browser.requests())


def ask(page, script):
    return page.execute_script(PRELUDE + script)


def press(page, name):
    page.execute_script(f"document.querySelector('[data-do={name}]').scrollIntoView({{block: 'center'}})")
    page.execute_script(f"document.querySelector('[data-do={name}]').click()")


def shown(page, what):
    return page.find_element("css selector", f'.live [data-shows="{what}"]').text


def arrays(found):
    return {name: np.array(one["data"], dtype=float).reshape(one["shape"]) for name, one in found.items()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_numbers_are_those_of_numpy(opened, name):
    page = opened(name)
    network = Network.from_toml(f"examples/{name}.toml")
    plain = new_trainer(network.derive().generate("numpy"))
    plain.initialize(network.training.seed)
    data = [np.array(rows, dtype=float) for rows in ask(page, "return given;")]
    for parameter, array in arrays(ask(page, "return all(trainer.parameters);")).items():
        np.testing.assert_array_equal(array, plain.parameters[parameter])
    for _ in range(3):
        same({"loss": ask(page, "return trainer.loss(...given);")}, {"loss": plain.loss(*data)})
        same(arrays(ask(page, "return all(trainer.gradients(...given));")), plain.gradients(*data))
        same({"loss": ask(page, "return trainer.step(...given);")}, {"loss": plain.step(*data)})
    same(arrays(ask(page, "return all(trainer.parameters);")), plain.parameters)


@pytest.mark.parametrize("calm", [False, True])
def test_play_learns_the_truth_table(opened, calm):
    page = opened("xor", calm)
    page.execute_script("document.querySelector('[name=speed]').value = '1000';")
    press(page, "play")
    assert page.find_element("css selector", "[data-do=play]").text == "Pause"
    ends = time.monotonic() + 30
    while float(shown(page, "loss")) > 1e-3 and time.monotonic() < ends:
        time.sleep(0.1)
    press(page, "play")
    assert float(shown(page, "loss")) <= 1e-3
    assert shown(page, "right") == "4 / 4"
    rows = page.find_elements("css selector", ".live tbody tr")
    told = [[cell.text for cell in row.find_elements("css selector", "td")] for row in rows]
    assert [row[0] for row in told] == ["0, 0", "0, 1", "1, 0", "1, 1"]
    assert [round(float(row[2].split()[0])) for row in told] == [0, 1, 1, 0]
    assert "Paused after" in page.find_element("css selector", ".live .said").text


def test_step_reset_and_new_weights(opened):
    page = opened("xor")
    first = ask(page, "return all(trainer.parameters);")
    press(page, "step")
    assert shown(page, "steps") == "1"
    moved = ask(page, "return all(trainer.parameters);")
    assert moved != first
    press(page, "reset")
    assert shown(page, "steps") == "0"
    assert ask(page, "return all(trainer.parameters);") == first
    press(page, "again")
    assert ask(page, "return all(trainer.parameters);") not in (first, moved)


def test_the_learning_rate_counts(opened):
    page = opened("xor")
    before = ask(page, "return trainer.settings.learning_rate;")
    slider = page.find_element("css selector", ".live [name=rate]")
    slider.send_keys("\ue014")  # to the right
    after = ask(page, "return trainer.settings.learning_rate;")
    assert after == pytest.approx(before * 10**0.05)
    assert slider.get_attribute("aria-valuetext")


def test_what_is_learnt_is_said(opened):
    page = opened("perceptron")
    press(page, "play")
    time.sleep(1)
    assert "nothing left to learn" in page.find_element("css selector", ".live .said").text
    assert page.find_element("css selector", "[data-do=play]").text == "Play"


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_control_has_a_name_and_is_reached_by_keys(opened, name):
    page = opened(name)
    for control in page.find_elements("css selector", ".live :is(button, input, select)"):
        assert control.accessible_name
        assert control.get_property("tabIndex") == 0
    for canvas in page.find_elements("css selector", ".live canvas"):
        assert canvas.get_attribute("aria-label")


@pytest.mark.parametrize("width", [375, 1440])
def test_nothing_is_wider_than_the_page(opened, width):
    page = opened("loy", width=width)
    assert ask(page, "return part.getBoundingClientRect().right - innerWidth;") <= 0
    assert ask(page, "return part.scrollWidth - part.clientWidth;") <= 0
    assert ask(page, "return document.documentElement.scrollWidth - innerWidth;") <= 0


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (375, "dark")])
def test_axe_finds_nothing(opened, width, scheme):
    axe = pytest.importorskip("axe_core_python.selenium").Axe()
    page = opened("xor", width=width, scheme=scheme)
    page.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})  # axe comes from outside
    page.refresh()
    press(page, "step")
    found = axe.run(page, context={"include": [["#live"]]})
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    page.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})


def test_the_plane_shows_what_is_told(opened):
    """Where the network has learnt, the colours at the samples are those of their targets."""
    page = opened("xor")
    ask(page, "for (let k = 0; k < 4000; k++) trainer.step(...given);")
    press(page, "step")
    colours = ask(
        page,
        """
const canvas = part.querySelector("[data-view=plane]"), { width, height } = canvas;
const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
return [[0, 0], [0, 1], [1, 0], [1, 1]].map(([x, y]) => {
  const [across, down] = [(x + 0.25) / 1.5 + 0.05, (1.25 - y) / 1.5 + 0.05];
  const at = 4 * (Math.floor(down * height) * width + Math.floor(across * width));
  return [data[at], data[at + 1], data[at + 2]];
});""",
    )
    warm = [red > blue for red, _, blue in colours]
    assert warm == [False, True, True, False]


def test_what_is_drawn_changes_its_colours_with_the_page(opened):
    """The ink of the curve is the theme's."""
    page = opened("xor")
    curve = """
const canvas = part.querySelector("[data-view=curve]"), { width, height } = canvas;
const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
copy.drawImage(canvas, 0, 0);
const { data } = copy.getImageData(0, 0, width, height);
let inked = 0;
for (let at = 0; at < data.length; at += 4)
  if (data[at + 3] === 255) inked = Math.max(inked, data[at] + data[at + 1] + data[at + 2]);
return inked;"""
    lightness = {}
    for _ in range(2):
        page.execute_script("document.getElementById('theme').click();")
        time.sleep(0.2)
        lightness[page.execute_script("return document.documentElement.dataset.theme;")] = ask(page, curve)
    assert lightness["dark"] != lightness["light"]
