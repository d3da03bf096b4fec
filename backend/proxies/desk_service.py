"""窗口代办授权: recorded with the person present, valid once a second member of staff confirms."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from backend import identity
from backend.kernel.context import Context, Kinship
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, NotFound
from backend.kernel.events import record
from backend.kernel.policy import admitted, permitted
from backend.proxies import effects, policy, queries, rules
from backend.proxies.errors import KinshipNotFit, ProofNeeded, SameHands
from backend.proxies.events import ProxyRecorded
from backend.proxies.models import Act, Mandate, Proof, State
from backend.proxies.queries import Shown
from backend.proxies.rules import Terms


@dataclass(frozen=True, slots=True)
class Papers:
    """Which original proves the guardianship, and its number."""

    proof: Proof
    number: str


@admitted(policy.at_desk)
def record_proxy(
    ctx: Context, person: identity.Claim, member: identity.Claim, terms: Terms
) -> Mandate:
    """Write down what an adult who is present lets a family member do.

    Raises `Invalid`, `NobodyFound`, `SameHands`, `TermTooLong`, `KinshipNotFit`, and what does
    not fit the two.
    """
    mandate = effects.new_mandate(ctx, terms, State.RECORDED)
    _between(ctx, mandate, person, member)
    mandate.proof = Proof.OWN_DOCUMENT
    return _recorded(ctx, mandate)


@admitted(policy.at_desk)
def record_guardian(
    ctx: Context, child: identity.Claim, guardian: identity.Claim, kinship: Kinship, papers: Papers
) -> Mandate:
    """Write down that a parent or guardian, who proved it by an original, acts for a child.

    Raises `Invalid`, `NobodyFound`, `SameHands`, `KinshipNotFit`, `ProofNeeded`, `NotAMinor`.
    """
    if kinship not in rules.OF_GUARDIANS:
        raise KinshipNotFit(clause="民法典第27条", faults=[Fault("/kinship", KinshipNotFit.advice)])
    if papers.proof is Proof.OWN_DOCUMENT:
        raise ProofNeeded(clause="民法典第27条", faults=[Fault("/proof", ProofNeeded.advice)])
    figures, law = rules.policy_of(ctx.region), queries.law(ctx)
    mandate = Mandate(
        is_guardian=True,
        kinship=kinship,
        scopes=rules.written(rules.ALL),
        later_scopes=rules.written(rules.KEPT_FROM_FOURTEEN),
        starts_on=ctx.today,
        ends_on=ctx.today,
        state=State.RECORDED,
        made_at=ctx.at,
        expires_at=ctx.at + timedelta(hours=figures.answer_within_hours),
    )
    born_on = _between(ctx, mandate, child, guardian).birth_date
    mandate.narrows_on = law.narrowed_on(born_on)
    mandate.ends_on = law.ended_on(born_on) - timedelta(days=1)
    mandate.proof, mandate.proof_number = papers.proof, papers.number
    return _recorded(ctx, mandate)


@permitted(policy.at_same_desk)
def witness(ctx: Context, mandate: Mandate) -> Mandate:
    """Confirm, as another than who recorded it, that the person was present and willing.

    Raises `SameHands`, and what `effects.begin` does.
    """
    effects.require_waiting(ctx, mandate)
    _require_other_hands(mandate, ctx.actor.id)
    mandate.witnessed_by = ctx.actor.id
    effects.begin(ctx, mandate, Act.WITNESS)
    return mandate


@admitted(policy.at_desk)
def look_up(ctx: Context, person: identity.Claim) -> list[Shown]:
    """Who acts for the person who stands at the desk; raises `Invalid`, `NobodyFound`."""
    return queries.of_person(ctx, _present(ctx, person, "person"))


@admitted(policy.at_desk)
def revoke_for(ctx: Context, person: identity.Claim, mandate_id: UUID) -> Mandate:
    """Say no for the person who stands at the desk; raises `Invalid`, `NobodyFound`, `NotFound`.

    A guardian's mandate as well: who is present with papers can have it ended by staff.
    """
    mandate = queries.hold_of(ctx, _present(ctx, person, "person"), mandate_id)
    effects.say_no(ctx, mandate)
    return mandate


def _between(
    ctx: Context, mandate: Mandate, person: identity.Claim, member: identity.Claim
) -> identity.Resident:
    """Put both sides on the record; gives the person it is about."""
    ids = _present(ctx, person, "person"), _present(ctx, member, "family_member")
    principal, proxy = effects.take_turns(*ids)
    effects.require_fit(ctx, principal, proxy, mandate.is_guardian)
    mandate.principal_id, mandate.proxy_id = ids
    return principal


def _recorded(ctx: Context, mandate: Mandate) -> Mandate:
    institution = ctx.actor.institution
    if institution is None or mandate.principal_id is None:
        raise NotFound
    mandate.recorded_by, mandate.institution_id = ctx.actor.id, institution
    _require_other_hands(mandate, None)
    db.session.add(mandate)
    record(ctx, ProxyRecorded(mandate.principal_id, mandate.id, institution))
    return mandate


def _require_other_hands(mandate: Mandate, witness_id: UUID | None) -> None:
    hands, relative = [mandate.recorded_by, witness_id], cast(UUID, mandate.proxy_id)
    if witness_id == mandate.recorded_by or queries.is_of_staff(hands, relative):
        raise SameHands


def _present(ctx: Context, person: identity.Claim, field: str) -> UUID:
    try:
        return identity.present(ctx, person).id
    except Invalid as wrong:
        faults = [Fault(f"/{field}{fault.pointer}", fault.detail) for fault in wrong.faults]
        raise Invalid(faults=faults) from wrong
