"""A document as a PDF, by the first program of those that can make one and is there: pdflatex or xelatex; the
`typst` wheel; a browser of the Chromium family, which prints the page.

A program sees only a folder of its own, which is gone afterwards; it starts no other program and reads no
file outside of its installation. A document is data: nothing in it is a command (see the printers).
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from symnet.errors import MissingToolError

NAME, SUFFIX = "pdf", ".pdf"
WORDS = "a PDF, by pdflatex or xelatex, the typst wheel (extra: pdf) or Chromium, whichever is there"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LIMIT = 300.0
"""No program may take longer, in seconds."""
WANTED = (
    "one of: pdflatex (apt-get install texlive-latex-extra texlive-fonts-recommended lmodern), "
    "the typst wheel (pip install 'symnet[pdf]'), Chromium"
)
WANTED_WIDE = (
    "one of: xelatex with ctex (apt-get install texlive-xetex texlive-lang-chinese), "
    "the typst wheel (pip install 'symnet[pdf]') with a Chinese font, Chromium with one"
)

Written = Callable[[str], str]
"""The document in the format of a name."""
Tell = Callable[[str], None]
"""Is told what goes on."""
Engine = Callable[[Written, Path, Tell], bytes | None]
"""Makes the PDF in a folder of its own; None where it is not there, or lacks something."""


def pdf(written: Written, tell: Tell = lambda words: None, engines: tuple[str, ...] = ()) -> bytes:
    """The document as a PDF, by the first of the `engines` that is there and has all that it needs: all that
    there are, in order, unless some are named.

    Raises MissingToolError where there is none, which says what to install.
    """
    failed = []
    for name in engines or tuple(ENGINES):
        with tempfile.TemporaryDirectory(prefix="symnet-pdf-") as folder:
            try:
                made = ENGINES[name](written, Path(folder), tell)
            except (OSError, subprocess.SubprocessError, _FailedError) as error:
                failed.append(f"{name}: {error}")
                continue
        if made is not None:
            return made
    wanted = WANTED_WIDE if _is_wide(written("latex")) else WANTED
    reasons = "".join(f"\n  {reason}" for reason in failed)
    raise MissingToolError(f"nothing here makes a PDF{reasons}", expected=wanted)


class _FailedError(Exception):
    """A program is there and did not make the PDF."""


def _latex(written: Written, folder: Path, tell: Tell) -> bytes | None:
    """By pdflatex, or by xelatex where the document asks for it or pdflatex is not there."""
    text = written("latex")
    able = ("xelatex",) if _is_wide(text) else ("pdflatex", "xelatex")
    program = next(filter(shutil.which, able), None)
    if program is None:
        return None
    (folder / "document.tex").write_text(text, encoding="utf-8")
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    for run in range(1, 5):
        tell(f"{program}, run {run}")
        done = _run(command, folder)
        log = (folder / "document.log").read_text(encoding="utf-8", errors="replace")
        if done.returncode:
            raise _FailedError(_complaint(log))
        if not re.search(r"Rerun to get|Rerun LaTeX|rerunfilecheck Warning: File", log):
            break
    return (folder / "document.pdf").read_bytes()


def _complaint(log: str) -> str:
    """What LaTeX's log complains of, as one line."""
    lines = [line for line in log.splitlines() if line.startswith("! ")]
    return lines[0][2:] if lines else "stopped without saying why"


def _is_wide(text: str) -> bool:
    """Whether a LaTeX document is for xelatex."""
    return text.startswith("% !TEX program = xelatex")


def _typst(written: Written, folder: Path, tell: Tell) -> bytes | None:
    """By the wheel."""
    if importlib.util.find_spec("typst") is None:
        return None
    import typst

    tell("typst")
    (folder / "document.typ").write_text(written("typst"), encoding="utf-8")
    try:
        made = typst.compile(folder / "document.typ", root=folder)
    except RuntimeError as error:
        raise _FailedError(str(error).splitlines()[0]) from None
    return bytes(made)


def _browser(written: Written, folder: Path, tell: Tell) -> bytes | None:
    """By a browser that prints the page."""
    program = next(filter(shutil.which, BROWSERS), None)
    if program is None:
        return None
    tell(program)
    page, printed = folder / "document.html", folder / "document.pdf"
    page.write_text(written("html"), encoding="utf-8")
    _run([program, *_switches(folder), f"--print-to-pdf={printed}", page.as_uri()], folder)
    if not printed.exists():
        raise _FailedError("printed nothing")
    return printed.read_bytes()


def _switches(folder: Path) -> Iterator[str]:
    """A browser without windows, network, or anything kept; root cannot have its sandbox."""
    yield from ("--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer")
    yield from ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    yield f"--user-data-dir={folder / 'profile'}"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield "--no-sandbox"


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Runs a program in the folder. LaTeX reads and writes nothing outside of it and of its installation;
    what is made holds no date.
    """
    kept = {"openin_any": "p", "openout_any": "p", "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    environment = {**os.environ, **kept, "TEXMFOUTPUT": str(folder)}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )


ENGINES: dict[str, Engine] = {"latex": _latex, "typst": _typst, "chromium": _browser}
"""What can make a PDF, the best first."""
