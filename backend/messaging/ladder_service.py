"""Goes on to the next channel where one did not reach the person; late or twice, each once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from backend import identity, teams
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock
from backend.messaging import duty, fence, history, ladder_queries, wording
from backend.messaging.call_models import CallItem
from backend.messaging.ladder_queries import Found
from backend.messaging.ladder_rules import is_over, next_channel
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.recipients import To
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.service import queue
from backend.messaging.wording import Channel, MessageKind

HEAVIEST = 9
CARRIED = (
    "kind",
    "to_resident_id",
    "to_staff_id",
    "to_account_id",
    "subject_id",
    "occasion",
    "template_id",
    "content",
    "page",
    "urgent",
    "expires_at",
    "collapse_key",
)
DESK = (Role.NURSE, Role.PUBLIC_HEALTH, Role.COORDINATOR, Role.MANAGER)


@admitted(by_clock)
def climb(ctx: Context, limit: int = ladder_queries.ENOUGH) -> int:
    """Let up to `limit` messages go on to their next channel, or end there; returns how many.

    Each is looked at by one process: it is locked, and does not climb once that is committed.
    """
    return _climb(ctx, ladder_queries.ready(ctx, limit))


@admitted(by_clock)
def climb_one(ctx: Context, message_id: UUID) -> None:
    """As `climb`, of one alone, where one of several stands in the way of the others."""
    _climb(ctx, ladder_queries.ready(ctx, 1, Message.id == message_id))


@admitted(by_clock)
def climb_past(ctx: Context, limit: int = ladder_queries.ENOUGH) -> int:
    """What cannot wait leaves a channel that does not go, where another follows; returns how many.

    Nothing does while the send fence is up. On the channel that it left it is sent no more.
    """
    if fence.stands():
        return 0
    ids = ladder_queries.undisturbed(ladder_queries.stuck(ctx, limit))
    due = [one for one in _due(ctx, ids) if next_channel(one.rung, _wording(one))[0] is not None]
    _go_on(ctx, due)
    _tell_colleagues(ctx, [one for one in due if one.message.to_staff_id is not None])
    left = update(Message).where(Message.id.in_([one.message.id for one in due]))
    gone = {"state": State.WITHDRAWN, "reason": Reason.NOT_REACHED, "climbs": False}
    db.session.execute(left.values(**gone).execution_options(synchronize_session=False))
    return len(due)


def _due(ctx: Context, ids: Sequence[UUID]) -> list[Found]:
    found = ladder_queries.found(ctx, ids)
    return [one for one in found if not is_over(one.rung, _wording(one), ctx.at)]


def _climb(ctx: Context, locked: Sequence[UUID]) -> int:
    ids = ladder_queries.undisturbed(locked)
    due = _due(ctx, ids)
    _go_on(ctx, due)
    _tell_colleagues(ctx, [one for one in due if one.message.to_staff_id is not None])
    over = update(Message).where(Message.id.in_(ids)).values(climbs=False)
    db.session.execute(over.execution_options(synchronize_session=False))
    return len(ids)


@admitted(by_clock)
def stop_calls(ctx: Context) -> int:
    """Nobody is called about what came too late or is not wanted any more; returns how many."""
    gone = (
        update(Message)
        .where(ladder_queries.silent(ctx.at))
        .values(state=State.WITHDRAWN, reason=Reason.UNWELCOME, obsolete=True)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(db.session.execute(gone).scalars())
    history.note(ids, Step.WITHDRAWN, Reason.UNWELCOME)
    return len(ids)


def _wording(found: Found) -> wording.Wording:
    return wording.catalogue().kind[found.message.kind]


def _go_on(ctx: Context, due: Sequence[Found]) -> None:
    chosen = [(one, *next_channel(one.rung, _wording(one))) for one in due]
    rows = [_row(ctx, one, channel) for one, channel, _ in chosen if channel is not None]
    if rows:
        new = insert(Message).values(rows).on_conflict_do_nothing().returning(Message.id)
        _list(ctx, rows, set(db.session.execute(new).scalars()), due)
    steps: dict[Reason | None, list[UUID]] = defaultdict(list)
    for one, channel, passed in chosen:
        for skipped in passed:
            steps[one.rung.barred[skipped]].append(one.message.id)
        if channel is not None:
            steps[one.message.reason].append(one.message.id)
    for reason, ids in steps.items():
        history.note(ids, Step.NEXT_CHANNEL, reason)


def _row(ctx: Context, found: Found, channel: Channel) -> dict[str, Any]:
    """The message on its next channel: at once where it is urgent, else not in the quiet hours."""
    last = found.message
    policy = ctx.region.section("messaging", MessagingPolicy)
    same = {name: getattr(last, name) for name in CARRIED}
    return same | {
        "id": new_id(),
        "channel": channel,
        "first_id": found.first_id,
        "due_at": ctx.at if last.urgent else after_quiet(ctx.at, policy),
        "created_at": ctx.at,
        "climbs": True,
    }


def _list(
    ctx: Context, rows: Sequence[Mapping[str, Any]], added: Collection[UUID], due: Sequence[Found]
) -> None:
    """Put on the lists of their houses whom somebody has to call, and tell who calls."""
    house_of = {one.first_id: one.house_id for one in due}
    called = [row for row in rows if row["id"] in added and row["channel"] is Channel.CALL]
    listed = [
        {"id": new_id(), "message_id": row["id"], "institution_id": house, "listed_at": ctx.at}
        | {"rank": HEAVIEST - wording.catalogue().kind[row["kind"]].weight}
        for row in called
        if (house := house_of[row["first_id"]]) is not None
    ]
    if listed:
        db.session.execute(insert(CallItem), listed)
    for house in {item["institution_id"] for item in listed}:
        ask_to_call(ctx, house, f"{ctx.today}")


@admitted(by_clock)
def ask_to_call(ctx: Context, house_id: UUID, occasion: str) -> None:
    """Once an occasion, as a day: the list itself tells the rest."""
    to, kind = To.on_duty(house_id, *DESK), MessageKind.CALL_TO_MAKE
    queue(ctx, kind, to, house_id, occasion, {})


def _tell_colleagues(ctx: Context, due: Sequence[Found]) -> None:
    """What one of the staff did not get or read, the team's lead has as well, at once.

    Where that is the lead, the managers of the house; who was told of it already is not again.
    """
    for one in due:
        rows = [_to_colleague(ctx, one, colleague) for colleague in _colleagues(ctx, one)]
        if rows:
            db.session.execute(insert(Message).values(rows).on_conflict_do_nothing())


def _colleagues(ctx: Context, found: Found) -> Sequence[UUID]:
    told = found.message.to_staff_id
    if told is None:
        return []
    if leads := teams.led_by(ctx, told):
        return leads
    own = identity.staff(ctx, [told])[told].institution_id
    managers = duty.on_duty(ctx, own, Role.MANAGER) if own else []
    return [one for one in managers if one != told]


def _to_colleague(ctx: Context, found: Found, staff_id: UUID) -> dict[str, Any]:
    """A message of its own, of which nothing further follows."""
    row = _row(ctx, found, Channel.WECHAT)
    return row | {"first_id": None, "to_staff_id": staff_id, "climbs": False}
