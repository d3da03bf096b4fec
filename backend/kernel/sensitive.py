"""What is kept from family members [敏感类别]: no list, count, number or refusal tells of it.

A feature labels a row when it learns what it is about; a message about the row needs no label of
its own, for it names the row. What a label means for a family member is judged when it is read:
the person's own choice, else the region's. A guardian sees what the child did not itself hide.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    UniqueConstraint,
    Uuid,
    any_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel import standards
from backend.kernel.context import Context
from backend.kernel.database import Base, db
from backend.kernel.ids import new_id
from backend.kernel.standards import Edition


@dataclass(frozen=True, kw_only=True)
class Category:
    """What belongs to a category: beginnings of codes, words of specialties, programmes."""

    label: str
    diagnoses: tuple[str, ...]
    drugs: tuple[str, ...]
    specialties: tuple[str, ...]
    programmes: tuple[str, ...]

    def covers(self, traits: "Traits") -> bool:
        """Whether one of these traits belongs to it."""
        return (
            any(code.startswith(self.diagnoses) for code in traits.diagnoses)
            or any(atc.startswith(self.drugs) for atc in traits.drugs)
            or any(word in traits.specialty for word in self.specialties)
            or traits.programme in self.programmes
        )


@dataclass(frozen=True, kw_only=True)
class Sensitive(Edition):
    """The categories, by the name that is stored."""

    categories: Mapping[str, Category]


@dataclass(frozen=True, kw_only=True)
class SensitivePolicy:
    """What the region hides from family members unless the person says otherwise."""

    hidden: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a row is about: ICD-10 codes, ATC codes, a specialty's name, a programme."""

    diagnoses: Collection[str] = ()
    drugs: Collection[str] = ()
    specialty: str = ""
    programme: str = ""


# What belongs to a category, of one kind of rows: their ids and whose they are.
Rows = Callable[[Category], Select[UUID, UUID]]

SENSITIVE = standards.load(Sensitive, "sensitive")


class SensitiveItem(Base):
    """A row of any feature is of a category; never taken back, for it was once so."""

    __tablename__ = "sensitive_item"
    __table_args__ = (UniqueConstraint("subject_id", "category"),)
    subject_id: Mapped[UUID]
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    category: Mapped[str]


class SensitiveChoice(Base):
    """A person's own word on a category."""

    __tablename__ = "sensitive_choice"
    __table_args__ = (UniqueConstraint("resident_id", "category"),)
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    category: Mapped[str]
    is_hidden: Mapped[bool]
    chosen_at: Mapped[datetime]


def categories(ctx: Context) -> Mapping[str, Category]:
    """Every category of today's edition."""
    return SENSITIVE.on(ctx.today).categories


def categories_of(ctx: Context, traits: Traits) -> list[str]:
    """The categories that something of these traits belongs to; most things belong to none."""
    return [name for name, category in categories(ctx).items() if category.covers(traits)]


def mark(ctx: Context, resident_id: UUID, subjects: Iterable[UUID], traits: Traits) -> None:
    """Label these rows of a person with the categories of their traits, if there are any."""
    found = categories_of(ctx, traits)
    rows = [
        {"id": new_id(), "resident_id": resident_id, "subject_id": subject, "category": category}
        for subject in subjects
        for category in found
    ]
    if rows:
        db.session.execute(insert(SensitiveItem).values(rows).on_conflict_do_nothing())


def relabel(ctx: Context, rows: Rows, limit: int = 500) -> int:
    """Label what belongs to a category by today's edition and is not labelled so yet.

    A new edition tells more of rows that are there. Up to `limit` rows of each category; returns
    how many, and 0 when nothing is left.
    """
    total = 0
    for name, category in categories(ctx).items():
        found = rows(category).subquery()
        subject, resident = found.c
        labelled = (SensitiveItem.subject_id == subject) & (SensitiveItem.category == name)
        known = select(SensitiveItem.id).where(labelled).exists()
        missing = select(subject, resident).where(~known)
        new = [
            {"id": new_id(), "subject_id": row[0], "resident_id": row[1], "category": name}
            for row in db.session.execute(missing.distinct().limit(limit))
        ]
        if new:
            db.session.execute(insert(SensitiveItem).values(new).on_conflict_do_nothing())
        total += len(new)
    return total


def begins(column: Any, beginnings: Iterable[str]) -> ColumnElement[bool]:
    """Whether a code begins with one of these, as a condition."""
    return or_(false(), *(column.startswith(each, autoescape=True) for each in beginnings))


def hidden_by_default(ctx: Context) -> frozenset[str]:
    """What is kept from whoever acts for the person; from a guardian nothing."""
    if ctx.proxy is None or ctx.proxy.is_guardian:
        return frozenset()
    return ctx.region.section("sensitive", SensitivePolicy).hidden


def hidden(ctx: Context, subject: Any) -> ColumnElement[bool]:
    """Whether a row, named by its id or the column of it, is kept from the acting relative."""
    return _hidden(subject, SensitiveItem.category.in_(sorted(hidden_by_default(ctx))))


def hidden_from(
    ctx: Context, subject: Any, is_guardian: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a row is kept from a relative who is not acting now, and is told of it by us."""
    usual = ctx.region.section("sensitive", SensitivePolicy).hidden
    return _hidden(subject, ~is_guardian & SensitiveItem.category.in_(sorted(usual)))


def _hidden(subject: Any, by_default: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(SensitiveItem.id)
        .outerjoin(
            SensitiveChoice,
            (SensitiveChoice.resident_id == SensitiveItem.resident_id)
            & (SensitiveChoice.category == SensitiveItem.category),
        )
        .where(SensitiveItem.subject_id == subject)
        .where(func.coalesce(SensitiveChoice.is_hidden, by_default))
        .correlate_except(SensitiveItem, SensitiveChoice)
        .exists()
    )


def shown(ctx: Context, subject: Any) -> ColumnElement[bool]:
    """Whether a row counts for whoever reads what would end; without a relative everything does."""
    return true() if ctx.proxy is None else ~hidden(ctx, subject)


def kept_from_guardians(resident_id: UUID) -> frozenset[UUID]:
    """The rows that the person hid by its own word, which binds a guardian as well."""
    chosen_by = (SensitiveChoice.resident_id == resident_id) & SensitiveChoice.is_hidden
    words = select(SensitiveChoice.category).where(chosen_by)
    found = select(SensitiveItem.subject_id).where(
        SensitiveItem.resident_id == resident_id, SensitiveItem.category.in_(words)
    )
    return frozenset(db.session.execute(found).scalars())


def has_hidden_since(resident_id: UUID, instant: datetime) -> bool:
    """Whether the person hid a category after an instant."""
    later = (SensitiveChoice.chosen_at > instant) & SensitiveChoice.is_hidden
    found = select(SensitiveChoice.id).where(SensitiveChoice.resident_id == resident_id, later)
    return db.session.execute(found.limit(1)).first() is not None


def is_hidden(ctx: Context, subject_id: UUID) -> bool:
    """Whether this row is kept from the acting relative."""
    return bool(db.session.execute(select(hidden(ctx, literal(subject_id)))).scalar_one())


def is_any_hidden(ctx: Context, subjects: Collection[UUID]) -> bool:
    """Whether one of these rows is kept from the acting relative."""
    one = any_(literal(list(subjects), ARRAY(Uuid)))
    return bool(db.session.execute(select(hidden(ctx, one))).scalar_one())


def is_kept(ctx: Context, traits: Traits) -> bool:
    """Whether the acting relative may not know of such things, and so may not make one."""
    found = categories_of(ctx, traits) if ctx.proxy is not None else []
    if not found:
        return False
    shown = chosen(ctx.person)
    return any(shown.get(category, category in hidden_by_default(ctx)) for category in found)


def chosen(resident_id: UUID) -> Mapping[str, bool]:
    """What a person said of categories: whether each is hidden."""
    own = select(SensitiveChoice).where(SensitiveChoice.resident_id == resident_id)
    return {row.category: row.is_hidden for row in db.session.execute(own).scalars()}


def choose(ctx: Context, resident_id: UUID, category: str, is_hidden: bool) -> None:
    """Keep what a person says of a category, in place of what was said before."""
    said = {"is_hidden": is_hidden, "chosen_at": ctx.at}
    new = insert(SensitiveChoice).values(
        id=new_id(), resident_id=resident_id, category=category, **said
    )
    db.session.execute(
        new.on_conflict_do_update(index_elements=["resident_id", "category"], set_=said)
    )
