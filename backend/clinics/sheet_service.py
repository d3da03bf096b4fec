"""The rosters of the manager's houses as a file, and a file as drafts: all of it, or none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from backend import identity, network
from backend.clinics import roster_sheets
from backend.clinics.models import Allocation, Roster, RosterState
from backend.clinics.recurrence import BadRule, from_words
from backend.clinics.roster_cells import ALLOCATIONS, NO, SERVICES, YES, Cells, Column
from backend.clinics.roster_drafts import add, begin_batch, draft_all
from backend.clinics.roster_models import BatchKind
from backend.clinics.roster_plans import Plan
from backend.clinics.roster_rules import recurrence
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.policy import admitted, by_manager

NOTHING_DONE = "表格里有填写不对的地方，一行都没有导入。请按提示改好后重新上传。"
MOST_FAULTS = 200
_QUOTAS = {
    Column.REFERRAL: "referral",
    Column.FAMILY_DOCTOR: "family_doctor",
    Column.SIGNED: "signed",
}
_POINTERS = {
    "/institution_id": Column.HOUSE,
    "/expert_id": Column.EXPERT,
    "/crew": Column.CREW,
    "/rule": Column.RULE,
    "/weekday": Column.RULE,
    "/begins": Column.BEGINS,
    "/ends": Column.ENDS,
    "/capacity": Column.CAPACITY,
    "/quotas": Column.REFERRAL,
    "/starts_on": Column.STARTS_ON,
    "/ends_on": Column.ENDS_ON,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """The drafts of a file, none where it says nothing new, and how many rows are as they were."""

    rosters: Sequence[Roster]
    unchanged: int

    @property
    def batch_id(self) -> UUID | None:
        """What the drafts hang on."""
        return self.rosters[0].batch_id if self.rosters else None


@admitted(by_manager)
def export_sheet(ctx: Context) -> bytes:
    """An Excel file of what is published and not over, and of the drafts, by house and weekday."""
    rosters = _current(ctx)
    people = identity.staff(ctx, {each.expert_id for each in rosters})
    ids = {each.institution_id for each in rosters}
    houses = network.by_ids(ctx, ids | {each.institution_id for each in people.values()})
    names = {one: house.name for one, house in houses.items()}
    rows = [_row(each, people[each.expert_id], names) for each in rosters]
    return roster_sheets.written(sorted(rows, key=lambda row: str(row[Column.HOUSE])))


@admitted(by_manager)
def import_sheet(ctx: Context, file: bytes, title: str) -> Imported:
    """Draft what a file says beyond what is there; raises `Invalid` with row and column.

    A row with the number of a roster changes it; one without is new, unless the same is there.
    """
    rows = roster_sheets.read(file)
    new = list(_news(ctx, rows))
    _require_no_fault(fault for row in rows for fault in row.faults)
    try:
        drafts = draft_all(ctx, new)
    except Invalid as refusal:
        _require_no_fault(map(_in_words, refusal.faults))
        raise
    if not drafts:
        return Imported([], len(rows))
    batch = begin_batch(ctx, BatchKind.IMPORT, title)
    return Imported(add(ctx, drafts, batch), len(rows) - len(drafts))


def _news(ctx: Context, rows: Sequence[Cells]) -> Iterator[tuple[str, Plan, Roster | None]]:
    """What the rows say that is not there yet, each with its place and the roster it names."""
    known = {each.id: each for each in _current(ctx)}
    said = {each.id: _said(_own_values(each)) for each in known.values()}
    reader = _Reader(ctx, rows)
    for row in rows:
        plan, roster = reader.plan(row), _named(row, known)
        if plan is None:
            continue
        told = _said(plan.filled(ctx).values)
        if told in (said.values() if roster is None else [said[roster.id]]):
            continue
        if roster is not None and roster.state is RosterState.DRAFT:
            row.wrong(Column.ID, "这是还没有发布的草稿，请先发布或丢弃，再修改")
        yield f"/{row.number}", plan, roster


def _own_values(roster: Roster) -> Mapping[str, Any]:
    own = {name: getattr(roster, name) for name in Plan.__slots__}
    return own | {"rule": str(recurrence(roster)), "quotas": roster.quotas or None}


def _said(values: Mapping[str, Any]) -> str:
    """All that makes two rosters the same to people, whichever team it came from."""
    return repr(sorted((name, value) for name, value in values.items() if name != "team_id"))


def _require_no_fault(faults: Any) -> None:
    found = list(faults)
    if found:
        raise Invalid(NOTHING_DONE, faults=found[:MOST_FAULTS])


def _in_words(fault: Fault) -> Fault:
    _, number, field = fault.pointer.split("/")
    cells = Cells(int(number), {})
    cells.wrong(_POINTERS.get(f"/{field}", field), fault.detail)
    return cells.faults[0]


def _current(ctx: Context) -> Sequence[Roster]:
    """What is there and not over, by weekday and hour; changes not yet published left out."""
    found = select(Roster).where(
        Roster.institution_id.in_(ctx.actor.houses),
        or_(Roster.ends_on.is_(None), Roster.ends_on >= ctx.today),
        Roster.replaces_id.is_(None),
    )
    by_time = found.order_by(Roster.weekday, Roster.begins, Roster.id)
    return db.session.execute(by_time).scalars().all()


def _row(
    roster: Roster, expert: identity.Staff, houses: Mapping[UUID, str]
) -> Mapping[Column, str | int]:
    quotas = roster.quotas or {}
    return {
        Column.ID: str(roster.id),
        Column.HOUSE: houses[roster.institution_id],
        Column.EXPERT: expert.name,
        Column.EXPERT_HOUSE: houses.get(expert.institution_id, ""),
        Column.EXPERT_ID: str(expert.id),
        Column.CREW: " ".join(map(str, roster.crew)),
        Column.SPECIALTY: roster.specialty,
        Column.SERVICE: SERVICES[roster.service],
        Column.ROOM: roster.room,
        Column.FEE: roster.fee or "",
        Column.RULE: recurrence(roster).words,
        Column.BEGINS: f"{roster.begins:%H:%M}",
        Column.ENDS: f"{roster.ends:%H:%M}",
        Column.CAPACITY: roster.capacity,
        Column.ALLOCATION: ALLOCATIONS[roster.allocation],
        Column.SCARCE: YES if roster.is_scarce else NO,
        **{column: quotas.get(quota, "") for column, quota in _QUOTAS.items()},
        Column.STARTS_ON: roster.starts_on.isoformat(),
        Column.ENDS_ON: roster.ends_on.isoformat() if roster.ends_on else "",
    }


def _named(row: Cells, known: Mapping[UUID, Roster]) -> Roster | None:
    ids = row.ids(Column.ID)
    if not ids:
        return None
    found = known.get(ids[0]) if len(ids) == 1 else None
    if found is None:
        row.wrong(Column.ID, "没有找到这个排班，或它已经结束；新增的排班请把编号留空")
    return found


class _Reader:
    """Rows become plans; people and houses are looked up once for all of them."""

    def __init__(self, ctx: Context, rows: Sequence[Cells]) -> None:
        self.houses = {
            house.name: house.id for house in network.by_ids(ctx, ctx.actor.houses).values()
        }
        ids = {one for row in rows for one in _quietly(row)}
        names = {str(row.values.get(Column.EXPERT, "")).strip() for row in rows}
        self.by_id = identity.staff(ctx, ids)
        self.by_name: dict[tuple[str, str], list[UUID]] = {}
        called = identity.staff_called(ctx, names)
        places = network.by_ids(ctx, {each.institution_id for each in called})
        for each in called:
            place = places.get(each.institution_id)
            key = each.name, place.name if place else ""
            self.by_name.setdefault(key, []).append(each.id)

    def plan(self, row: Cells) -> Plan | None:
        """What a row would like, or nothing and why."""
        house, expert = self._house(row), self._expert(row)
        rule = _rule(row)
        told = {
            "institution_id": house,
            "expert_id": expert,
            "crew": row.ids(Column.CREW),
            "specialty": row.needed(Column.SPECIALTY),
            "service": row.one_of(Column.SERVICE, SERVICES),
            "room": row.needed(Column.ROOM),
            "fee": row.text(Column.FEE),
            "rule": rule,
            "begins": row.time(Column.BEGINS),
            "ends": row.time(Column.ENDS),
            "capacity": row.whole(Column.CAPACITY),
            "allocation": row.one_of(Column.ALLOCATION, ALLOCATIONS, Allocation.FIRST_COME),
            "is_scarce": row.one_of(Column.SCARCE, {True: YES, False: NO}, default=False),
            "quotas": _quotas(row),
            "starts_on": row.date(Column.STARTS_ON),
            "ends_on": row.date(Column.ENDS_ON, needed=False),
        }
        return None if row.faults else Plan(**told)

    def _house(self, row: Cells) -> UUID | None:
        name = row.needed(Column.HOUSE)
        if name is not None and name not in self.houses:
            row.wrong(Column.HOUSE, "不是您管理的机构，请核对全称")
        return self.houses.get(name or "")

    def _expert(self, row: Cells) -> UUID | None:
        ids = row.ids(Column.EXPERT_ID)
        name = row.needed(Column.EXPERT)
        if ids:
            person = self.by_id.get(ids[0])
            if len(ids) > 1 or person is None or person.name != name:
                row.wrong(Column.EXPERT_ID, "编号和姓名对不上，请核对，或把编号留空")
            return ids[0]
        found = self.by_name.get((name or "", row.text(Column.EXPERT_HOUSE) or ""), [])
        if name and len(found) != 1:
            told = "没有找到这位专家" if not found else "同一单位有几位同名的专家"
            row.wrong(Column.EXPERT, f"{told}，请核对姓名和单位，或填专家编号")
        return found[0] if len(found) == 1 else None


def _quietly(row: Cells) -> Iterator[UUID]:
    yield from Cells(row.number, row.values).ids(Column.EXPERT_ID)


def _rule(row: Cells) -> str | None:
    text = row.needed(Column.RULE)
    try:
        return str(from_words(text)) if text else None
    except BadRule as wrong:
        row.wrong(Column.RULE, str(wrong))
        return None


def _quotas(row: Cells) -> Mapping[str, int] | None:
    found = {quota: row.whole(column, needed=False) for column, quota in _QUOTAS.items()}
    told = {quota: count for quota, count in found.items() if count is not None}
    return told or None
