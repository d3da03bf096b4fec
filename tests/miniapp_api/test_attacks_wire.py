"""What reaches the server as bytes: nothing makes it fall, fail, or take two requests for one."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tools.launch.placement import scratch_state
from tools.launch.stack import Part, Stack

OPEN = b"/api/v1/open/institutions"
LOGIN = b"/api/v1/open/resident-sessions"
REST = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNK = b"%x\r\n%s\r\n"
BIG = CHUNK % (100_000, b"a" * 100_000)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The API as it is served, on servers of its own."""
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with (
        scratch_state() as state,
        Stack(state, [Part.POSTGRES, Part.SCHEMA, Part.API], given=given) as found,
    ):
        yield found


def say(stack: Stack, words: bytes, most: int = 200_000) -> bytes:
    """Everything that is answered until the connection ends."""
    port = stack.services[Part.API].port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        answer = b""
        try:
            link.sendall(words)
            while len(answer) < most and (piece := link.recv(65_536)):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
    return answer


def get(path: bytes, more: bytes = b"", method: bytes = b"GET") -> bytes:
    return method + b" " + path + REST + more + b"\r\n"


def post(more: bytes, body: bytes) -> bytes:
    return b"POST " + LOGIN + REST + JSON + more + b"\r\n" + body


SAID = {
    "TRACE": (get(OPEN, method=b"TRACE"), b"405"),
    "CONNECT": (get(b"evil.example:80", method=b"CONNECT"), b"404"),
    "CONNECT to a path": (get(OPEN, method=b"CONNECT"), b"4"),
    "OPTIONS of everything": (get(b"*", method=b"OPTIONS"), b"404"),
    "a method nobody knows": (get(OPEN, method=b"BREW"), b"405"),
    "a lower-case method": (get(OPEN, method=b"get"), b"200"),  # for every check as well
    "headers of 40 kB": (get(OPEN, b"X: " + b"a" * 40_000 + b"\r\n"), b"431"),
    "headers of 1 MB": (get(OPEN, b"X: " + b"a" * 1_000_000 + b"\r\n"), b"431"),
    "200 headers": (get(OPEN, b"".join(b"X%d: a\r\n" % n for n in range(200))), b"431"),
    "two tokens": (
        get(b"/api/v1/resident/me", b"Authorization: Bearer a\r\n" * 2), b"401"),
    "a path of 10 kB": (get(b"/" + b"a" * 10_000), b"414"),
    "a path of 100 kB": (get(b"/" + b"a" * 100_000), b"414"),
    "a query of 20 kB": (get(OPEN + b"?a=" + b"a" * 20_000), b"414"),
    "NUL in the path": (get(b"/api/%00/x"), b"400"),
    "a raw NUL in the path": (get(b"/api/\0/x"), b"400"),
    "broken UTF-8 in the path": (get(b"/api/%ff%fe/x"), b"404"),
    "raw UTF-8 in the path": (get("/api/家".encode()), b"4"),
    "dots in the path": (get(b"/api/v1/open/../resident/me"), b"404"),
    "encoded dots": (get(b"/api/v1/open/%2e%2e/resident/me"), b"404"),
    "two slashes": (get(b"//api/v1//open/institutions"), b"404"),
    "two lengths": (post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"{}"), b"400"),
    "a negative length": (post(b"Content-Length: -3\r\n", b"{}"), b"400"),
    "a length of words": (post(b"Content-Length: abc\r\n", b"{}"), b"400"),
    "a length of 99 GB": (post(b"Content-Length: 99999999999\r\n", b"{}"), b"413"),
    "chunks": (post(b"Transfer-Encoding: chunked\r\n", CHUNK % (2, b"{}") + b"0\r\n\r\n"), b"422"),
    "chunks of 3 MB": (
        post(b"Transfer-Encoding: chunked\r\n", BIG * 30 + b"0\r\n\r\n"), b"413"),
    "chunks of no size": (post(b"Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"), b"4"),
    "another encoding": (post(b"Transfer-Encoding: gzip\r\n", b"{}"), b"4"),
    "a space before the colon": (get(OPEN, b"Foo : x\r\n"), b"400"),
    "a folded header": (get(OPEN, b"Foo: x\r\n y\r\n"), b"400"),
    "a raw control character": (get(OPEN, b"Foo: a\x01b\r\n"), b"400"),
    "HTTP/0.9": (b"GET " + OPEN + b"\r\n\r\n", b"400"),
    "HTTP/3.0": (b"GET " + OPEN + b" HTTP/3.0\r\n\r\n", b"400"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n", b"400"),
    "waits for leave": (post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"{}"), b"100"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "status"), SAID.values(), ids=list(SAID))
def test_odd_bytes(stack: Stack, words: bytes, status: bytes) -> None:
    answer = say(stack, words)
    assert answer.split(b" ")[1].startswith(status), answer[:200]
    assert b"granian" not in answer.lower()
    assert b"Traceback" not in answer


def test_http_2_is_left_to_the_proxy(stack: Stack) -> None:
    assert b"HTTP/2" not in say(stack, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


@pytest.mark.parametrize("told", [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n",
    b"Transfer-Encoding : chunked\r\nContent-Length: 4\r\n",
    b"Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n",
])  # fmt: skip
def test_no_request_hides_in_another(stack: Stack, told: bytes) -> None:
    """Whatever the two lengths say, a second request is not answered from the first one's body."""
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST " + LOGIN + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + JSON + told
    answer = say(stack, head + b"\r\n" + hidden)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"ok"' not in answer


def test_it_answers_as_before(stack: Stack) -> None:
    assert b" 200 OK" in say(stack, get(OPEN))


@pytest.mark.skipif(not shutil.which("chromium"), reason="2026-11-23: no browser on this machine")
def test_the_documentation_works_within_its_policy(stack: Stack) -> None:
    """In a browser, with no other server: its script ran, nothing was refused."""
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        "--virtual-time-budget=8000", "--dump-dom", f"{stack.api_url}/docs",
    ]  # fmt: skip
    seen = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    assert seen.stdout.count("<details") > 60
    assert "Content Security Policy" not in seen.stderr
