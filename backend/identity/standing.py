"""Whether a person's record is open: closed by a withdrawn consent, by death, by deletion.

Whoever closes or opens a record holds its row, for which each insert into what hangs on an open
record waits (trigger `open_person`): so nothing is made for a person after the record closed.
Its callers have asked whether they may.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from backend.identity.models import Resident
from backend.kernel import relations, subjects
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.relations import Kind
from backend.kernel.subjects import Cause

CORRECTABLE = frozenset({"name", "phone", "community"})
FAMILY = (Kind.PROXY, Kind.GUARDIAN)


def hold(resident_id: UUID) -> Resident:
    """The person's row, locked until the commit against every act that would make something."""
    return held(select(Resident).where(Resident.id == resident_id))


def cause_of(resident_id: UUID) -> Cause | None:
    """Why the record is closed, `None` where it is open; it stays so until the commit."""
    found = select(Resident).where(Resident.id == resident_id)
    fresh = found.with_for_update(read=True).execution_options(populate_existing=True)
    person = db.session.execute(fresh).scalar_one()
    if person.died_on is not None:
        return Cause.DIED
    if person.erased_at is not None:
        return Cause.ERASED
    return Cause.WITHDRAWN if person.restricted_at is not None else None


def restrict(ctx: Context, resident_id: UUID) -> None:
    """Close the record: staff know nothing of the person from now on; family may agree anew."""
    hold(resident_id).restricted_at = ctx.at
    relations.part_from(ctx, resident_id, *FAMILY)


def lift(ctx: Context, resident_id: UUID) -> None:
    """Open a record that a withdrawn consent closed; what ended with it stays ended.

    Its row is held last: whoever books holds the person's turn before it, as what ends does.
    """
    if not _is_withdrawn(db.session.get_one(Resident, resident_id)):
        return
    subjects.close(ctx, resident_id, Cause.WITHDRAWN)
    person = hold(resident_id)
    if _is_withdrawn(person):
        person.restricted_at = None


def _is_withdrawn(person: Resident) -> bool:
    is_gone = person.died_on is not None or person.erased_at is not None
    return person.restricted_at is not None and not is_gone


def forget(ctx: Context, resident_id: UUID) -> None:
    """Close the record for good: from now on the database lets what nobody may change be erased."""
    person = hold(resident_id)
    person.restricted_at = person.restricted_at or ctx.at
    person.erased_at = person.erased_at or ctx.at
    db.session.flush()


def die(ctx: Context, resident_id: UUID, died_on: date) -> None:
    """Close the record of somebody who died; nobody acts for them any more."""
    hold(resident_id).died_on = died_on
    relations.part_from(ctx, resident_id)


def revive(_ctx: Context, resident_id: UUID) -> None:
    """The news was wrong: the person acts again and is reminded; what ended stays ended."""
    person = hold(resident_id)
    person.died_on, person.reminders_paused_until = None, None


def pause_reminders(_ctx: Context, resident_id: UUID, until: datetime) -> None:
    """Send no reminder before `until`: perhaps nobody is there to be reminded."""
    hold(resident_id).reminders_paused_until = until


def fact(resident_id: UUID, name: str) -> str | None:
    """One correctable fact of a person, as it stands."""
    found: str | None = getattr(hold(resident_id), name)
    return found


def correct(_ctx: Context, resident_id: UUID, name: str, value: str) -> None:
    """Put one correctable fact right: name, phone or community."""
    if name not in CORRECTABLE:
        raise ValueError(f"{name} cannot be corrected so")
    setattr(hold(resident_id), name, value)
