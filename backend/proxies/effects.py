"""How a mandate begins and ends: limits kept under concurrency, relations with their dates."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from backend.identity import NotYourPerson, Resident
from backend.kernel import relations
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault
from backend.kernel.events import record
from backend.kernel.relations import Kind
from backend.proxies import queries, rules
from backend.proxies.errors import (
    AdultsOnly,
    KinshipNotFit,
    NotAMinor,
    NotForOneself,
    TermTooLong,
    TooManyPeople,
    TooManyProxies,
)
from backend.proxies.events import ProxyBegan, ProxyDeclined, ProxyEnded
from backend.proxies.models import LIFE, SAYING_NO, Act, EndReason, Mandate, State

CLAUSE = "家庭代办"


def new_mandate(ctx: Context, terms: rules.Terms, state: State) -> Mandate:
    """What both sides will have agreed on; raises `TermTooLong`, `KinshipNotFit`."""
    figures = rules.policy_of(ctx.region)
    last = rules.last_day(ctx.today, figures)
    if not ctx.today <= terms.starts_on <= terms.ends_on <= last:
        detail = f"授权从今天或以后开始，最晚到 {last} 为止。"
        raise TermTooLong(detail, clause=CLAUSE, faults=[Fault("/ends_on", detail)])
    if terms.kinship not in rules.OF_FAMILY:
        raise KinshipNotFit(clause=CLAUSE, faults=[Fault("/kinship", KinshipNotFit.advice)])
    return Mandate(
        is_guardian=False,
        kinship=terms.kinship,
        scopes=rules.written(terms.scopes),
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        state=state,
        made_at=ctx.at,
        expires_at=ctx.at + timedelta(hours=figures.answer_within_hours),
    )


def say_no(ctx: Context, mandate: Mandate) -> None:
    """End what is active; close what waits."""
    act = SAYING_NO.get(mandate.state, Act.REVOKE)
    if mandate.state is State.ACTIVE:
        end(ctx, mandate, act, EndReason.REVOKED, ctx.actor.id)
        return
    close(mandate, act)
    if mandate.principal_id is not None:
        record(ctx, ProxyDeclined(mandate.principal_id, mandate.id))


def close(mandate: Mandate, act: Act) -> None:
    """What waits will not begin; the code is void, the name is forgotten."""
    mandate.state = LIFE.after(mandate.state, act)
    mandate.code_index = mandate.invited_name = None


def require_waiting(ctx: Context, mandate: Mandate) -> None:
    """Raise `IllegalMove` for what waited too long and is not swept yet."""
    if mandate.state is not State.ACTIVE and mandate.expires_at <= ctx.at:
        LIFE.after(State.LAPSED, Act.CONFIRM)


def begin(ctx: Context, mandate: Mandate, act: Act) -> None:
    """Let the family member act from the first day on; what the pair had before is replaced.

    Raises `IllegalMove`, `NotForOneself`, `AdultsOnly`, `NotAMinor`, `TooManyProxies`,
    `TooManyPeople`.
    """
    state = LIFE.after(mandate.state, act)
    principal, proxy = take_turns(*mandate.sides)
    require_fit(ctx, principal, proxy, mandate.is_guardian)
    _replace(ctx, principal.id, proxy.id)
    _require_room(ctx, principal.id, proxy.id)

    mandate.state, mandate.confirmed_at, mandate.code_index = state, ctx.at, None
    _relate(ctx, mandate, principal, proxy)
    if mandate.narrows_on is not None and mandate.narrows_on <= ctx.today:
        mandate.narrowing_told_at = ctx.at
    record(ctx, ProxyBegan(principal.id, mandate.id, proxy.id, mandate.is_guardian))


def end(ctx: Context, mandate: Mandate, act: Act, reason: EndReason, who: UUID | None) -> None:
    """Let the family member act no more; waits for acts that are being committed."""
    person, proxy = mandate.sides
    mandate.state = LIFE.after(mandate.state, act)
    mandate.ended_at, mandate.ended_by, mandate.end_reason = ctx.at, who, reason
    relations.cut([mandate.id])
    record(ctx, ProxyEnded(person, mandate.id, proxy, reason))


def take_turns(*ids: UUID) -> list[Resident]:
    """Lock both people, always in the same order: what is counted stays true until the commit."""
    both = select(Resident).where(Resident.id.in_(ids)).order_by(Resident.id)
    locked = both.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = {row.id: row for row in db.session.execute(locked).scalars()}
    return [found[one] for one in ids]


def require_fit(ctx: Context, principal: Resident, proxy: Resident, is_guardian: bool) -> None:
    """An adult for an adult, or a guardian for a child; never for oneself, never for the dead."""
    if principal.id == proxy.id:
        raise NotForOneself(clause=CLAUSE)
    if any(one.died_on or one.restricted_at for one in (principal, proxy)):
        raise NotYourPerson
    law = queries.law(ctx)
    is_adult = law.is_adult(principal.birth_date, ctx.today)
    if not law.is_adult(proxy.birth_date, ctx.today) or not (is_adult or is_guardian):
        raise AdultsOnly(clause="民法典第17、18条")
    if is_guardian and is_adult:
        raise NotAMinor(clause="民法典第27条")


def _replace(ctx: Context, principal_id: UUID, proxy_id: UUID) -> None:
    pair = (Mandate.principal_id == principal_id) & (Mandate.proxy_id == proxy_id)
    before = select(Mandate).where(pair, Mandate.state == State.ACTIVE).with_for_update()
    for old in db.session.execute(before).scalars():
        end(ctx, old, Act.END, EndReason.REPLACED, ctx.actor.id)
    db.session.flush()


def _require_room(ctx: Context, principal_id: UUID, proxy_id: UUID) -> None:
    policy = rules.policy_of(ctx.region)
    if queries.counted(ctx, Mandate.principal_id == principal_id) >= policy.most_for_one:
        raise TooManyProxies(policy.most_for_one)
    if queries.counted(ctx, Mandate.proxy_id == proxy_id) >= policy.most_by_one:
        raise TooManyPeople(policy.most_by_one)


def _relate(ctx: Context, mandate: Mandate, principal: Resident, proxy: Resident) -> None:
    terms = rules.Terms(
        mandate.kinship, rules.read(mandate.scopes), mandate.starts_on, mandate.ends_on
    )
    spans = rules.spans(terms)
    if mandate.is_guardian:
        spans = rules.guardian_spans(principal.birth_date, ctx.at, queries.law(ctx))
    for span in spans:
        relations.relate(
            ctx,
            principal.id,
            proxy.id,
            Kind.GUARDIAN if mandate.is_guardian else Kind.PROXY,
            source_id=mandate.id,
            since=span.since,
            until=span.until,
            scope=rules.written(span.scopes),
            kinship=mandate.kinship,
        )
