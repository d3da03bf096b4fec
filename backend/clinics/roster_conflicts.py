"""What would go wrong, or change for somebody, if rosters were published: shown before they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from backend.clinics import roster_queries
from backend.clinics.models import ClinicSession, Roster
from backend.clinics.roster_rules import Almanac, Board, Clash, Sitting, policy_of
from backend.kernel.context import Context


class Trouble(StrEnum):
    """What there is to know; the first three forbid publishing."""

    EXPERT_ELSEWHERE = Clash.EXPERT_ELSEWHERE
    TRAVEL_TOO_SHORT = Clash.TRAVEL_TOO_SHORT
    ROOM_TAKEN = Clash.ROOM_TAKEN
    NEVER_HELD = "never_held"
    HOUSE_CLOSED = "house_closed"
    BOOKED = "booked"


HARD = frozenset(
    {Trouble.EXPERT_ELSEWHERE, Trouble.TRAVEL_TOO_SHORT, Trouble.ROOM_TAKEN, Trouble.NEVER_HELD}
)
POINTERS = {
    Trouble.EXPERT_ELSEWHERE: "/begins",
    Trouble.TRAVEL_TOO_SHORT: "/begins",
    Trouble.ROOM_TAKEN: "/room",
    Trouble.NEVER_HELD: "/rule",
    Trouble.HOUSE_CLOSED: "/rule",
    Trouble.BOOKED: "/begins",
}
WORDS = {
    Trouble.EXPERT_ELSEWHERE: "这位专家这个时间已有别的门诊，请换个时间",
    Trouble.TRAVEL_TOO_SHORT: "这位专家同一天在另一处坐诊，路上时间不够，请把两场隔开一些",
    Trouble.ROOM_TAKEN: "这个诊室这个时间已有别的门诊，请换诊室或时间",
    Trouble.NEVER_HELD: "按这个规则和起止日期，一次也不会开诊，请核对",
    Trouble.HOUSE_CLOSED: "这些天是节假日，不开诊；要开请加例外日期",
    Trouble.BOOKED: "这一场已有人预约，发布后仍按原来的安排，请逐场决定",
}
HOLIDAYS_SHOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One trouble of one draft: since which day, on how many, with which other roster.

    Of a session with bookings which one, and how many people it concerns.
    """

    roster_id: UUID
    trouble: Trouble
    first_on: date
    days: int
    other_id: UUID | None = None
    session_id: UUID | None = None
    booked: int | None = None

    @property
    def is_hard(self) -> bool:
        """Whether it forbids publishing."""
        return self.trouble in HARD

    @property
    def pointer(self) -> str:
        """The field of the roster that would have to change."""
        return POINTERS[self.trouble]

    @property
    def detail(self) -> str:
        """What is wrong, and what can be done."""
        return WORDS[self.trouble]


def findings(ctx: Context, drafts: Sequence[Roster]) -> Sequence[Finding]:
    """Everything there is to know before these drafts are published, the hard ones first."""
    begun = max([ctx.today, *(draft.starts_on for draft in drafts)])
    last = begun + timedelta(days=policy_of(ctx.region).checked_days)
    but = {each.replaces_id or each.id for each in drafts}
    others = roster_queries.beside(roster_queries.places(drafts), ctx.today, last, but)
    everybody = [*others, *drafts]
    almanac = roster_queries.almanac(ctx, everybody, ctx.today)
    board = roster_queries.board(ctx, {each.institution_id for each in everybody})
    for other in others:
        for sitting in almanac.sittings(other, ctx.today, last):
            board.put(sitting)
    found = [
        finding
        for draft in drafts
        for finding in [
            *_clashes(ctx, draft, almanac, board, last),
            *_closed(ctx, draft, almanac),
            *_booked(ctx, draft, almanac, last),
        ]
    ]
    return sorted(found, key=lambda each: not each.is_hard)


def _clashes(
    ctx: Context, draft: Roster, almanac: Almanac, board: Board, last: date
) -> Iterator[Finding]:
    """Each pair of rosters once; later drafts are measured against this one too."""
    found: dict[tuple[Clash, UUID | None], Finding] = {}
    first = max(ctx.today, draft.starts_on)
    sittings = list(almanac.sittings(draft, first, last))
    for sitting in sittings:
        for clash, other in board.clashes(sitting):
            key = clash, other.roster_id
            before = found.get(key) or _clash(draft, clash, other)
            found[key] = replace(before, days=before.days + 1)
    for sitting in sittings:
        board.put(sitting)
    if not sittings:
        yield Finding(roster_id=draft.id, trouble=Trouble.NEVER_HELD, first_on=first, days=0)
    yield from found.values()


def _clash(draft: Roster, clash: Clash, other: Sitting) -> Finding:
    return Finding(
        roster_id=draft.id,
        trouble=Trouble(clash),
        first_on=other.day,
        days=0,
        other_id=other.roster_id,
    )


def _closed(ctx: Context, draft: Roster, almanac: Almanac) -> Iterator[Finding]:
    days = list(almanac.closed(draft, ctx.today, ctx.today + HOLIDAYS_SHOWN))
    if days:
        yield Finding(
            roster_id=draft.id, trouble=Trouble.HOUSE_CLOSED, first_on=days[0], days=len(days)
        )


def _booked(ctx: Context, draft: Roster, almanac: Almanac, last: date) -> Iterator[Finding]:
    """The sessions of the roster it replaces that people have seats in and that would differ."""
    if draft.replaces_id is None:
        return
    theirs = ClinicSession.roster_id == draft.replaces_id
    wanted = {sitting.day: sitting for sitting in almanac.sittings(draft, ctx.today, last)}
    for session in roster_queries.coming(ctx, theirs, ClinicSession.taken > 0):
        if differs(session, wanted.get(session.day)):
            yield Finding(
                roster_id=draft.id,
                trouble=Trouble.BOOKED,
                first_on=session.day,
                days=1,
                session_id=session.id,
                booked=session.taken,
            )


def differs(session: ClinicSession, promised: Sitting | None) -> bool:
    """Whether a session is not what its roster promises of its day."""
    if promised is None:
        return True
    made = roster_queries.sitting_of(session)
    return replace(made, roster_id=promised.roster_id) != promised
