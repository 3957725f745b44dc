"""The measured part of docs/performance.md, and its plot: written by the benchmark, never by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from measure import BenchmarkError

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(
    folder: Path,
    paragraphs: Sequence[str],
    ratios: Mapping[str, Mapping[str, float]],
    claims: Sequence[tuple[str, bool]],
) -> None:
    """Put the table and the claims between the marks of performance.md, and draw performance.svg.

    Raises BenchmarkError where the page has no such marks.
    """
    page = folder / "performance.md"
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchmarkError(f"{page} has no place for what is measured")
    told = "\n".join(f"- {'holds' if holds else '**fails**'}: {claim}" for claim, holds in claims)
    parts = [BEGIN, *paragraphs, "![time of a step, by peer](performance.svg)", told, END]
    page.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
    plot(folder / "performance.svg", ratios)


def plot(path: Path, ratios: Mapping[str, Mapping[str, float]]) -> None:
    """A group of bars for each size, a bar for each peer: the module's time by the peer's, by factors."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "symnet"  # the same file for the same figures
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(11, 4.6), layout="constrained")
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
