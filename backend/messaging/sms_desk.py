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
from backend.messaging import history, wording
from backend.messaging.answers import Outcome
from backend.messaging.candidates import Candidate
from backend.messaging.claims import Result, Sms
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
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS uuid[]), CAST(:serials AS text[]),
  CAST(:codes AS text[])) AS told (message_id, token, serial_no, code)
JOIN message ON message.id = told.message_id
WHERE sms_dispatch.message_id = told.message_id AND (message.lease_token = told.token
  OR message.lease_token IS NULL AND sms_dispatch.serial_no IS NULL AND sms_dispatch.code IS NULL)
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
    desk = _Desk.of(ctx, phones)
    found: dict[UUID, Sms] = {}
    refused: list[tuple[Candidate, Reason]] = []
    for row in rows:
        phone = phones.get(row.id)
        sms, reason = desk.judge(row, phone)
        if sms is not None:
            found[row.id] = sms
        elif reason is not None:
            refused.append((row, reason))
    desk.refuse(refused)
    _write_down(ctx.at, {one: phones[one].index for one in found})
    return found


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is known of the phones of one claim."""

    limit: int
    tomorrow: datetime
    free: frozenset[bytes]
    standing: Mapping[bytes, Reason]
    today: Counter[bytes]

    @classmethod
    def of(cls, ctx: Context, phones: Mapping[UUID, _Phone]) -> "_Desk":
        """Ask about all of them at once; locks them, in one order, as far as they are free."""
        policy = ctx.region.section("sms", SmsPolicy)
        all_of_them = sorted({phone.index for phone in phones.values()})
        free = frozenset(db.session.execute(_LOCK, {"indexes": all_of_them}).scalars())
        known = _standings(all_of_them)
        today = _sent_today(ctx.at, all_of_them, phones)
        return cls(policy.per_phone_a_day, _tomorrow(ctx), free, known, today)

    def judge(self, row: Candidate, phone: _Phone | None) -> tuple[Sms | None, Reason | None]:
        """The text, or why there is none; neither where the phone is busy."""
        words = sms_catalogue().text_of(row.kind)
        if words is None:
            return None, Reason.NO_TEXT
        if phone is None:
            return None, Reason.NO_PHONE
        if phone.index not in self.free:
            return None, None
        if (reason := self._reason(row, phone.index)) is not None:
            return None, reason
        try:
            params = words.fill(json.loads(row.content))
        except ValueError:
            return None, Reason.BAD_CONTENT
        self.today[phone.index] += 1
        waits = self._can_wait(row)
        return Sms(row.id, e164(phone.number), words.id, params, can_wait=waits), None

    def _reason(self, row: Candidate, index: bytes) -> Reason | None:
        """A dead number is dead for all; what cannot be left out knows no limit and no stop."""
        stands = self.standing.get(index)
        if stands is Reason.DEAD_PHONE or not _is_owed(row):
            full = Reason.PHONE_LIMIT if self.today[index] >= self.limit else None
            return stands or full
        return None

    def _can_wait(self, row: Candidate) -> bool:
        """Whether it is still worth sending tomorrow, and nothing better follows today."""
        is_over = row.expires_at is not None and row.expires_at <= self.tomorrow
        goes_on = wording.catalogue().kind[row.kind].in_doubt is wording.InDoubt.NEXT
        return not (_is_owed(row) or is_over or goes_on)

    def refuse(self, refused: Sequence[tuple[Candidate, Reason]]) -> None:
        """Hold what can wait for another day; the rest fails, so that the next channel follows."""
        held = [row for row, why in refused if self._is_held(row, why)]
        _mark(Step.HELD, Reason.PHONE_LIMIT, held, wait_until=self.tomorrow)
        for reason in sorted({reason for _, reason in refused}):
            over = [row for row, why in refused if why is reason and not self._is_held(row, why)]
            _mark(Step.SETTLED, reason, over, state=State.FAILED)

    def _is_held(self, row: Candidate, reason: Reason) -> bool:
        return reason is Reason.PHONE_LIMIT and self._can_wait(row)


def _is_owed(row: Candidate) -> bool:
    """Urgent, or to one of the staff: of that phone's other texts it is no part.

    A family member's stop, or a family's texts of today, keep nobody from being warned.
    """
    return row.urgent or row.to_staff_id is not None


def _mark(step: Step, reason: Reason, rows: Sequence[Candidate], **values: Any) -> None:
    ids = [row.id for row in rows]
    if ids:
        changed = update(Message).where(Message.id.in_(ids)).values(reason=reason, **values)
        db.session.execute(changed.execution_options(synchronize_session=False))
        history.note(ids, step, reason)


def remember(at: datetime, results: Sequence[Result]) -> None:
    """Keep what the provider said of each text; of the number, too, where it said something.

    Before the messages themselves are touched, which whoever applies receipts locks last. Whose
    lease another has by now says nothing of that one's try.
    """
    told = [one for one in results if one.outcome.code is not None]
    if not told:
        return
    columns = {
        "ids": [one.id for one in told],
        "tokens": [one.token for one in told],
        "serials": [_serial(one.outcome) for one in told],
        "codes": [one.outcome.code for one in told],
    }
    db.session.execute(_TOLD, columns)
    for reason, column in ((Reason.STOPPED, "stopped_at"), (Reason.BAD_RECIPIENT, "dead_at")):
        ids = [one.id for one in told if one.outcome.reason is reason]
        if ids:
            _stand(
                select(SmsDispatch.phone_index).where(SmsDispatch.message_id.in_(ids)), column, at
            )


def _serial(outcome: Outcome) -> str | None:
    return outcome.rid if outcome.state is State.SENT else None


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
    is_dead = PhoneStanding.dead_at.is_not(None) & ~vouched
    asked = select(PhoneStanding.phone_index, is_dead.label("is_dead")).where(
        PhoneStanding.phone_index.in_(indexes), PhoneStanding.stopped_at.is_not(None) | is_dead
    )
    return {
        row.phone_index: Reason.DEAD_PHONE if row.is_dead else Reason.STOPPED
        for row in db.session.execute(asked)
    }


def _sent_today(at: datetime, indexes: Sequence[bytes], but: Iterable[UUID]) -> Counter[bytes]:
    """How many other texts each phone has had: one that is tried again is none of them."""
    begins, ends = day_of(at)
    many = (
        select(SmsDispatch.phone_index, func.count())
        .where(SmsDispatch.phone_index.in_(indexes), SmsDispatch.message_id.not_in(but))
        .where(SmsDispatch.at >= begins, SmsDispatch.at < ends)
        .group_by(SmsDispatch.phone_index)
    )
    return Counter({row[0]: row[1] for row in db.session.execute(many)})


def _tomorrow(ctx: Context) -> datetime:
    """When a phone may be written to again after a full day."""
    _, midnight = day_of(ctx.at)
    return after_quiet(midnight, ctx.region.section("messaging", MessagingPolicy))


def _write_down(at: datetime, phones: Mapping[UUID, bytes]) -> None:
    """A text that is tried again goes to the phone of today; nothing was heard of it yet."""
    lines = [
        {"id": new_id(), "message_id": one, "phone_index": index, "at": at}
        for one, index in phones.items()
    ]
    if lines:
        row = insert(SmsDispatch)
        anew = dict.fromkeys(("serial_no", "code", "delivered_at", "lost_at"))
        again = {name: row.excluded[name] for name in ("phone_index", "at")} | anew
        db.session.execute(
            row.on_conflict_do_update(index_elements=["message_id"], set_=again), lines
        )
