"""代办授权 on the own phone: invite, accept, ask, confirm, change, end."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from backend import identity
from backend.kernel import relations
from backend.kernel.context import NOBODY, Context, Scope
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_anyone, permitted
from backend.proxies import effects, policy, queries, rules
from backend.proxies.errors import (
    AdultsOnly,
    CodeUnknown,
    NotForOneself,
    NotYoursToWiden,
    TooManyAsked,
)
from backend.proxies.events import ProxyAsked, ProxyChanged, ProxyInvited
from backend.proxies.models import LIFE, Act, EndReason, Mandate, State
from backend.proxies.rules import Terms


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the person hands to the family member; the code is told once and kept nowhere."""

    mandate: Mandate
    code: str

    @property
    def qr(self) -> str:
        """The text of the QR code."""
        return f"jiayi:family:{self.code}"


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom somebody asks to act: the name, and the ID number or the mobile number."""

    name: str
    id_number: str | None = None
    phone: str | None = None


@admitted(policy.oneself)
def invite(ctx: Context, name: str, terms: Terms) -> Invitation:
    """Invite the family member of this name: the code is good once, for whoever is called so.

    Raises `Invalid`, `AdultsOnly`, `TermTooLong`, `KinshipNotFit`.
    """
    (own,) = effects.take_turns(ctx.oneself)
    if not queries.law(ctx).is_adult(own.birth_date, ctx.today):
        raise AdultsOnly(clause="民法典第18条")
    code = rules.new_code()
    mandate = effects.new_mandate(ctx, terms, State.INVITED)
    mandate.principal_id = ctx.oneself
    mandate.code_index = _index(code)
    mandate.invited_name = _name(name)
    db.session.add(mandate)
    record(ctx, ProxyInvited(ctx.oneself, mandate.id))
    return Invitation(mandate, code)


@admitted(policy.oneself)
def accept(ctx: Context, code: str) -> Mandate:
    """Take an invitation up; the person who made it has confirmed by making it.

    A code that is wrong, used, too old or for somebody of another name: `CodeUnknown`. Raises also
    what `effects.begin` does.
    """
    asked = select(Mandate).where(
        Mandate.code_index == _index(rules.plain_code(code)),
        Mandate.state == State.INVITED,
        Mandate.expires_at > ctx.at,
    )
    mandate = db.session.execute(asked.with_for_update()).scalar_one_or_none()
    own = queries.persons([ctx.oneself])[ctx.oneself]
    if mandate is None or mandate.invited_name != own.name:
        raise CodeUnknown
    if mandate.principal_id == own.id:
        raise NotForOneself(clause=effects.CLAUSE)
    mandate.proxy_id, mandate.invited_name = own.id, None
    effects.begin(ctx, mandate, Act.ACCEPT)
    return mandate


@admitted(policy.oneself)
def ask(ctx: Context, whom: Whom, terms: Terms) -> Mandate:
    """Ask to act for somebody, who has to confirm on the own phone.

    The same is done and answered whether or not anybody is known by that name and number. Raises
    `Invalid`, `AdultsOnly`, `TermTooLong`, `KinshipNotFit`, `TooManyAsked`.
    """
    (own,) = effects.take_turns(ctx.oneself)
    if not queries.law(ctx).is_adult(own.birth_date, ctx.today):
        raise AdultsOnly(clause="民法典第18条")
    _require_patience(ctx)
    known = _known(ctx, whom)
    mandate = effects.new_mandate(ctx, terms, State.ASKED)
    mandate.proxy_id = own.id
    mandate.principal_id = None if _said_no(ctx, known or NOBODY) else known
    db.session.add(mandate)
    record(ctx, ProxyAsked(mandate.principal_id, mandate.id))
    return mandate


@permitted(policy.principal)
def confirm(ctx: Context, mandate: Mandate) -> Mandate:
    """Say yes to who asked; raises what `effects.begin` does."""
    effects.require_waiting(ctx, mandate)
    effects.begin(ctx, mandate, Act.CONFIRM)
    return mandate


@permitted(policy.principal)
def change(ctx: Context, mandate: Mandate, scopes: Set[Scope]) -> Mandate:
    """Let the family member do other things from the next request on.

    Of a guardian the child with a say may add to what the law leaves; raises `NotYoursToWiden`.
    """
    LIFE.after(mandate.state, Act.REVOKE)
    if mandate.is_guardian:
        has_a_say = mandate.narrows_on is not None and mandate.narrows_on <= ctx.today
        if not has_a_say or not scopes >= rules.KEPT_FROM_FOURTEEN:
            raise NotYoursToWiden
        mandate.later_scopes = rules.written(scopes)
    else:
        mandate.scopes = rules.written(scopes)
    relations.rescope(ctx, mandate.id, rules.written(scopes))
    person, proxy = mandate.sides
    record(ctx, ProxyChanged(person, mandate.id, proxy, rules.written(scopes)))
    return mandate


@permitted(policy.principal)
def revoke(ctx: Context, mandate: Mandate) -> Mandate:
    """Say no, whatever it is: an invitation, a request, or a family member who acts; at once.

    Raises `NotYoursToWiden` for a guardian.
    """
    if mandate.is_guardian:
        raise NotYoursToWiden
    effects.say_no(ctx, mandate)
    return mandate


@permitted(policy.family_member)
def give_up(ctx: Context, mandate: Mandate) -> Mandate:
    """Act for this person no more."""
    effects.end(ctx, mandate, Act.GIVE_UP, EndReason.GIVEN_UP, ctx.actor.id)
    return mandate


@admitted(by_anyone)
def end_all_of(ctx: Context, resident_id: UUID) -> int:
    """End everything in which this person stands on either side: who died, or was erased."""
    found = db.session.execute(queries.of_either_side(resident_id)).scalars().all()
    for mandate in found:
        if mandate.state is State.ACTIVE:
            effects.end(ctx, mandate, Act.END, EndReason.CLOSED, None)
        else:
            effects.close(mandate, Act.LAPSE)
    return len(found)


def _require_patience(ctx: Context) -> None:
    open_ones = select(func.count()).where(
        Mandate.proxy_id == ctx.oneself,
        Mandate.state == State.ASKED,
        Mandate.expires_at > ctx.at,
    )
    if db.session.execute(open_ones).scalar_one() >= rules.policy_of(ctx.region).most_asked:
        raise TooManyAsked


def _known(ctx: Context, whom: Whom) -> UUID | None:
    """Whom this name and number belong to; never the asker."""
    field = "id_number" if whom.id_number else "phone"
    try:
        if whom.id_number:
            found = identity.person_called(ctx, whom.name, whom.id_number)
        else:
            found = identity.person_reached(ctx, whom.name, whom.phone or "")
    except identity.Malformed as wrong:
        at = "name" if wrong.fault.value.startswith("name") else field
        raise Invalid(faults=[Fault(f"/{at}", wrong.fault.text)]) from wrong
    return None if found == ctx.oneself else found


def _said_no(ctx: Context, principal_id: UUID) -> bool:
    since = ctx.at - timedelta(days=rules.policy_of(ctx.region).ask_again_after_days)
    no = select(Mandate.id).where(
        Mandate.principal_id == principal_id,
        Mandate.proxy_id == ctx.oneself,
        Mandate.state == State.DECLINED,
        Mandate.made_at > since,
    )
    return db.session.execute(no.limit(1)).first() is not None


def _name(text: str) -> str:
    try:
        return identity.person_name(text)
    except identity.Malformed as wrong:
        raise Invalid(faults=[Fault("/name", wrong.fault.text)]) from wrong


def _index(code: str) -> bytes:
    return keyring().index(code, "mandate_code")
