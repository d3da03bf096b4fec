"""Queueing one message to one person, and withdrawing it while it waits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_anyone
from backend.messaging import chains, digests, duty, history, ledger, policy, queries, wording
from backend.messaging.errors import UnknownTemplate
from backend.messaging.models import Entry, Message, Reason, State, Step
from backend.messaging.recipients import To
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.wording import MessageKind

POPUP: Mapping[str, Entry] = {
    "reject": Entry.REJECTED,
    "ban": Entry.BANNED,
    "filter": Entry.FILTERED,
}


@admitted(by_anyone)
def queue(  # noqa: PLR0917 — the contract other features were given
    ctx: Context,
    kind: MessageKind,
    to: To,
    subject_id: UUID,
    occasion: str,
    values: Mapping[str, str],
    page: str | None = None,
    due: datetime | None = None,
    expires: datetime | None = None,
) -> None:
    """Queue a message for `due` (now unless given), once for this occasion; again is no change.

    An occasion never comes back: what is edited has an occasion of its own, by its instant or
    number, so that a reaction that is repeated or late changes nothing.
    What is not urgent waits for the end of the quiet hours; after `expires` (the kind's own
    unless given) nothing is sent. What still waits under the same collapse key is replaced.
    Nothing is queued for a person whose record is closed. Raises `DoesNotFit` where
    `values` are not those that the kind's texts name, or do not fit their fields.
    """
    if to.resident_id is not None and identity.is_closed(to.resident_id):
        return
    at, urgent, key = due or ctx.at, wording.is_urgent(kind), wording.collapse_key(kind, subject_id)
    due_at = at if urgent else after_quiet(at, ctx.region.section("messaging", MessagingPolicy))
    row = {
        "kind": kind,
        "subject_id": subject_id,
        "occasion": occasion,
        "template_id": wording.catalogue().template_of(kind).id,
        "content": wording.write(kind, values, at),
        "page": page or wording.page_of(kind, subject_id),
        "urgent": urgent,
        "due_at": due_at,
        "expires_at": expires or wording.expiry(kind, due_at),
        "collapse_key": key,
        "created_at": ctx.at,
        "climbs": wording.climbs(kind),
    }
    for one in duty.recipients(ctx, kind, to):
        _add(one, key, row)


def _add(to: To, key: str | None, row: Mapping[str, Any]) -> None:
    if key is not None:
        _lock(key)
    person = {"to_resident_id": to.resident_id, "to_staff_id": to.staff_id}
    new = insert(Message).values(id=new_id(), to_account_id=to.account_id, **person, **row)
    added = db.session.execute(new.on_conflict_do_nothing().returning(Message.id)).scalar()
    if added is not None and key is not None:
        _replace(added, to, key)


def _lock(key: str) -> None:
    """Of two that come at once under one key, the second replaces the first."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 5))))


def _replace(by: UUID, to: To, key: str) -> None:
    same = Message.to_resident_id.is_not_distinct_from(to.resident_id)
    same &= Message.to_staff_id.is_not_distinct_from(to.staff_id)
    same &= Message.to_account_id.is_not_distinct_from(to.account_id)
    older = (Message.collapse_key == key) & (Message.id != by) & same
    _take_back(older, Reason.REPLACED, Step.REPLACED)


@admitted(by_anyone)
def withdraw(_ctx: Context, subject_id: UUID, *kinds: MessageKind) -> None:
    """Take back what is not sent yet for a subject: all of it, or these kinds.

    What is being sent at this moment may arrive; where it does not, it is not tried again. What
    was sent goes on to no further channel and takes no answer.
    """
    about = (Message.subject_id == subject_id) & Message.kind.in_(kinds or list(MessageKind))
    _take_back(about, Reason.OBSOLETE, Step.WITHDRAWN)


def _take_back(which: ColumnElement[bool], reason: Reason, step: Step) -> None:
    waiting = (Message.state == State.QUEUED) | digests.untold()
    is_open = (Message.state == State.SENDING) | waiting
    has_more = (Message.climbs | Message.kind.in_(wording.answerable())) & ~Message.obsolete
    chains.lock(which & (is_open | has_more))
    gone = (
        update(Message)
        .where(which, is_open | has_more)
        .values(
            obsolete=True,
            state=case((waiting, State.WITHDRAWN), else_=Message.state),
            reason=case((waiting, reason), else_=Message.reason),
        )
        .returning(Message.id)
        .execution_options(synchronize_session="fetch")
    )
    history.note(list(db.session.execute(gone).scalars()), step, reason)


@admitted(policy.has_account)
def report_popup(ctx: Context, report_id: UUID, results: Mapping[str, str]) -> None:
    """Count what the popup answered, template → accept…, reject, ban or filter; once a report.

    Any kind of `accept` is one message. Raises `UnknownTemplate`.
    """
    known = {template.id for template in wording.catalogue().template.values()}
    if results.keys() - known:
        raise UnknownTemplate
    told = {
        template_id: POPUP.get(answer, Entry.ACCEPTED) for template_id, answer in results.items()
    }
    ledger.enter(ctx.at, queries.account_id(ctx), report_id, told)
