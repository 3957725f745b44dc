"""A Python listing in HTML: words of the language, strings and comments in their colours; numbers of
equations are links, and a line that computes an equation says which.
"""

from __future__ import annotations

import html
import io
import keyword
import re
import tokenize
from collections.abc import Iterator

from markupsafe import Markup

NUMBER = re.compile(r"\d+[a-z]?")
MARK = re.compile(r"\((\d+[a-z]?(?:(?:, |-)(?:\d+[a-z]?|\.\.\.))*)\)")
"""The numbers of equations: (7), (7, 8), (7-12) for all of them, (7, 9, ..., 21) for every second one."""


def listing(code: str, labels: frozenset[str] | None = None) -> Markup:
    """The code, escaped and coloured, with a link for each `# (7)`; where `labels` are given, for those."""
    return Markup(f"<code>{''.join(_rows(code, labels))}</code>")  # noqa: S704 - every token is escaped below


def _rows(code: str, labels: frozenset[str] | None) -> Iterator[str]:
    """Each line, in a span that names the equations which it computes. A number in a line of its own is that
    of the lines below it.
    """
    above, depth = "", 0
    for plain, line in zip(code.splitlines(), html_lines(code, labels), strict=True):
        computed = " ".join(_computed(line, labels))
        inside = len(plain) - len(plain.lstrip())
        if plain.lstrip().startswith("#"):
            above, depth = computed, inside
        elif not plain.strip() or inside < depth:
            above = ""
        computed = computed or above
        yield f'<span class="line" data-eq="{computed}">{line}\n</span>' if computed else f"{line}\n"


def html_lines(code: str, labels: frozenset[str] | None = None) -> list[str]:
    """Each line of the code as HTML."""
    out: list[str] = []
    row, column = 1, 0
    source = code.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        (start_row, start), (end_row, end) = token.start, token.end
        out.append(html.escape(_between(source, (row, column), (start_row, start))))
        out.append(_coloured(token, labels))
        row, column = end_row, end
    return "".join(out).rstrip("\n").split("\n")


def _between(source: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return source[start[0] - 1][start[1] : end[1]] if start[0] <= len(source) else ""
    first = source[start[0] - 1][start[1] :] if start[0] <= len(source) else ""
    middle = "".join(source[start[0] : end[0] - 1])
    last = source[end[0] - 1][: end[1]] if end[0] <= len(source) else ""
    return first + middle + last


def _computed(line: str, labels: frozenset[str] | None) -> Iterator[str]:
    """The numbers of the equations that the comment of a line in HTML tells of."""
    comments = "".join(re.findall(r'<span class="c">(.*?)</span>', line))
    for mark in MARK.findall(re.sub(r"<[^>]*>", "", comments)):
        yield from (label for label in _every(mark) if labels is None or label in labels)


def _every(mark: str) -> list[str]:
    """All numbers that a mark stands for."""
    shown = NUMBER.findall(mark)
    if "..." not in mark and "-" not in mark:
        return shown
    first, *_, last = map(int, shown)
    step = int(shown[1]) - first if "..." in mark else 1
    return [str(number) for number in range(first, last + 1, step)]


def _marked(found: re.Match[str], labels: frozenset[str] | None) -> str:
    """The numbers of equations as links."""

    def link(number: re.Match[str]) -> str:
        label = number[0]
        return f'<a href="#step-{label}">{label}</a>' if labels is None or label in labels else label

    return NUMBER.sub(link, found[0])


def _coloured(token: tokenize.TokenInfo, labels: frozenset[str] | None) -> str:
    text = html.escape(token.string)
    if token.type == tokenize.COMMENT:
        return _spans("c", MARK.sub(lambda found: _marked(found, labels), text))
    if token.type == tokenize.STRING:
        return _spans("s", text)
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return _spans("k", text)
    if token.type == tokenize.NUMBER:
        return _spans("n", text)
    return (
        ""
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER) and not token.string
        else text
    )


def _spans(kind: str, text: str) -> str:
    """A span that does not cross a line's end."""
    return "\n".join(f'<span class="{kind}">{line}</span>' for line in text.split("\n"))
