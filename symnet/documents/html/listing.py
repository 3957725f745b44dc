"""A Python listing in HTML: words of the language, strings and comments in their colours; numbers of
equations are links.
"""

from __future__ import annotations

import html
import io
import keyword
import re
import tokenize

from markupsafe import Markup

MARK = re.compile(r"\((\d+[a-z]?)\)")


def listing(code: str) -> Markup:
    """The code, escaped and coloured, one span a line, with a link for each `# (7)`."""
    lines = html_lines(code)
    rows = "".join(f'<span class="line">{line}\n</span>' for line in lines)
    return Markup(f"<code>{rows}</code>")  # noqa: S704 - every token is escaped below


def html_lines(code: str) -> list[str]:
    """Each line of the code as HTML."""
    out: list[str] = []
    row, column = 1, 0
    source = code.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        (start_row, start), (end_row, end) = token.start, token.end
        out.append(html.escape(_between(source, (row, column), (start_row, start))))
        out.append(_coloured(token))
        row, column = end_row, end
    return "".join(out).rstrip("\n").split("\n")


def _between(source: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return source[start[0] - 1][start[1] : end[1]] if start[0] <= len(source) else ""
    first = source[start[0] - 1][start[1] :] if start[0] <= len(source) else ""
    middle = "".join(source[start[0] : end[0] - 1])
    last = source[end[0] - 1][: end[1]] if end[0] <= len(source) else ""
    return first + middle + last


def _coloured(token: tokenize.TokenInfo) -> str:
    text = html.escape(token.string)
    if token.type == tokenize.COMMENT:
        return _spans("c", MARK.sub(r'(<a href="#eq-\1">\1</a>)', text))
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
