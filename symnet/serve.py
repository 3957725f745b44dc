"""A page that follows its specification: served to this machine alone, made again whenever a file that it
depends on changes, with the error in its place while there is one.

The browser asks for events, and reloads when it is told of a newer page; that script is put in here, so
what is written to files has none. A page of another site cannot read this one, even where its name
resolves to this machine: a request that asks for any other host is refused.
"""

from __future__ import annotations

import html
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from symnet import __version__
from symnet.documents.html.inlined import served
from symnet.errors import SymnetError
from symnet.spec import load

ADDRESS = "127.0.0.1"
PAUSE, SETTLED, BEAT = 0.1, 0.05, 15.0
"""Seconds between two looks at the files, for which they must stay as they are, and between signs of life."""

RELOAD = """
new EventSource("/events?seen={version}").onmessage = (event) => {{
  if (event.data !== "{version}") location.reload();
}};
"""
ERROR = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Error: {source}</title>
<style>
:root {{ color-scheme: light dark; --text: #1d2129; --soft: #5d6675; --back: #fdfdfc; --mark: #b3261e; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e4e7ec; --soft: #9aa4b2; --back: #16191e; --mark: #ff8a80; }}
}}
body {{ margin: 0; height: 100vh; display: flex; flex-direction: column; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }}
main {{ padding: 1rem 1.5rem; border-left: .4rem solid var(--mark); }}
h1 {{ font-size: 1.15rem; margin: 0 0 .4rem; }}
dl {{ display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; margin: 0; }}
dt, p {{ color: var(--soft); }} dd {{ margin: 0; overflow-wrap: anywhere; }} p {{ margin: .6rem 0 0; }}
pre {{ margin: .4rem 0 0; max-height: 40vh; overflow: auto; font-size: .85rem; }}
iframe {{ flex: 1; border: 0; border-top: 1px solid var(--soft); opacity: .75; }}
</style>
<main role="alert">
<h1>{message}</h1>
{about}
</main>
{last}
</html>
"""
LAST = '<iframe src="/last" title="The last page that could be made"></iframe>'
KEPT = "<p>Below is the last page that could be made.</p>"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is served at one time."""

    version: str
    page: str  # the last one that could be made; empty before there is one
    error: Exception | None = None


class Follower:
    """Makes the page of a specification, and makes it again when a file changes that it depends on."""

    def __init__(self, spec: Path, make: Callable[[], str], tell: Callable[[str], object]) -> None:
        self.spec, self.make, self.tell = spec, make, tell
        self._start, self._count = secrets.token_hex(4), 0
        self._shown: Shown | None = None
        self._files: tuple[Path, ...] = (spec,)
        self._changed = threading.Condition()

    def shown(self, seen: str = "", timeout: float | None = None) -> Shown | None:
        """What is shown, as soon as there is something other than the version `seen`; None where that takes
        longer than `timeout`.
        """
        with self._changed:
            newer = self._changed.wait_for(lambda: self._shown and self._shown.version != seen, timeout)
            return self._shown if newer else None

    def follow(self) -> None:
        """Makes the page, and makes it again after each change, for ever."""
        while True:
            before = self._settled()
            self._make()
            while self._state() == before:
                time.sleep(PAUSE)

    def _make(self) -> None:
        start, error, page = time.monotonic(), None, self._shown.page if self._shown else ""
        try:
            page = self.make()
        except Exception as caught:  # whatever it is, it is shown, and the next change is tried
            error = caught
        self._files = _files(self.spec, self._files)
        with self._changed:
            self._count += 1
            self._shown = Shown(f"{self._start}-{self._count}", page, error)
            self._changed.notify_all()
        took = time.monotonic() - start
        self.tell(str(error) if error else f"{self.spec.name}: a page, made in {took:.2f} s")

    def _state(self) -> tuple[tuple[float, ...], ...]:
        return tuple(map(_state, self._files))

    def _settled(self) -> tuple[tuple[float, ...], ...]:
        """The state of the files, once nobody is writing them."""
        state = self._state()
        while True:
            time.sleep(SETTLED)
            now = self._state()
            if now == state:
                return state
            state = now


def _files(spec: Path, known: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files that a page depends on; those `known` while the specification cannot be read."""
    try:
        data = load(spec).data
    except SymnetError:
        return known
    return (spec, *(path for path in (data.file, data.folder) if path)) if data else (spec,)


def _state(path: Path) -> tuple[float, ...]:
    """What changes when a file is written, or a folder's files are."""
    try:
        stat = path.stat()
        inner = sorted(path.iterdir()) if path.is_dir() else ()
    except OSError:
        return ()
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino, *(part for file in inner for part in _state(file)))


class Handler(BaseHTTPRequestHandler):
    """Answers a browser on this machine; the paths are a fixed few, none of which is a file."""

    server_version = f"symnet/{__version__}"
    protocol_version = "HTTP/1.1"

    def __init__(self, follower: Follower, *arguments: Any) -> None:
        self.follower = follower
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answers with the page, with the last good one, or with events."""
        if self.headers.get("Host") not in self._names():
            self._answer(
                HTTPStatus.FORBIDDEN, "This page is for the machine that it is served by.\n", "plain"
            )
            return
        path, _, query = self.path.partition("?")
        if path == "/":
            self._page()
        elif path == "/last":
            shown = self.follower.shown()
            self._answer(HTTPStatus.OK, shown.page if shown else "")
        elif path == "/events":
            self._events(query.removeprefix("seen="))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "There is one page here, /\n", "plain")

    do_HEAD = do_GET

    def _names(self) -> tuple[str, ...]:
        """What this server is called on this machine."""
        port = self.connection.getsockname()[1]
        return f"{ADDRESS}:{port}", f"localhost:{port}"

    def _page(self) -> None:
        shown = self.follower.shown()
        assert shown is not None, "without a limit it waits until there is something"
        reload = RELOAD.format(version=shown.version)
        if shown.error is None:
            self._answer(HTTPStatus.OK, served(shown.page, reload))
            return
        mine = isinstance(shown.error, SymnetError)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if mine else HTTPStatus.INTERNAL_SERVER_ERROR
        self._answer(status, served(error_page(shown, self.follower.spec.name), reload))

    def _events(self, seen: str) -> None:
        """Tells the browser each version that is newer than the one `seen`, until it has gone."""
        self.close_connection = True
        self._head(HTTPStatus.OK, "text/event-stream")
        self.end_headers()
        while self.command == "GET":
            shown = self.follower.shown(seen, BEAT)
            seen = shown.version if shown else seen
            try:
                self.wfile.write(f"data: {seen}\n\n".encode() if shown else b": still here\n\n")
            except OSError:
                return

    def _answer(self, status: HTTPStatus, text: str, kind: str = "html") -> None:
        content = text.encode()
        self._head(status, f"text/{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "SAMEORIGIN")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")

    def log_message(self, *_: object) -> None:
        """Says nothing: what is asked for is always the same."""


def error_page(shown: Shown, source: str) -> str:
    """An error with its place, what was expected and the nearest valid thing, above the last good page."""
    error = shown.error
    if isinstance(error, SymnetError):
        message, _, more = error.message.partition("\n")
        parts = {"place": error.place, "expected": error.expected, "did you mean": error.suggestion}
    else:
        message, more = f"{type(error).__name__}: {error}", ""
        parts = {"place": "symnet itself"}
    rows = [f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in parts.items() if text]
    about = [f"<dl>{''.join(rows)}</dl>"] if rows else []
    about += [f"<pre>{html.escape(more)}</pre>"] if more else []
    return ERROR.format(
        source=html.escape(source),
        message=html.escape(message),
        about="\n".join(about + ([KEPT] if shown.page else [])),
        last=LAST if shown.page else "",
    )


class Server(ThreadingHTTPServer):
    """Answers each request in a thread of its own, none of which keeps the process alive."""

    daemon_threads = True
    allow_reuse_address = False  # a port that is taken is an error, not shared


def serve(
    spec: Path,
    make: Callable[[], str],
    port: int = 0,
    ready: Callable[[str], object] = print,
    tell: Callable[[str], object] = print,
) -> None:
    """Serves the page that `make` makes of the file `spec`, until the process is interrupted.

    `ready` is called with the address once it is served, `tell` with a line about each page. Raises
    SymnetError where the port cannot be had; 0 is any that is free.
    """
    follower = Follower(spec, make, tell)
    try:
        server = Server((ADDRESS, port), partial(Handler, follower))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SymnetError(
            f"the port {port} cannot be had: {reason}", place="--port", expected="another one, or none"
        ) from None
    threading.Thread(target=follower.follow, daemon=True).start()
    with server:
        try:
            ready(f"http://{ADDRESS}:{server.server_address[1]}/")
            server.serve_forever(poll_interval=PAUSE)
        except KeyboardInterrupt:
            return
