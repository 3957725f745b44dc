"""What a page carries inside of it, its style, its font and its scripts, and the policy that lets nothing
else in.
"""

from __future__ import annotations

import html
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from symnet.documents.figures.svg import STYLE

HERE = Path(__file__).parent
SCRIPTS = {"start": "start.js", "page": "page.js", "unfold": "unfold.js"}
"""The scripts of a page, by what the template calls them; `start` runs before anything is shown."""
POLICY = "Content-Security-Policy"
FONT = "fonts/stix-two-math.woff2"


@cache
def style(live: bool = False) -> str:
    """The style of the page, with that of its drawings and the font of its formulas; and of the part that is
    `live`.
    """
    font = b64encode((HERE / FONT).read_bytes()).decode("ascii")
    face = (
        f'@font-face {{ font-family: "Page Math"; src: url(data:font/woff2;base64,{font}) format("woff2"); }}'
    )
    files = ("page.css", "live.css") if live else ("page.css",)
    return "\n".join((face, STYLE, *((HERE / file).read_text(encoding="utf-8") for file in files)))


@cache
def scripts() -> dict[str, str]:
    """The scripts, by name."""
    return {name: (HERE / file).read_text(encoding="utf-8") for name, file in SCRIPTS.items()}


def policy(*texts: str) -> str:
    """The content security policy of a page that runs these scripts, no others, and asks the network for
    nothing.
    """
    allowed = " ".join(map(_allowed, texts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; font-src data:; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def served(page: str, script: str) -> str:
    """A page with one more script, which may ask whoever serves it."""
    start = page.index(f'"{POLICY}" content="') if POLICY in page else 0
    before, name, after = page[start:].partition(" script-src ")
    more = f" connect-src &#39;self&#39;;{name}{html.escape(_allowed(script))} " if name and start else name
    return f"{page[:start]}{before}{more}{after}<script>{script}</script>\n"


def _allowed(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
