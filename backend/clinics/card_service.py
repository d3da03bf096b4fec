"""纸质就诊卡: issued, replaced and revoked at a desk, for who comes without a phone."""

import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from backend import identity
from backend.clinics import attendance_policy
from backend.clinics.attendance_errors import CardUnknown
from backend.clinics.attendance_events import CardIssued, CardRevoked
from backend.clinics.attendance_models import PaperCard
from backend.clinics.attendance_queries import card_in_force, card_index, card_of
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.events import record
from backend.kernel.policy import admitted
from backend.kernel.subjects import as_clock
from backend.network import Institution

CODE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Issued:
    """A new card; its code is told this once."""

    id: UUID
    resident_id: UUID
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Face:
    """What is printed on a card: enough for its holder to know it, too little for a finder."""

    resident_ids: tuple[UUID]
    code: str
    name: str
    house: str
    issued_on: date


@admitted(attendance_policy.at_desk)
def issue_card(ctx: Context, claim: identity.Claim) -> Issued:
    """Give a person who is present a card; an earlier one is void at once.

    Raises `Invalid`, `NobodyFound`, `TooMany`.
    """
    person = identity.present(ctx, claim)
    _revoke(ctx, person.id)
    code = secrets.token_urlsafe(CODE_BYTES)
    card = PaperCard(
        resident_id=person.id,
        code_index=card_index(code),
        institution_id=ctx.actor.institution,
        handed_at=ctx.at,
        handed_by=ctx.actor.id,
    )
    db.session.add(card)
    record(ctx, CardIssued(person.id, card.id))
    return Issued(card.id, person.id, person.name, code)


@admitted(attendance_policy.at_desk)
def revoke_card(ctx: Context, claim: identity.Claim) -> UUID:
    """Make the card of a person who is present void; returns whose.

    Raises as `issue_card`, and `CardUnknown`.
    """
    person = identity.present(ctx, claim)
    if not _revoke(ctx, person.id):
        raise CardUnknown("这位居民现在没有可用的就诊卡，不用停用；需要的话可以补一张新卡。")
    return person.id


def _revoke(ctx: Context, resident_id: UUID) -> bool:
    card = db.session.execute(card_of(resident_id).with_for_update()).scalar_one_or_none()
    if card is None:
        return False
    card.revoked_at, card.revoked_by = ctx.at, ctx.actor.id
    db.session.flush()
    record(ctx, CardRevoked(resident_id, card.id))
    return True


@admitted(attendance_policy.at_desk)
def card_face(ctx: Context, code: str) -> Face:
    """What is to be printed on the card that bears this code; raises `CardUnknown`."""
    card = card_in_force(code)
    if card is None:
        raise CardUnknown
    # The code in the hand of the desk is what lets it know whose card it prints.
    person = identity.residents(as_clock(ctx), [card.resident_id])[card.resident_id]
    house = one(select(Institution).where(Institution.id == card.institution_id))
    issued = shanghai_date(card.handed_at)
    return Face((card.resident_id,), code, short_name(person.name), house.name, issued)


def short_name(name: str) -> str:
    """The family name alone: 王**."""
    return name[:1] + "*" * (len(name) - 1)
