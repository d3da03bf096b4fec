"""Who of the staff has a message: whoever works there in a role, deputies for the absent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from backend import identity, teams
from backend.kernel.calendar import begins_at
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.messaging import history, wording
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.recipients import To
from backend.messaging.wording import Channel, MessageKind

_Theirs = aliased(Message)


def recipients(ctx: Context, kind: MessageKind, to: To) -> Sequence[To]:
    """Each person that a message is for, once."""
    if to.house_id is not None:
        found = on_duty(ctx, to.house_id, *to.roles)
        return [To.staff(one) for one in found]
    if to.staff_id is None or wording.catalogue().kind[kind].personal:
        return [to]
    return [replace(to, staff_id=teams.answering(ctx, to.staff_id))]


def on_duty(ctx: Context, house_id: UUID, *roles: Role) -> list[UUID]:
    """Who works at a house in the first of these roles that anybody has, or their deputies."""
    for role in roles:
        if found := identity.working_at(ctx, house_id, role):
            away = teams.deputies(ctx)
            return list(dict.fromkeys(away.get(one, one) for one in found))
    return []


@admitted(by_clock)
def pass_on(ctx: Context) -> int:
    """Give the deputies what goes out today to who is away; returns how many messages.

    What a deputy has of the same already is not sent a second time.
    """
    away = teams.deputies(ctx)
    return sum(_pass_on(ctx, absent, deputy) for absent, deputy in sorted(away.items()))


def _pass_on(ctx: Context, absent: UUID, deputy: UUID) -> int:
    waiting = _waiting(ctx, absent)
    twice = update(Message).where(waiting, _has_the_same(deputy))
    gone = {"state": State.WITHDRAWN, "reason": Reason.REPLACED, "obsolete": True}
    double = _ids(twice.values(**gone))
    history.note(double, Step.REPLACED, Reason.REPLACED)
    return len(double) + len(_ids(update(Message).where(waiting).values(to_staff_id=deputy)))


def _waiting(ctx: Context, staff_id: UUID) -> Any:
    personal = [kind for kind, one in wording.catalogue().kind.items() if one.personal]
    return (
        (Message.to_staff_id == staff_id)
        & (Message.state == State.QUEUED)
        & (Message.channel == Channel.WECHAT)
        & (Message.due_at < begins_at(ctx.today + timedelta(days=1)))
        & Message.kind.not_in(personal)
    )


def _has_the_same(deputy: UUID) -> Any:
    same = select(_Theirs.id).where(
        _Theirs.to_staff_id == deputy,
        _Theirs.kind == Message.kind,
        _Theirs.subject_id == Message.subject_id,
        _Theirs.occasion == Message.occasion,
        _Theirs.channel == Message.channel,
    )
    return exists(same.correlate(Message))


def _ids(changed: Any) -> list[UUID]:
    quietly = changed.returning(Message.id).execution_options(synchronize_session=False)
    return list(db.session.execute(quietly).scalars())
