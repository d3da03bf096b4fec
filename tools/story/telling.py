"""How the story is told: a line for each thing that somebody does, and whether it came as said."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Broken(Exception):
    """A step cannot go on; what failed has been told."""


class Teller:
    """Prints and counts; with `as_json` one JSON object a check."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.steps = self.failed = 0
        self._number, self._title, self._well = 0, "", True

    def begin(self, number: int, title: str) -> None:
        """A new step."""
        self.steps += 1
        self._number, self._title, self._well = number, title, True
        if not self.as_json:
            print(f"\n{number}. {title}", flush=True)

    def end(self) -> None:
        """The step is over; it counts as failed when any of its checks failed."""
        self.failed += not self._well

    def check(self, who: str, what: str, answer: object, *, right: bool) -> None:
        """Who did what, what came of it, and whether that was right."""
        self._well = self._well and bool(right)
        if self.as_json:
            told = {"step": self._number, "title": self._title, "who": who, "what": what}
            print(json.dumps(told | {"answer": str(answer), "ok": bool(right)}, ensure_ascii=False))
        else:
            print(f"   {'ok  ' if right else 'FAIL'} {who} {what}: {answer}", flush=True)

    def need(self, who: str, what: str, answer: object, *, right: bool) -> None:
        """As `check`, where nothing after it makes sense without it; raises `Broken`."""
        self.check(who, what, answer, right=right)
        if not right:
            raise Broken(what)


def until(ask: Callable[[], T], good: Callable[[T], Any], seconds: float = 30) -> T:
    """Ask again and again until the answer is good, at most so long; the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if good(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)
