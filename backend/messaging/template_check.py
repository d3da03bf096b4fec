"""Whether WeChat's templates are those that config/messages.toml means, and its texts fit them.

A key too many or too few makes every send of that template fail with 47003, a template that was
deleted with 40037: this says so before anybody waits for a message.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import Column, DateTime, Integer, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from backend import identity
from backend.kernel.database import Base, db
from backend.kernel.errors import Refusal, Unavailable
from backend.kernel.transaction import transaction
from backend.messaging.rules import DoesNotFit, Kind, as_date, as_time, fit, kind_of
from backend.messaging.wording import Catalogue, Consent, Template, Wording, catalogue

log = structlog.get_logger(__name__)

LIST = "/wxaapi/newtmpl/gettemplate"
_KEY = re.compile(r"\{\{(\w+)\.DATA\}\}")
_TYPES = {2: Consent.ONE_TIME, 3: Consent.LONG_TERM}
_SAMPLE_AT = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
_SAMPLES = {"date": as_date(_SAMPLE_AT.date()), "time": as_time(_SAMPLE_AT)}
_ANYTHING = "1"

template_check = Table(
    "template_check",
    Base.metadata,
    Column("appid", Text, primary_key=True),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    Column("differences", Integer, nullable=False),
)


class Problem(StrEnum):
    """In which way a template or a text is not as it should be."""

    MISSING = "missing"
    KEYS_MISSING = "keys_missing"
    KEYS_EXTRA = "keys_extra"
    OTHER_CONSENT = "other_consent"
    SAME_TITLE = "same_title"
    DOES_NOT_FIT = "does_not_fit"


ADVICE: Mapping[Problem, str] = {
    Problem.MISSING: "the mini-program has no template with this id: add it in the console, or put"
    " the right id into config/messages.toml",
    Problem.KEYS_MISSING: "WeChat's template lacks these keys: choose the keywords again in the"
    " console, or name them in config/messages.toml as they are there",
    Problem.KEYS_EXTRA: "WeChat's template wants these keys too: give them a label and every kind"
    " of this template a text, or choose a template without them",
    Problem.OTHER_CONSENT: "`kind` in config/messages.toml and WeChat's type differ: set it to what"
    " the console shows (one_time 一次性订阅, long_term 长期订阅)",
    Problem.SAME_TITLE: "templates with one title: of those asked for together WeChat shows only"
    " one; choose another in the console",
    Problem.DOES_NOT_FIT: "the text does not fit the type of its field: shorten it or choose"
    " another field",
}


@dataclass(frozen=True, slots=True)
class Remote:
    """A template as WeChat lists it; `consent` is `None` where its type is one we do not know."""

    id: str
    title: str
    keys: frozenset[str]
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be: of a template, or of a kind's text."""

    problem: Problem
    name: str
    what: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """For a line of JSON."""
        found = {"problem": str(self.problem), "name": self.name, "what": list(self.what)}
        return found | {"advice": ADVICE[self.problem]}


def differences(texts: Catalogue, listed: Iterable[Remote]) -> list[Difference]:
    """What differs, template by template and then kind by kind."""
    known = {one.id: one for one in listed}
    found = [one for name, own in texts.template.items() for one in _of(name, own, known)]
    found += _same_titles(texts, known)
    return found + [one for name, kind in texts.kind.items() for one in _unfit(name, kind)]


def _of(name: str, own: Template, known: Mapping[str, Remote]) -> Iterator[Difference]:
    other = known.get(own.id)
    if other is None:
        yield Difference(Problem.MISSING, name, (own.id,))
        return
    if lacking := own.fields.keys() - other.keys:
        yield Difference(Problem.KEYS_MISSING, name, tuple(sorted(lacking)))
    if extra := other.keys - own.fields.keys():
        yield Difference(Problem.KEYS_EXTRA, name, tuple(sorted(extra)))
    if other.consent not in {None, own.kind}:
        yield Difference(Problem.OTHER_CONSENT, name, (str(own.kind), str(other.consent)))


def _same_titles(texts: Catalogue, known: Mapping[str, Remote]) -> Iterator[Difference]:
    titles = {name: known[own.id].title for name, own in texts.template.items() if own.id in known}
    for title, many in Counter(titles.values()).items():
        if many > 1:
            names = tuple(name for name, one in titles.items() if one == title)
            yield Difference(Problem.SAME_TITLE, title, names)


def _unfit(name: str, kind: Wording) -> Iterator[Difference]:
    first = next(iter(kind.texts))
    late = [(first, kind.late_text)] if kind.late_text else []
    for key, words in [*kind.texts.items(), *late]:
        if not _fits(key, words):
            yield Difference(Problem.DOES_NOT_FIT, name, (key, words))


def _fits(key: str, words: str) -> bool:
    """Whether it fits; of free text, whether what is not filled in need not be cut."""
    names = [name for _, name, _, _ in string.Formatter().parse(words) if name]
    filled = words.format(**{name: _SAMPLES.get(name, _ANYTHING) for name in names})
    try:
        kind = kind_of(key)
        return kind is Kind.ENUM or fit(kind, filled) == filled
    except DoesNotFit:
        return False


def read(answer: Mapping[str, Any]) -> list[Remote]:
    """The templates of WeChat's answer; what is no template is passed over."""
    listed = answer.get("data")
    return [_remote(one) for one in listed if isinstance(one, Mapping)] if listed else []


def _remote(one: Mapping[str, Any]) -> Remote:
    keys = frozenset(_KEY.findall(str(one.get("content", ""))))
    consent = _TYPES.get(one["type"]) if isinstance(one.get("type"), int) else None
    return Remote(str(one.get("priTmplId", "")), str(one.get("title", "")), keys, consent)


def check_templates() -> list[Difference]:
    """Fetch, compare, keep how many differ; raises `Unavailable` where WeChat gives no list."""
    answer = identity.wechat().ask(LIST, method="GET")
    if not isinstance(answer.get("data"), list):
        raise Unavailable
    found = differences(catalogue(), read(answer))
    _keep(len(found))
    return found


def tell_template_differences() -> int:
    """The same as lines of the log; how many differ. Whatever goes wrong is a line too."""
    try:
        found = check_templates()
    except (Refusal, SQLAlchemyError) as failure:
        log.warning("templates not checked", error=type(failure).__name__)
        return 0
    for one in found:
        log.error("template differs", **one.told())
    return len(found)


def _keep(many: int) -> None:
    told = {"checked_at": func.now(), "differences": many}
    new = insert(template_check).values(appid=_appid(), **told)
    with current_app.app_context(), transaction():
        db.session.execute(new.on_conflict_do_update(index_elements=["appid"], set_=told))


def templates_differ() -> float | None:
    """How many differences the last check found; `None` before the first."""
    found = select(template_check.c.differences).where(template_check.c.appid == _appid())
    return db.session.execute(found).scalar_one_or_none()


def _appid() -> str:
    appid: str = current_app.extensions["settings"].wechat_appid
    return appid
