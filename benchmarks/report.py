"""The measured part of docs/performance.md, and its plot: written by the benchmark, never by hand."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from measure import BenchmarkError


def listed(claims: Sequence[tuple[str, bool]]) -> str:
    """The claims as a list, each with whether it holds."""
    return "\n".join(f"- {'holds' if holds else '**fails**'}: {claim}" for claim, holds in claims)


def put(page: Path, mark: str, paragraphs: Sequence[str]) -> None:
    """Put the paragraphs between the marks of that name, in place of what stands there.

    Raises BenchmarkError where the page has no such marks.
    """
    opening, closing = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, begin, rest = page.read_text(encoding="utf-8").partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        raise BenchmarkError(f"{page} has no place for what is {mark}")
    page.write_text(before + "\n\n".join([opening, *paragraphs, closing]) + after, encoding="utf-8")


def write(
    folder: Path,
    paragraphs: Sequence[str],
    ratios: Mapping[str, Mapping[str, float]],
    claims: Sequence[tuple[str, bool]],
) -> None:
    """Put the table and the claims between the marks of performance.md, and draw performance.svg."""
    image = "![time of a step, by peer](performance.svg)"
    put(folder / "performance.md", "measured", [*paragraphs, image, listed(claims)])
    plot(folder / "performance.svg", ratios)


def pyplot() -> Any:
    """Matplotlib's drawing, which writes the same file for the same figures."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "symnet"
    return import_module("matplotlib.pyplot")


def plot_growth(path: Path, found: Mapping[str, tuple[Sequence[int], Mapping[str, Sequence[float]]]]) -> None:
    """A panel for each measure of the work, with its sizes: in it a line for each contestant's seconds."""
    figure, panels = pyplot().subplots(1, len(found), figsize=(11, 3.4), layout="constrained")
    for axes, (measure, (sizes, lines)) in zip(panels, found.items(), strict=True):
        for name, seconds in lines.items():
            axes.plot(sizes, [second * 1e3 for second in seconds], marker="o", markersize=3, label=name)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel(measure)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("a step in ms")
    panels[0].legend(fontsize=8, frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def plot(path: Path, ratios: Mapping[str, Mapping[str, float]]) -> None:
    """A group of bars for each size, a bar for each peer: the module's time by the peer's, by factors."""
    figure, axes = pyplot().subplots(figsize=(11, 4.6), layout="constrained")
    peers = list(next(iter(ratios.values())))
    width = 0.8 / len(peers)
    for k, peer in enumerate(peers):
        places = [group + (k - (len(peers) - 1) / 2) * width for group in range(len(ratios))]
        axes.bar(places, [found[peer] - 1 for found in ratios.values()], width, bottom=1, label=f"by {peer}")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xticks(
        range(len(ratios)),
        [
            name.partition(",")[0].replace(" float", "\nfloat").replace("2048-2048", "2048\n-2048")
            for name in ratios
        ],
        fontsize=8,
    )
    axes.set_ylabel("time of a step by a peer's\n(below 1: the module is ahead)")
    axes.legend(ncols=3, fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
