"""What mandates hold of a person, on either side, and how they end."""

from uuid import UUID

from sqlalchemy import ColumnElement, delete

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.kernel.subjects import Cause, Records, rows_of, told
from backend.proxies.models import Mandate
from backend.proxies.service import end_all_of


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Who may act for the person, and for whom the person may act."""
    return {"mandate": told(rows_of(Mandate, _theirs(resident_id)))}


@admitted(by_clock)
def close(ctx: Context, resident_id: UUID, cause: Cause) -> None:
    """A withdrawal ends no mandate: a guardian must be able to agree anew. All else ends them."""
    if cause is not Cause.WITHDRAWN:
        end_all_of(ctx, resident_id)


@admitted(by_clock)
def erase(_ctx: Context, resident_id: UUID) -> None:
    """Every mandate: the acts done by it name the kinship alone."""
    db.session.execute(delete(Mandate).where(_theirs(resident_id)))


def _theirs(resident_id: UUID) -> ColumnElement[bool]:
    return (Mandate.principal_id == resident_id) | (Mandate.proxy_id == resident_id)
