"""Which texts may go now, and to which phone: asked at the claim, and written down with it.

A phone is found by its blind index, so that a family's one phone has one limit and one standing.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.kernel import entry
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import history
from backend.messaging.answers import Outcome
from backend.messaging.candidates import Candidate
from backend.messaging.claims import Sms
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.sms_models import PhoneStanding, SmsDispatch
from backend.messaging.sms_rules import SmsPolicy, day_of, e164
from backend.messaging.sms_wording import sms_catalogue

_LOCK = text("""
SELECT phone_index FROM unnest(CAST(:indexes AS bytea[])) AS phone (phone_index)
WHERE pg_try_advisory_xact_lock(hashtextextended(encode(phone_index, 'hex'), 6))
""")
_TOLD = text("""
UPDATE sms_dispatch SET serial_no = told.serial_no, code = told.code
FROM unnest(CAST(:ids AS uuid[]), CAST(:serials AS text[]), CAST(:codes AS text[]))
  AS told (message_id, serial_no, code)
WHERE sms_dispatch.message_id = told.message_id
RETURNING sms_dispatch.phone_index, told.code
""")


@dataclass(frozen=True, slots=True)
class _Phone:
    """Where a message goes; the number is nowhere but here."""

    number: str
    index: bytes


def sms_is_offered() -> bool:
    """Whether this deployment has a provider."""
    return entry.settings().sms is not None


def phone_index(number: str) -> bytes:
    """By which a phone is found: that of eleven digits, as accounts have it."""
    return keyring().index(number, "phone")


def prepare(ctx: Context, rows: Sequence[Candidate]) -> dict[UUID, Sms]:
    """The texts that may go now, of the candidates of a claim; in its transaction.

    What can never go fails, with its reason; what has to wait for another day is held; a phone
    that another sender is busy with is left for the next round.
    """
    phones = _phones(rows)
    desk = _Desk.of(ctx, {phone.index for phone in phones.values()})
    found: dict[UUID, Sms] = {}
    refused: list[tuple[UUID, Reason]] = []
    for row in rows:
        phone = phones.get(row.id)
        sms, reason = desk.judge(row, phone)
        if sms is not None:
            found[row.id] = sms
        elif reason is not None:
            refused.append((row.id, reason))
    _refuse(ctx, refused)
    _write_down(ctx.at, {one: phones[one].index for one in found})
    return found


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is known of the phones of one claim."""

    limit: int
    free: frozenset[bytes]
    standing: Mapping[bytes, Reason]
    today: Counter[bytes]

    @classmethod
    def of(cls, ctx: Context, indexes: Iterable[bytes]) -> "_Desk":
        """Ask about all of them at once; locks them, in one order, as far as they are free."""
        policy, all_of_them = ctx.region.section("sms", SmsPolicy), sorted(set(indexes))
        free = frozenset(db.session.execute(_LOCK, {"indexes": all_of_them}).scalars())
        known = _standings(all_of_them)
        return cls(policy.per_phone_a_day, free, known, _sent_today(ctx.at, all_of_them))

    def judge(self, row: Candidate, phone: _Phone | None) -> tuple[Sms | None, Reason | None]:
        """The text, or why there is none; neither where the phone is busy."""
        words = sms_catalogue().text_of(row.kind)
        if words is None:
            return None, Reason.NO_TEXT
        if phone is None:
            return None, Reason.NO_PHONE
        if phone.index not in self.free:
            return None, None
        if (reason := self._reason(phone.index)) is not None:
            return None, reason
        try:
            params = words.fill(json.loads(row.content))
        except ValueError:
            return None, Reason.BAD_CONTENT
        self.today[phone.index] += 1
        return Sms(row.id, e164(phone.number), words.id, params), None

    def _reason(self, index: bytes) -> Reason | None:
        full = Reason.PHONE_LIMIT if self.today[index] >= self.limit else None
        return self.standing.get(index, full)


def remember(at: datetime, results: Mapping[UUID, Outcome]) -> None:
    """Keep what the provider said of each text; of the number, too, where it said something.

    Before the messages themselves are touched, which whoever applies receipts locks last.
    """
    told = {one: outcome for one, outcome in results.items() if outcome.code is not None}
    if not told:
        return
    sent = {one: outcome.rid for one, outcome in told.items() if outcome.state is State.SENT}
    columns = {
        "ids": list(told),
        "serials": [sent.get(one) for one in told],
        "codes": [outcome.code for outcome in told.values()],
    }
    db.session.execute(_TOLD, columns)
    for reason, column in ((Reason.STOPPED, "stopped_at"), (Reason.BAD_RECIPIENT, "dead_at")):
        ids = [one for one, outcome in told.items() if outcome.reason is reason]
        if ids:
            _stand(
                select(SmsDispatch.phone_index).where(SmsDispatch.message_id.in_(ids)), column, at
            )


def _stand(indexes: Any, column: str, at: datetime) -> None:
    """Since `at` nothing goes to these phones."""
    for index in sorted(db.session.execute(indexes.distinct()).scalars()):
        row = insert(PhoneStanding).values(id=new_id(), phone_index=index, **{column: at})
        kept = row.on_conflict_do_update(index_elements=["phone_index"], set_={column: at})
        db.session.execute(kept)


def _phones(rows: Sequence[Candidate]) -> dict[UUID, _Phone]:
    """Each message's phone, opened for this claim alone."""
    residents = {row.to_resident_id for row in rows if row.to_resident_id is not None}
    staff = {row.to_staff_id for row in rows if row.to_staff_id is not None}
    numbers = identity.phones_of(residents, staff)
    found = {}
    for row in rows:
        person = row.to_resident_id or row.to_staff_id
        if person is not None and (number := numbers.get(person)):
            found[row.id] = _Phone(number, phone_index(number))
    return found


def _standings(indexes: Sequence[bytes]) -> dict[bytes, Reason]:
    """The phones that get nothing; for a dead one WeChat may have vouched since."""
    account = identity.Account
    vouched = exists().where(
        account.phone_index == PhoneStanding.phone_index,
        account.phone_given_at > PhoneStanding.dead_at,
    )
    asked = select(PhoneStanding.phone_index, PhoneStanding.stopped_at).where(
        PhoneStanding.phone_index.in_(indexes),
        PhoneStanding.stopped_at.is_not(None) | (PhoneStanding.dead_at.is_not(None) & ~vouched),
    )
    return {
        row.phone_index: Reason.STOPPED if row.stopped_at else Reason.DEAD_PHONE
        for row in db.session.execute(asked)
    }


def _sent_today(at: datetime, indexes: Sequence[bytes]) -> Counter[bytes]:
    begins, ends = day_of(at)
    many = (
        select(SmsDispatch.phone_index, func.count())
        .where(SmsDispatch.phone_index.in_(indexes))
        .where(SmsDispatch.at >= begins, SmsDispatch.at < ends)
        .group_by(SmsDispatch.phone_index)
    )
    return Counter({row[0]: row[1] for row in db.session.execute(many)})


def _refuse(ctx: Context, refused: Sequence[tuple[UUID, Reason]]) -> None:
    _, tomorrow = day_of(ctx.at)
    later = after_quiet(tomorrow, ctx.region.section("messaging", MessagingPolicy))
    for reason in sorted({reason for _, reason in refused}):
        ids = [one for one, why in refused if why is reason]
        waits = reason is Reason.PHONE_LIMIT
        values = {"wait_until": later} if waits else {"state": State.FAILED}
        changed = update(Message).where(Message.id.in_(ids)).values(reason=reason, **values)
        db.session.execute(changed.execution_options(synchronize_session=False))
        history.note(ids, Step.HELD if waits else Step.SETTLED, reason)


def _write_down(at: datetime, phones: Mapping[UUID, bytes]) -> None:
    """A text that is tried again goes to the phone of today."""
    lines = [
        {"id": new_id(), "message_id": one, "phone_index": index, "at": at}
        for one, index in phones.items()
    ]
    if lines:
        row = insert(SmsDispatch)
        again = {name: row.excluded[name] for name in ("phone_index", "at")}
        db.session.execute(
            row.on_conflict_do_update(index_elements=["message_id"], set_=again), lines
        )
