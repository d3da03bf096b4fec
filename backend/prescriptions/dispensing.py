"""What a handover must show before it is registered: how much, to whom, and how long it lasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backend import identity
from backend.kernel.context import Context
from backend.kernel.errors import Fault, Invalid
from backend.prescriptions.errors import IdsNotSeen
from backend.prescriptions.models import Collector, Dispensing, Prescription
from backend.prescriptions.order import Turn
from backend.prescriptions.rules import runs_out_on


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Who came for the drugs; a representative shows both ID cards (LP-6)."""

    collector: Collector
    name: str | None = None
    id_number: str | None = None
    both_ids_seen: bool = False


def handed_over(prescription: Prescription, quantities: Mapping[str, int]) -> dict[str, int]:
    """Units of each drug, by its code: as prescribed unless told; raises `Invalid`."""
    prescribed = {line.drug.code: line.quantity for line in prescription.lines}
    faults = [
        Fault(f"/quantities/{at}", "应为处方上的药品，且不超过处方数量")
        for at, (code, quantity) in enumerate(quantities.items())
        if not 0 <= quantity <= prescribed.get(code, -1)
    ]
    handed = {**prescribed, **quantities}
    if not faults and not any(handed.values()):
        faults = [Fault("/quantities", "至少要发一种药；药房缺药时请先不要发药")]
    if faults:
        raise Invalid(faults=faults)
    return handed


def registered(ctx: Context, prescription: Prescription, handover: Handover) -> Dispensing:
    """The entry of who collected; raises `IdsNotSeen`, `Invalid`."""
    entry = Dispensing(
        prescription_id=prescription.id,
        pharmacist_id=ctx.actor.id,
        collector=handover.collector,
        dispensed_at=ctx.at,
    )
    if handover.collector is Collector.REPRESENTATIVE:
        entry.name, entry.id_number = _representative(ctx, handover)
    return entry


def _representative(ctx: Context, handover: Handover) -> tuple[str, str]:
    if not handover.both_ids_seen:
        fault = Fault("/collector/both_ids_seen", IdsNotSeen.advice)
        raise IdsNotSeen(clause="LP-6", faults=[fault])
    faults = []
    try:
        name = identity.person_name(handover.name or "")
    except identity.Malformed as wrong:
        faults.append(Fault("/collector/name", wrong.fault.text))
    try:
        number = identity.id_number(handover.id_number or "", ctx.today)
    except identity.Malformed as wrong:
        faults.append(Fault("/collector/id_number", wrong.fault.text))
    if faults:
        raise Invalid(faults=faults)
    return name, number.number


def renewed_by(
    prescription: Prescription, handed: Mapping[str, int], in_use: Sequence[Prescription]
) -> list[Prescription]:
    """Those in use of which every drug is handed over anew; another drug runs out as it did."""
    anew = {line.drug_id for line in prescription.lines if handed[line.drug.code]}
    return [row for row in in_use if {line.drug_id for line in row.handed_out} <= anew]


def out_of_drugs_on(
    ctx: Context,
    prescription: Prescription,
    handed: Mapping[str, int],
    renewed: Sequence[Prescription],
) -> date:
    """The first day without one of the drugs; a renewal begins when the one before runs out.

    A drug that was not handed over at all is lacking anyhow, and does not count.
    """
    left = _left(renewed) if prescription.turn is Turn.RENEWAL else {}
    lines = [
        line.holding(handed[line.drug.code])
        for line in prescription.lines
        if handed[line.drug.code] > 0
    ]
    return min(
        runs_out_on(max(ctx.today, left.get(line.drug.code, ctx.today)), [line]) for line in lines
    )


def _left(renewed: Sequence[Prescription]) -> dict[str, date]:
    """Until when each drug lasts that was handed over before."""
    until: dict[str, date] = {}
    for row in renewed:
        for code in (line.drug.code for line in row.handed_out):
            until[code] = max(until.get(code, date.min), row.runs_out_on or date.min)
    return until
