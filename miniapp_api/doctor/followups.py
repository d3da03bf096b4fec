"""随访工作: the team's tasks, taking them on, writing down what was found or why nothing was."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from backend import followups, identity
from backend.followups import Findings, FollowUp, Lifestyle, Measurement, State, Task
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, creates, gives, lists, page_of, takes
from miniapp_api.followup_schemas import (
    AttemptedSchema,
    AttemptSchema,
    EnrolmentSchema,
    FollowUpSchema,
    JudgedSchema,
    ReadingSchema,
    ResultSchema,
    TaskDetailSchema,
    TaskSchema,
    TasksQuery,
)

api = Api("followups", Audience.DOCTOR)


@dataclass(frozen=True, slots=True)
class Closed:
    """A follow-up just closed and the one that comes after it."""

    visit: FollowUp
    next: FollowUp | None

    @property
    def resident_id(self) -> UUID:
        """Whose record is shown."""
        return self.visit.resident_id


@dataclass(frozen=True, slots=True)
class Detail(Closed):
    """One task with what the resident measured at home in answer to it."""

    task: Task
    answers: list[Measurement]


@api.get("/follow-ups")
@lists(TasksQuery)
@gives(page_of(TaskSchema))
def tasks(
    ctx: Context, *, wanted: Wanted, state: State | None = None, due_before: date | None = None
) -> Page[Task]:
    """随访任务 · Open ones unless a state is named; the longest overdue first."""
    return followups.tasks(ctx, wanted, state, due_before)


@api.get("/follow-ups/<uuid:followup_id>")
@gives(TaskDetailSchema)
def task(ctx: Context, followup_id: UUID) -> Detail:
    """随访详情 · With the home readings given in answer, and what came after."""
    found = followups.task(ctx, followup_id)
    after = followups.successor(ctx, found.visit)
    return Detail(found.visit, after, found, list(followups.answers(ctx, found.visit)))


@api.post("/follow-ups/<uuid:followup_id>/acknowledgement")
@gives(FollowUpSchema)
def acknowledge(ctx: Context, followup_id: UUID) -> FollowUp:
    """接手随访 · The first one takes it on; a second one is refused."""
    return followups.acknowledge(ctx, followups.hold(ctx, followup_id))


@api.post("/follow-ups/<uuid:followup_id>/result")
@takes(ResultSchema)
@gives(JudgedSchema)
def complete(
    ctx: Context, followup_id: UUID, *, taken_on: date | None = None, **found: Any
) -> Closed:
    """记录随访 · The answer carries what the standard advises, why, and the next follow-up."""
    findings = Findings(**found | {"lifestyle": Lifestyle(**found.get("lifestyle", {}))})
    visit = followups.complete(ctx, followups.hold(ctx, followup_id), findings, taken_on)
    return Closed(visit, followups.successor(ctx, visit))


@api.post("/follow-ups/<uuid:followup_id>/attempt")
@takes(AttemptSchema)
@gives(AttemptedSchema)
def miss(ctx: Context, followup_id: UUID, **said: Any) -> Closed:
    """未能随访 · Why no reading came of it; never counted as done."""
    visit = followups.miss(ctx, followups.hold(ctx, followup_id), **said)
    return Closed(visit, followups.successor(ctx, visit))


@api.get("/residents/<uuid:resident_id>/readings")
@lists(PageQuery)
@gives(page_of(ReadingSchema))
def readings(ctx: Context, resident_id: UUID, *, wanted: Wanted) -> Page[Measurement]:
    """居民血压记录 · Of visits and from home, newest first."""
    return followups.readings_of(ctx, identity.resident(ctx, resident_id), wanted)


@api.post("/residents/<uuid:resident_id>/enrolments")
@takes(EnrolmentSchema)
@creates(FollowUpSchema)
def enrol(ctx: Context, resident_id: UUID, **facts: Any) -> FollowUp:
    """纳入随访管理 · Answers the first follow-up."""
    return followups.enrol(ctx, identity.resident(ctx, resident_id), **facts)
