"""How prescriptions and drugs are found; every read is limited to what the actor may see."""

import hashlib
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import Select, or_, select

from backend import identity
from backend.kernel.context import Context, Role
from backend.kernel.database import db, held, one
from backend.kernel.errors import Fault
from backend.kernel.handovers import OpenWork
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.relations import Kind, Relation, in_force
from backend.prescriptions import policy
from backend.prescriptions.errors import UnknownDrug
from backend.prescriptions.models import Act, FormularyDrug, Prescription, State
from config.settings import ROOT

_TEXT = ROOT / "config" / "texts" / "long_prescription_confirmation.toml"
_SUPPLIES = [State.IN_USE, State.RENEWED, State.FINISHED, State.TERMINATED]
_RECENT = 20  # a supply lasts for weeks: those before these ran out long ago


@dataclass(frozen=True, slots=True)
class Chart:
    """A prescription and the person it is for, as staff see them; `acts` are the reader's."""

    prescription: Prescription
    resident: identity.Resident
    acts: Sequence[Act]

    @property
    def resident_id(self) -> UUID:
        """Whose record this is."""
        return self.prescription.resident_id


@dataclass(frozen=True, slots=True)
class ConfirmationText:
    """What the resident is asked to confirm; `digest` is the SHA-256 of the body, in hex."""

    version: str
    title: str
    body: str

    @property
    def digest(self) -> str:
        """What tells this text from any other."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def find(ctx: Context, prescription_id: UUID) -> Prescription:
    """One prescription; raises `NotFound`."""
    return one(_visible(ctx).where(Prescription.id == prescription_id))


def hold(ctx: Context, prescription_id: UUID) -> Prescription:
    """One prescription, locked until the commit; raises `NotFound`."""
    seen = policy.held_by(ctx)
    return held(select(Prescription).where(seen, Prescription.id == prescription_id))


def prescriptions(ctx: Context, wanted: Wanted, state: State | None = None) -> Page[Prescription]:
    """Those the actor may see, newest first; of one state where it is given."""
    found = select(Prescription).where(policy.visible_to.at_work(ctx))
    if state is not None:
        found = found.where(Prescription.state == state)
    return page(found, [Prescription.id], wanted, newest_first=True)


def charts(ctx: Context, found: Sequence[Prescription]) -> list[Chart]:
    """These prescriptions with the people they are for."""
    people = identity.residents(ctx, {row.resident_id for row in found})
    return [Chart(row, people[row.resident_id], _acts(ctx, row)) for row in found]


def _acts(ctx: Context, prescription: Prescription) -> Sequence[Act]:
    """What the reader may do: a doctor who sees it is of the team, a pharmacist may be too."""
    if ctx.actor.role is Role.DOCTOR:
        return prescription.doctor_acts
    return prescription.pharmacist_acts if policy.sent_to(ctx, prescription) else []


def _visible(ctx: Context) -> Select[Prescription]:
    return select(Prescription).where(policy.visible_to(ctx))


def formulary(_ctx: Context, wanted: Wanted, search: str | None = None) -> Page[FormularyDrug]:
    """The drugs listed now, by name; those whose name or code contains `search`."""
    found = select(FormularyDrug).where(FormularyDrug.is_listed)
    if search is not None:
        columns = (FormularyDrug.name, FormularyDrug.code)
        found = found.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    return page(found, [FormularyDrug.name, FormularyDrug.id], wanted)


def drugs(codes: Sequence[str], pointer: str) -> list[FormularyDrug]:
    """The listed drugs with these codes, in their order; raises `UnknownDrug`.

    `pointer` says where in the request the n-th code stands, as in `/lines/{}/drug`.
    """
    found = select(FormularyDrug).where(FormularyDrug.code.in_(codes), FormularyDrug.is_listed)
    known = {row.code: row for row in db.session.execute(found).scalars()}
    faults = [
        Fault(pointer.format(at), f"目录中没有“{code}”")
        for at, code in enumerate(codes)
        if code not in known
    ]
    if faults:
        raise UnknownDrug(faults)
    return [known[code] for code in codes]


def signed_team(ctx: Context, resident_id: UUID) -> UUID | None:
    """The team this resident has signed with, `None` without a contract in force."""
    signed = select(Relation.party_id).where(
        Relation.resident_id == resident_id, Relation.kind == Kind.SIGNED, in_force(ctx)
    )
    return db.session.execute(signed.limit(1)).scalar_one_or_none()


def supplies(resident_id: UUID) -> Sequence[Prescription]:
    """What was handed over or stopped lately: what a renewal goes on from, the newest first."""
    found = select(Prescription).where(Prescription.resident_id == resident_id)
    lasting = found.where(Prescription.state.in_(_SUPPLIES))
    newest_first = lasting.order_by(Prescription.issued_at.desc(), Prescription.id.desc())
    return db.session.execute(newest_first.limit(_RECENT)).scalars().all()


def in_use(resident_id: UUID) -> Sequence[Prescription]:
    """What this resident takes now, locked."""
    found = select(Prescription).where(
        Prescription.resident_id == resident_id, Prescription.state == State.IN_USE
    )
    locked = found.order_by(Prescription.id).with_for_update()
    fresh = locked.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalars().all()


def lapsed(ctx: Context, but: Collection[UUID] = (), limit: int = 500) -> Sequence[UUID]:
    """Those issued and not collected within their days of validity, but for some."""
    waiting = Prescription.state.in_([State.ISSUED, State.REVIEWED])
    found = select(Prescription.id).where(waiting, Prescription.valid_until < ctx.today)
    found = found.where(Prescription.id.not_in(but))
    return db.session.execute(found.order_by(Prescription.valid_until).limit(limit)).scalars().all()


def open_work(ctx: Context, doctor_id: UUID) -> Sequence[OpenWork]:
    """What a doctor issued in the actor's houses that was returned or not yet collected.

    Any doctor of the team may see to it, so nothing has to be moved.
    """
    found = select(Prescription).where(
        Prescription.doctor_id == doctor_id,
        Prescription.state.in_([State.RETURNED, State.ISSUED, State.REVIEWED]),
        Prescription.institution_id.in_(ctx.actor.houses),
    )
    rows = db.session.execute(found.order_by(Prescription.id)).scalars()
    return [OpenWork(row.id, row.resident_id, row.valid_until, moves=False) for row in rows]


def used_up(ctx: Context, but: Collection[UUID] = (), limit: int = 500) -> Sequence[UUID]:
    """Those whose drugs have run out without a renewal, but for some."""
    found = select(Prescription.id).where(
        Prescription.state == State.IN_USE,
        Prescription.runs_out_on <= ctx.today,
        Prescription.id.not_in(but),
    )
    return db.session.execute(found.order_by(Prescription.runs_out_on).limit(limit)).scalars().all()


def confirmation_text(prescription: Prescription) -> ConfirmationText:
    """What this resident is asked to confirm: days and drugs as she asked for them."""
    text = _template()
    names = "、".join(f"{drug.name}（{drug.strength}）" for drug in prescription.wishes)
    body = text["body"].strip().format(days=prescription.days_wanted, drugs=names)
    return ConfirmationText(text["version"], text["title"], body)


@cache
def _template() -> dict[str, str]:
    return tomllib.loads(_TEXT.read_text("utf-8"))
