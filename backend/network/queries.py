"""How institutions are found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.paging import Page, Wanted, page
from backend.network.distances import EARTH_M
from backend.network.models import Institution, Level


def find(_ctx: Context, institution_id: UUID) -> Institution:
    """One institution; raises `NotFound`."""
    return one(select(Institution).where(Institution.id == institution_id))


def by_ids(_ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Institution]:
    """These institutions by id."""
    found = select(Institution).where(Institution.id.in_(list(ids)))
    return {row.id: row for row in db.session.execute(found).scalars()}


def consortium(_ctx: Context, consortium_id: UUID) -> Sequence[UUID]:
    """The institutions that work as this one."""
    found = select(Institution.id).where(Institution.consortium_id == consortium_id)
    return db.session.execute(found.order_by(Institution.id)).scalars().all()


def fellows(institution_id: UUID) -> Select[UUID]:
    """This institution and those it works with as one, for a condition."""
    own = select(Institution.consortium_id).where(Institution.id == institution_id)
    together = Institution.consortium_id == own.scalar_subquery()
    return select(Institution.id).where(or_(Institution.id == institution_id, together))


def institutions(_ctx: Context, wanted: Wanted, level: Level | None = None) -> Page[Institution]:
    """All institutions, by name; of one level where it is given."""
    found = select(Institution)
    if level is not None:
        found = found.where(Institution.level == level)
    return page(found, [Institution.name, Institution.id], wanted)


def distance_m(latitude: float, longitude: float, of: Any = Institution) -> ColumnElement[float]:
    """Haversine distance of an institution, or of other placed rows, from a place in metres.

    As SQL; unknown where the row does not say where it lies.
    """
    north = func.radians(of.latitude - latitude) / 2
    east = func.radians(of.longitude - longitude) / 2
    shrink = func.cos(func.radians(latitude)) * func.cos(func.radians(of.latitude))
    chord = func.power(func.sin(north), 2) + shrink * func.power(func.sin(east), 2)
    return 2 * EARTH_M * func.asin(func.sqrt(func.least(1.0, chord)))
