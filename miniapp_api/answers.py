"""Answers that are the same for everybody: kept for a moment, told apart by an ETag."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import Any, TypeVar, cast

from flask import Flask, Response, after_this_request, current_app, request
from flask_smorest import Blueprint

F = TypeVar("F", bound=Callable[..., Any])

MOST_KEPT, LARGEST_KEPT = 512, 64 * 1024
_FRESH = 0.8  # of its life; then one who asks looks anew, and the others need not wait
_docs = Blueprint("answers", __name__)
_NAME = "shared_answers"


@dataclass(slots=True)
class Kept:
    """A body, its ETag, and until when it may be given."""

    body: bytes
    etag: str
    looks_anew_at: float
    ends_at: float


class Answers:
    """The last answers of this process, at most 512 of at most 64 KiB, each for at most a second.

    They are found by path and query as they were written; who invents queries only displaces what
    lives for a second anyway.
    """

    def __init__(self, life_s: float) -> None:
        self.life_s = life_s
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: str) -> Kept | None:
        """What may still be given; nothing to the one who is to look anew."""
        kept, now = self._kept.get(key), monotonic()
        if kept is None or now >= kept.ends_at:
            return None
        with self._lock:
            if now < kept.looks_anew_at:
                return kept
            kept.looks_anew_at = kept.ends_at
        return None

    def keep(self, key: str, body: bytes, asked_at: float) -> Kept:
        """Keep an answer whose database was asked at that instant."""
        etag = blake2b(body, digest_size=12).hexdigest()
        fresh, end = asked_at + _FRESH * self.life_s, asked_at + self.life_s
        new = Kept(body, etag, fresh, end)
        if self.life_s and len(body) <= LARGEST_KEPT:
            with self._lock:
                self._kept[key] = new
                self._kept.move_to_end(key)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return new


def register(app: Flask, life_s: float) -> None:
    """Give the app its memory of answers."""
    app.extensions[_NAME] = Answers(life_s)


def shared(view: F) -> F:
    """The view answers everybody alike: its answers are kept for a moment and bear an ETag.

    Whoever has the same already is told so (304).
    """
    told = _docs.alt_response(304, description="内容没有变化，不再传送")(view)
    told.is_shared = True
    return cast("F", told)


def is_shared(view: Callable[..., Any]) -> bool:
    """Whether the view answers everybody alike."""
    return hasattr(view, "is_shared")


def repeating(entered: F) -> F:
    """The view of a shared route, not entered at all while its last answer may be given."""

    @wraps(entered)
    def answering(**path: Any) -> Response:
        answers: Answers = current_app.extensions[_NAME]
        key = request.full_path
        kept = answers.find(key)
        if kept is None:
            asked_at = monotonic()
            kept = answers.keep(key, entered(**path).get_data(), asked_at)
        return _given(kept, answers.life_s)

    return cast("F", answering)


def _given(kept: Kept, life_s: float) -> Response:
    known = request.if_none_match.contains_weak(kept.etag)
    answer = Response(None if known else kept.body, 304 if known else 200)
    answer.mimetype = "application/json"
    answer.set_etag(kept.etag)
    # Any cache between may keep it as long as we do, and asks again with the ETag.
    answer.headers["Cache-Control"] = "public, max-age=1" if life_s else "public, no-cache"
    return answer


def tell_only_what_is_new(*, public_s: int | None = None) -> None:
    """The answer of this request bears an ETag, and costs no bytes where it is still the same.

    With `public_s` anybody may keep it for so many seconds, else the asker alone and asking anew.
    """

    def conditional(answer: Response) -> Response:
        if answer.status_code == 200:
            answer.add_etag()
            kept = answer.cache_control
            if public_s is None:
                kept.private = kept.no_cache = True
            else:
                kept.public, kept.max_age = True, public_s
            answer.make_conditional(request)
        return answer

    after_this_request(conditional)
