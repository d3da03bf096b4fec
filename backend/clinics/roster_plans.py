"""What a manager would like to arrange, and what cannot be right about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from backend import identity, teams
from backend.clinics.models import UNBOOKABLE, Allocation, Roster, Service
from backend.clinics.recurrence import BadRule, parse
from backend.clinics.rules import fits, policy_of
from backend.kernel.context import Context, Role
from backend.kernel.errors import Fault

EXPERTS = frozenset({Role.SPECIALIST, Role.DOCTOR, Role.NURSE})
LARGEST_CREW = 20
FARTHEST = timedelta(days=3660)  # as far as anybody plans
WORDS = {
    "/institution_id": "只能在您管理的机构安排门诊",
    "/expert_id": "没有找到这位专家，请核对",
    "/team_id": "没有找到这个团队，或团队里没有可以坐诊的人，请核对",
    "/crew": f"同行人员里有人不能坐诊、重复，或超过 {LARGEST_CREW} 人，请核对",
    "/weekday": "请写明周几，或写明重复规则；两个都写时应一致",
    "/ends": "结束时间应晚于开始时间",
    "/capacity": "号数太多或太少：每个号至少要有一分钟；查房和带教不放号，填 0",
    "/quotas": "分给各类居民的号加起来不能超过总号数，类别以本地规定为准",
    "/starts_on": "开始日期不能早于今天，也不能在十年以后，请核对",
    "/ends_on": "结束日期不能早于开始日期",
}
WHOSE = "请填写专家或团队其中一项"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a manager arranges: who (an expert, or a team), by which rule, where, for how many.

    `weekday` is short for a rule of each week; `crew` comes along with the expert.
    """

    specialty: str
    service: Service
    room: str
    fee: str | None
    begins: time
    ends: time
    capacity: int
    starts_on: date
    ends_on: date | None
    expert_id: UUID | None = None
    team_id: UUID | None = None
    crew: tuple[UUID, ...] = ()
    weekday: int | None = None
    rule: str | None = None
    institution_id: UUID | None = None
    allocation: Allocation = Allocation.FIRST_COME
    is_scarce: bool = False
    quotas: Mapping[str, int] | None = None

    def filled(self, ctx: Context) -> "Plan":
        """With what it leaves to us: the own house, the rule in full, the people of a team."""
        return replace(
            self,
            institution_id=self.institution_id or ctx.actor.institution,
            **self._people(ctx),
            **self._rule(),
        )

    def _rule(self) -> Mapping[str, Any]:
        try:
            told = parse(self.rule or "FREQ=WEEKLY", self.weekday)
        except BadRule:
            return {}
        fits_weekday = self.weekday in {None, *(day for _, day in told.days)}
        return {"rule": str(told), "weekday": told.weekday} if fits_weekday else {}

    def _people(self, ctx: Context) -> Mapping[str, Any]:
        """Of a team its lead, and those of it who hold clinics."""
        if self.team_id is None or self.expert_id is not None:
            return {}
        found = teams.members_of(ctx, self.team_id)
        people = identity.staff(ctx, found)
        able = [each for each in found if each in people and may_sit(ctx, people[each])]
        return {"expert_id": able[0], "crew": tuple(able[1:])} if able else {}

    @property
    def values(self) -> Mapping[str, Any]:
        """The columns of a roster."""
        return {name: getattr(self, name) for name in Plan.__slots__} | {
            "crew": list(self.crew),
            "quotas": dict(self.quotas) if self.quotas else None,
        }


def may_sit(ctx: Context, person: identity.Staff) -> bool:
    """Whether somebody treats people, and has not left."""
    return person.works(ctx.at) and person.role in EXPERTS


def faults(
    ctx: Context, told: Plan, filled: Plan, replaced: Roster | None = None
) -> Sequence[Fault]:
    """What cannot be right, whatever else is arranged; pointers into the plan as it was told."""
    return [*_of_people(ctx, told, filled), *_of_rule(told), *_of_values(ctx, filled, replaced)]


def _of_people(ctx: Context, told: Plan, filled: Plan) -> Iterator[Fault]:
    if (told.expert_id is None) == (told.team_id is None):
        yield Fault("/expert_id", WHOSE)
        return
    if filled.expert_id is None:
        yield Fault("/team_id", WORDS["/team_id"])
        return
    people = identity.staff(ctx, [filled.expert_id, *filled.crew])
    able = {each for each, person in people.items() if may_sit(ctx, person)}
    if filled.expert_id not in able:
        yield Fault("/expert_id", WORDS["/expert_id"])
    distinct = set(filled.crew) - {filled.expert_id}
    if len(distinct) < len(filled.crew) or len(distinct) > LARGEST_CREW or distinct - able:
        yield Fault("/crew", WORDS["/crew"])


def _of_rule(told: Plan) -> Iterator[Fault]:
    if told.rule is None and told.weekday is None:
        yield Fault("/weekday", WORDS["/weekday"])
        return
    try:
        found = parse(told.rule or "FREQ=WEEKLY", told.weekday)
    except BadRule as wrong:
        yield Fault("/rule", str(wrong))
        return
    if told.weekday is not None and told.weekday not in {day for _, day in found.days}:
        yield Fault("/weekday", WORDS["/weekday"])


def _of_values(ctx: Context, plan: Plan, replaced: Roster | None) -> Iterator[Fault]:
    in_order = plan.begins < plan.ends
    begun = replaced is not None and plan.starts_on == replaced.starts_on
    wrong = {
        "/institution_id": plan.institution_id not in ctx.actor.houses,
        "/ends": not in_order,
        "/capacity": in_order and not _is_sized(plan),
        "/quotas": plan.quotas is not None and not _is_shared_out(ctx, plan, plan.quotas),
        "/starts_on": not begun and not ctx.today <= plan.starts_on <= ctx.today + FARTHEST,
        "/ends_on": plan.ends_on is not None
        and plan.ends_on < max(plan.starts_on, ctx.today if begun else plan.starts_on),
    }
    yield from (Fault(pointer, WORDS[pointer]) for pointer, is_wrong in wrong.items() if is_wrong)


def _is_sized(plan: Plan) -> bool:
    if plan.service in UNBOOKABLE:
        return plan.capacity == 0
    return fits(plan.begins, plan.ends, plan.capacity)


def _is_shared_out(ctx: Context, plan: Plan, quotas: Mapping[str, int]) -> bool:
    known = {rule.quota for rule in policy_of(ctx.region).quotas}
    counts = quotas.values()
    return quotas.keys() <= known and min(counts, default=0) >= 0 and sum(counts) <= plan.capacity
