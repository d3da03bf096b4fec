"""What can be done: apply, accept, confirm, and every honest way out."""

import hashlib
from datetime import date
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backend import teams
from backend.contracting import policy, queries, rules
from backend.contracting.agreement import Wording
from backend.contracting.ending import end
from backend.contracting.errors import (
    AgreementChanged,
    AlreadySigned,
    DoctorFull,
    NotAccepting,
    ReasonNotYours,
    TeamDoctorNeeded,
    TeamFull,
    TermNotOffered,
)
from backend.contracting.events import (
    ContractAccepted,
    ContractActivated,
    ContractApplied,
    ContractDeclined,
    ContractWithdrawn,
    DoctorChanged,
)
from backend.contracting.models import LIFE, Act, Agreement, Contract, Package, State
from backend.contracting.rules import EndReason
from backend.kernel import relations
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock, by_manager, permitted
from backend.kernel.relations import Kind
from backend.kernel.transaction import attempt

AT_ONCE = 500


@admitted(policy.to_apply)
def apply(ctx: Context, team_id: UUID, months: int, package: Package = Package.BASIC) -> Contract:
    """Ask a team to be one's own for so many months.

    Raises `NotFound`, `TermNotOffered`, `NotAccepting`, `TeamFull`, `AlreadySigned`.
    """
    team = teams.profile(ctx, team_id)
    _offered(ctx, months)
    _free(ctx)
    _open(ctx, team)
    contract = Contract(
        resident_id=ctx.person,
        team_id=team_id,
        institution_id=team.institution.id,
        package=package,
        months=months,
        state=State.APPLIED,
        applied_at=ctx.at,
        applied_by=ctx.actor.id,
        by_kinship=ctx.by_kinship,
    )
    _insert(contract)
    relations.relate(ctx, ctx.person, team_id, Kind.APPLIED, source_id=contract.id)
    record(ctx, ContractApplied(ctx.person, contract.id, team_id))
    return contract


@permitted(policy.team_doctor)
def accept(ctx: Context, contract: Contract) -> Contract:
    """Say yes for the team and become the family doctor; a deputy says it for who is away (FD-4).

    Raises `TeamDoctorNeeded`, `DoctorFull`.
    """
    state = LIFE.after(contract.state, Act.ACCEPT)
    doctor_id = teams.own_doctor(ctx, contract.team_id, ctx.actor.id)
    if doctor_id is None:
        raise TeamDoctorNeeded
    _room(ctx, doctor_id)

    contract.state, contract.doctor_id = state, doctor_id
    contract.answered_at, contract.answered_by = ctx.at, ctx.actor.id
    record(
        ctx,
        ContractAccepted(contract.resident_id, contract.id, contract.team_id, doctor_id),
    )
    return contract


@permitted(policy.team_doctor)
def decline(ctx: Context, contract: Contract, because: str) -> Contract:
    """Say no for the team; the resident reads why."""
    contract.state = LIFE.after(contract.state, Act.DECLINE)
    contract.answered_at, contract.answered_by = ctx.at, ctx.actor.id
    contract.declined_because = because
    relations.part(ctx, [contract.id])
    record(ctx, ContractDeclined(contract.resident_id, contract.id, contract.team_id))
    return contract


@permitted(policy.own)
def confirm(ctx: Context, contract: Contract, version: str, sha256: str) -> Contract:
    """Agree to the exact text that was read: from today both sides are bound.

    Raises `AgreementChanged` where the text now has another version or hash, `DoctorFull`.
    """
    state = LIFE.after(contract.state, Act.CONFIRM)
    text = queries.agreement(ctx, contract)
    if text is None or (text.version, text.sha256) != (version, sha256.lower()):
        raise AgreementChanged
    if contract.doctor_id is not None:
        _turn(contract.doctor_id)
        _room(ctx, contract.doctor_id)

    last_day = rules.ends_on(ctx.today, contract.months)
    contract.state, contract.agreement = state, _agreed(ctx, text)
    contract.starts_on, contract.ends_on = ctx.today, last_day
    relations.part(ctx, [contract.id])
    relations.relate(
        ctx,
        contract.resident_id,
        contract.team_id,
        Kind.SIGNED,
        source_id=contract.id,
        until=rules.lapses_at(last_day),
    )
    record(ctx, ContractActivated(contract.resident_id, contract.id, contract.team_id))
    return contract


@permitted(policy.own)
def withdraw(ctx: Context, contract: Contract) -> Contract:
    """Take an application back before it is a contract."""
    contract.state = LIFE.after(contract.state, Act.WITHDRAW)
    contract.closed_at, contract.closed_by = ctx.at, ctx.actor.id
    contract.ended_by_kinship = ctx.by_kinship
    relations.part(ctx, [contract.id])
    record(ctx, ContractWithdrawn(contract.resident_id, contract.id, contract.team_id))
    return contract


@permitted(policy.own)
def terminate(ctx: Context, contract: Contract, reason: EndReason) -> Contract:
    """End the contract before its last day, now and without cost; raises `ReasonNotYours`."""
    state = LIFE.after(contract.state, Act.TERMINATE)
    if reason not in rules.BY_RESIDENT:
        fault = Fault("/reason", ReasonNotYours.advice)
        raise ReasonNotYours(clause="FD-13", faults=[fault])
    end(ctx, [contract], state, reason, ctx.actor.id)
    return contract


@permitted(policy.oneself)
def dispute(ctx: Context, contract: Contract) -> Contract:
    """签约异议, "this was not me": the contract ends at once and counts for nobody."""
    state = LIFE.after(contract.state, Act.DISPUTE)
    end(ctx, [contract], state, EndReason.DISPUTED, ctx.actor.id)
    return contract


@admitted(by_clock)
def expire(ctx: Context, limit: int = AT_ONCE) -> int:
    """End the contracts whose last day is over; returns how many. None renews by itself."""
    over = list(db.session.execute(queries.overdue(ctx.today, limit)).scalars())
    end(ctx, over, LIFE.after(State.ACTIVE, Act.EXPIRE), EndReason.EXPIRED, None)
    return len(over)


@admitted(by_clock)
def leave(ctx: Context, resident_id: UUID, reason: EndReason, known_on: date) -> None:
    """End the contract of somebody who died or moved away; one made after that day stands."""
    contract = queries.hold_live(resident_id)
    if contract is None or contract.starts_on is None or contract.starts_on > known_on:
        return
    end(ctx, [contract], LIFE.after(contract.state, Act.TERMINATE), reason, None)


@admitted(by_manager)
def hand_over(ctx: Context, doctor_id: UUID, successor_id: UUID) -> int:
    """Make a colleague of the team the family doctor of those who had this one (FD-12).

    They are told, and may leave as ever; raises `DoctorFull`. Contracts of teams that the successor
    does not belong to stay. Returns how many changed.
    """
    _turn(successor_id)
    theirs = queries.of_doctor(ctx, doctor_id).with_for_update()
    shared = [
        row
        for row in db.session.execute(theirs).scalars()
        if successor_id in teams.members_of(ctx, row.team_id)
    ]
    if queries.doctors_load(ctx, successor_id) + len(shared) > queries.capacity(ctx, 1):
        raise DoctorFull
    for row in shared:
        row.doctor_id = successor_id
    record(
        ctx,
        *(
            DoctorChanged(row.resident_id, row.id, row.team_id, successor_id, ctx.at)
            for row in shared
        ),
    )
    return len(shared)


def _offered(ctx: Context, months: int) -> None:
    offered = queries.terms(ctx).terms_months
    if months not in offered:
        choices = "、".join(f"{term} 个月" for term in offered)
        detail = f"可以选择的签约期限是：{choices}。"
        raise TermNotOffered(detail, clause="FD-3", faults=[Fault("/months", detail)])


def _free(ctx: Context) -> None:
    """FD-2. A contract that is over but not yet swept stands in nobody's way."""
    before = queries.hold_live(ctx.person)
    if before is None:
        return
    if before.state is not State.ACTIVE or (before.ends_on or ctx.today) >= ctx.today:
        raise AlreadySigned(_in_the_way(ctx, before))
    state = LIFE.after(before.state, Act.EXPIRE)
    end(ctx, [before], state, EndReason.EXPIRED, None)
    db.session.flush()


def _in_the_way(ctx: Context, before: Contract) -> str:
    team = teams.find(ctx, before.team_id).name
    if before.state is State.ACTIVE:
        return (
            f"您已与“{team}”签约，有效期到 {before.ends_on}，同一时间只能与一个团队签约。"
            "如要更换，请先在“我的签约”里解除这份签约，再申请新的团队。"
        )
    return (
        f"您已向“{team}”申请签约，正在办理中，同一时间只能向一个团队申请。"
        "如要更换，请先在“我的签约”里撤回这次申请。"
    )


def _open(ctx: Context, team: teams.Profile) -> None:
    if not team.team.is_accepting:
        raise NotAccepting
    if team.signed >= queries.capacity(ctx, team.doctors):
        raise TeamFull


def _insert(contract: Contract) -> None:
    try:
        with attempt():
            db.session.add(contract)
            db.session.flush()
    except IntegrityError as refused:
        if isinstance(refused.orig, pg.UniqueViolation):
            raise AlreadySigned from refused
        raise


def _turn(doctor_id: UUID) -> None:
    """Confirmations with one doctor take turns, so that two cannot take the last place."""
    db.session.execute(select(func.pg_advisory_xact_lock(doctor_id.int % 2**63)))


def _room(ctx: Context, doctor_id: UUID) -> None:
    if queries.doctors_load(ctx, doctor_id) >= queries.capacity(ctx, 1):
        raise DoctorFull


def _agreed(ctx: Context, text: Wording) -> Agreement:
    return Agreement(
        version=text.version,
        content=text.content,
        digest=hashlib.sha256(text.content).digest(),
        account_id=ctx.actor.id,
        agreed_at=ctx.at,
        by_kinship=ctx.by_kinship,
    )
