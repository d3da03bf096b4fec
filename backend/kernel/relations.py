"""Who stands in which relation to a resident, and which staff belong to which party."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    ScalarSelect,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.context import Context, Kinship
from backend.kernel.database import Base, db


class Kind(StrEnum):
    """Why a party may know of a resident."""

    SIGNED = "signed"
    APPLIED = "applied"
    BOOKED = "booked"
    PRESCRIBED = "prescribed"
    ALERTED = "alerted"
    PROXY = "proxy"
    GUARDIAN = "guardian"
    EMERGENCY = "emergency"


class Relation(Base):
    """A party (member of staff, team or institution) related to a resident for a time."""

    __tablename__ = "relation"
    __table_args__ = (
        Index(None, "party_id", "kind", "resident_id"),
        Index(None, "resident_id"),
        Index(None, "source_id"),
    )
    resident_id: Mapped[UUID]
    party_id: Mapped[UUID]
    kind: Mapped[Kind]
    scope: Mapped[str | None]
    kinship: Mapped[Kinship | None]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    source_id: Mapped[UUID]


class Belonging(StrEnum):
    """How a member of staff belongs to a party."""

    TEAM = "team"
    TEAM_LEAD = "team_lead"
    INSTITUTION = "institution"
    DEPUTY = "deputy"


class Membership(Base):
    """A member of staff belongs to a team or an institution for a time.

    Nobody belongs twice at a time, and a team has one lead; `source_id` is the absence that a
    deputy's belonging comes from.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index(None, "staff_id"),
        Index(None, "party_id"),
        Index(
            "uq_membership_open",
            "staff_id",
            "party_id",
            "kind",
            unique=True,
            postgresql_where=text("valid_until IS NULL"),
        ),
        CheckConstraint("valid_until IS NULL OR valid_from <= valid_until", "order"),
        ExcludeConstraint(
            ("staff_id", "="),
            ("party_id", "="),
            ("kind", "="),
            (func.tstzrange(text("valid_from"), text("valid_until")), "&&"),
            name="ex_membership_twice",
            where=text("kind <> 'deputy'"),
        ),
        ExcludeConstraint(
            ("party_id", "="),
            (func.tstzrange(text("valid_from"), text("valid_until")), "&&"),
            name="ex_membership_lead",
            where=text("kind = 'team_lead'"),
        ),
    )
    staff_id: Mapped[UUID]
    party_id: Mapped[UUID]
    kind: Mapped[Belonging]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None] = mapped_column(default=None)
    source_id: Mapped[UUID | None] = mapped_column(default=None)


def relate(
    ctx: Context,
    resident_id: UUID,
    party_id: UUID,
    kind: Kind,
    *,
    source_id: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
    scope: str | None = None,
    kinship: Kinship | None = None,
) -> Relation:
    """Begin a relation now, or `since`; `source_id` is the contract, booking … it comes from."""
    relation = Relation(
        resident_id=resident_id,
        party_id=party_id,
        kind=kind,
        scope=scope,
        kinship=kinship,
        valid_from=since or ctx.at,
        valid_until=until,
        source_id=source_id,
    )
    db.session.add(relation)
    return relation


def part(ctx: Context, sources: Iterable[UUID]) -> None:
    """End now every relation that comes from `sources`."""
    open_ones = or_(Relation.valid_until.is_(None), Relation.valid_until > ctx.at)
    db.session.execute(
        update(Relation)
        .where(Relation.source_id.in_(list(sources)), open_ones)
        .values(valid_until=ctx.at)
    )


def cut(sources: Iterable[UUID]) -> None:
    """As `part`, whatever a clock says: who read the time a moment earlier is refused as well.

    It waits for acts that are just being committed (identity's `require_still_allowed`).
    """
    theirs = update(Relation).where(Relation.source_id.in_(list(sources)))
    db.session.execute(theirs.values(valid_until=Relation.valid_from))


def rescope(ctx: Context, source_id: UUID, scope: str) -> None:
    """Let what comes from a source have another scope from now on; waits as `cut` does."""
    rest = (Relation.source_id == source_id) & (Relation.valid_until > ctx.at)
    db.session.execute(update(Relation).where(rest).values(scope=scope))


def part_from(ctx: Context, resident_id: UUID, *but: Kind) -> None:
    """End now every relation to a resident, `but` those of some kinds."""
    open_ones = or_(Relation.valid_until.is_(None), Relation.valid_until > ctx.at)
    theirs = (Relation.resident_id == resident_id) & Relation.kind.not_in(but)
    db.session.execute(update(Relation).where(theirs, open_ones).values(valid_until=ctx.at))


def part_of_party(ctx: Context, party_id: UUID) -> None:
    """End now every relation in which this party stands to somebody else."""
    open_ones = or_(Relation.valid_until.is_(None), Relation.valid_until > ctx.at)
    held = update(Relation).where(Relation.party_id == party_id, open_ones)
    db.session.execute(held.values(valid_until=ctx.at))


def forget(resident_id: UUID) -> None:
    """Drop every relation of a person, in either place."""
    theirs = (Relation.resident_id == resident_id) | (Relation.party_id == resident_id)
    db.session.execute(delete(Relation).where(theirs))


def in_force(ctx: Context) -> ColumnElement[bool]:
    """The relation holds at the context's instant."""
    ended = or_(Relation.valid_until.is_(None), Relation.valid_until > ctx.at)
    return (Relation.valid_from <= ctx.at) & ended


def related(ctx: Context, *kinds: Kind) -> ScalarSelect[UUID]:
    """The residents to whom the actor, or a party of the actor, is related now."""
    return (
        select(Relation.resident_id)
        .where(Relation.party_id.in_(ctx.actor.parties), Relation.kind.in_(kinds), in_force(ctx))
        .scalar_subquery()
    )


def is_related(ctx: Context, resident_id: UUID, *kinds: Kind) -> bool:
    """Whether the actor is related to this resident now."""
    found = select(Relation.id).where(
        Relation.resident_id == resident_id,
        Relation.party_id.in_(ctx.actor.parties),
        Relation.kind.in_(kinds),
        in_force(ctx),
    )
    return db.session.execute(found.limit(1)).first() is not None


def parties(ctx: Context, resident_id: UUID, kind: Kind) -> list[UUID]:
    """Who stands in this relation to a resident now, whoever acts; since longest first."""
    found = select(Relation.party_id).where(
        Relation.resident_id == resident_id, Relation.kind == kind, in_force(ctx)
    )
    return list(db.session.execute(found.order_by(Relation.valid_from, Relation.id)).scalars())


def is_source(ctx: Context, source_id: UUID, kind: Kind) -> bool:
    """Whether the actor is related now to somebody because of this booking, prescription …"""
    found = select(Relation.id).where(
        Relation.source_id == source_id,
        Relation.party_id.in_(ctx.actor.parties),
        Relation.kind == kind,
        in_force(ctx),
    )
    return db.session.execute(found.limit(1)).first() is not None


def kinds_in_force(ctx: Context, resident_id: UUID, kinds: Iterable[Kind]) -> frozenset[Kind]:
    """Which of these relations the actor, or a party of the actor, has to this resident now."""
    found = select(Relation.kind).where(
        Relation.resident_id == resident_id,
        Relation.party_id.in_(ctx.actor.parties),
        Relation.kind.in_(kinds),
        in_force(ctx),
    )
    return frozenset(db.session.execute(found.distinct()).scalars())
