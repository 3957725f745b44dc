"""The page that follows its specification, served by a process of its own."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from symnet.errors import SymnetError
from symnet.serve import Shown, error_page, serve

XOR = (Path(__file__).resolve().parent.parent / "examples" / "xor.toml").read_text(encoding="utf-8")
LIMIT = 60.0
"""Seconds after which a page that was not made again never will be."""


class Served:
    """A server in a process of its own, and a browser that talks to it."""

    def __init__(self, spec: Path, *options: str) -> None:
        self.spec = spec
        self.process = subprocess.Popen(
            [sys.executable, "-m", "symnet", "serve", str(spec), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "SYMNET_CACHE": ""},
        )
        self.told = self.process.stdout.readline()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", self.told)[1])

    def get(self, path: str = "/", host: str = "", method: str = "GET") -> tuple[int, str, dict[str, str]]:
        """The status, the body and the headers."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        link.request(method, path, headers={"Host": host or f"127.0.0.1:{self.port}"})
        answer = link.getresponse()
        body = answer.read().decode()
        link.close()
        return answer.status, body, dict(answer.getheaders())

    def events(self, page: str) -> http.client.HTTPResponse:
        """The stream that a page's script listens to."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        link.request("GET", re.search(r'EventSource\("(.*?)"\)', page)[1])
        return link.getresponse()

    def until(self, wanted: int, words: str) -> str:
        """The page, as soon as it has this status and these words."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            status, body, _ = self.get()
            if status == wanted and words in body:
                return body
            time.sleep(0.1)
        raise AssertionError(f"no page of status {wanted} with {words!r}")


@pytest.fixture
def served(tmp_path):
    started: list[Served] = []

    def start(text: str = XOR, *options: str, name: str = "xor.toml") -> Served:
        (tmp_path / name).write_text(text, encoding="utf-8")
        started.append(Served(tmp_path / name, *options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_the_page_follows_the_file_through_an_error_and_back(served):
    server = served()
    first = server.until(200, "xor")
    assert "EventSource" in first
    stream = server.events(first)
    server.spec.write_text(XOR.replace('name = "xor"', 'name = "other"'), encoding="utf-8")
    assert stream.readline().startswith(b"data: "), "the browser is told that there is a newer page"
    second = server.until(200, "other")
    server.spec.write_text(XOR.replace('"sigmoid"', '"sigmoit"'), encoding="utf-8")
    broken = server.until(422, "there is no activation &#x27;sigmoit&#x27;")
    assert "xor.toml, layer 1" in broken
    assert "<dt>did you mean</dt><dd>sigmoid</dd>" in broken
    assert "EventSource" in broken
    last = server.get("/last")[1]
    assert "EventSource" not in last
    assert last.partition("<main")[2] in second, "the last good page is beside the error"
    server.spec.unlink()
    server.until(422, "there is no such file")
    server.spec.write_text(XOR, encoding="utf-8")
    assert "<iframe" not in server.until(200, "xor")


def test_a_specification_that_is_wrong_from_the_start(served):
    server = served("[network]\nname = 3\n")
    assert "<iframe" not in server.until(422, "xor.toml")


def test_data_that_change_are_another_page(served, tmp_path):
    np.savez(tmp_path / "points.npz", X=[[0.0, 1.0], [1.0, 1.0]], Y=[[0.0], [1.0]])
    text = XOR.partition("[data]")[0].replace("4000", "3") + '[data]\nfile = "points.npz"\n'
    server = served(text, "--train", name="points.toml")
    before = server.until(200, "Training")
    np.savez(tmp_path / "points.npz", X=[[0.0, 9.0], [1.0, 1.0]], Y=[[0.0], [1.0]])
    assert server.events(before).readline().startswith(b"data: ")
    (tmp_path / "points.npz").unlink()
    server.until(422, "points.npz")


def test_only_this_machine_is_answered_and_only_its_pages(served):
    server = served()
    page = server.until(200, "xor")
    assert server.get(host=f"localhost:{server.port}")[0] == 200
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"127.0.0.1:{server.port + 1}"):
        status, body, _ = server.get(host=host)
        assert (status, "xor" in body) == (403, False)
    for path in ("/xor.toml", "/../xor.toml", "/..%2fxor.toml", "//etc/passwd", "/last/", "/index.html", "*"):
        assert server.get(path)[0] == 404
    assert server.get(method="POST")[0] == 501
    status, body, headers = server.get(method="HEAD")
    assert (status, body, headers["Content-Length"]) == (200, "", str(len(page.encode())))
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C there")
def test_control_c_ends_it_though_a_browser_listens(served):
    server = served()
    stream = server.events(server.until(200, "xor"))
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=LIMIT) == 0
    assert stream.read() == b""


def test_a_port_that_is_taken_is_an_error_with_its_place(served, tmp_path):
    server = served()
    with pytest.raises(SymnetError, match=f"port {server.port} cannot be had") as error:
        serve(server.spec, str, server.port)
    assert error.value.place == "--port"


def test_an_error_is_text_whatever_is_in_it():
    hostile = SymnetError("<script>", place="<a>", expected="{x} & y", suggestion="<b>")
    page = error_page(Shown("1", "", hostile), "<i>.toml")
    assert "<script>" not in page
    assert "{x} &amp; y" in page
    assert "&lt;i&gt;.toml" in page
    assert "symnet itself" in error_page(Shown("1", "", KeyError("x")), "xor.toml")
