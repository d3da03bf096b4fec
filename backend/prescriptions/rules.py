"""Long prescriptions [长期处方]: how long, of what, by whom, and which clause forbids it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING

from backend.kernel import standards
from backend.kernel.figures import BadFigures
from backend.kernel.regions import Region
from backend.prescriptions.order import Drug, DrugClass, Line, Order, Stop, Turn


@dataclass(frozen=True, kw_only=True)
class LongPrescription(standards.Edition):
    """The national figures."""

    usual_days: int
    max_days: int
    never: frozenset[DrugClass]
    antimicrobial_exceptions: tuple[str, ...]
    first_titles: frozenset[str]
    renewal_stops: frozenset[Stop]
    renewal_within_days: int
    renewal_early_days: int
    max_drugs: int
    vague_usages: tuple[str, ...]
    valid_days: int
    extended_valid_days: int


LONG_PRESCRIPTION = standards.load(LongPrescription, "long_prescription")


@dataclass(frozen=True)
class Disease:
    """A disease [病种] by its name and the beginnings of its ICD-10 codes."""

    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PrescriptionPolicy:
    """What the region lays down; it may be stricter than the nation, never laxer."""

    max_days: int
    strict_above_days: int
    run_out_notice_days: tuple[int, ...]
    diseases: tuple[Disease, ...]


def policy_of(region: Region, std: LongPrescription) -> PrescriptionPolicy:
    """Read the region's policy; a figure laxer than the standard is an error."""
    policy = region.section("prescriptions", PrescriptionPolicy)
    if not 0 < policy.max_days <= std.max_days:
        raise BadFigures(f"{region.name}: max_days must lie within the national {std.max_days}")
    if not 0 <= policy.strict_above_days <= std.usual_days:
        raise BadFigures(f"{region.name}: strict_above_days may not exceed {std.usual_days}")
    return policy


@dataclass(frozen=True)
class Refusal:
    """Why an order cannot stand: the clause, a code for clients, a text for people, and where."""

    clause: str
    code: str
    text: str
    pointer: str = ""  # JSON pointer into the order as it was written


Check = Callable[[Order, LongPrescription, PrescriptionPolicy], Iterable[Refusal]]


def judge(order: Order, std: LongPrescription, policy: PrescriptionPolicy) -> list[Refusal]:
    """List everything that forbids the order; an empty list lets it pass."""
    return [refusal for check in CHECKS for refusal in check(order, std, policy)]


def _stable(order: Order, _std: object, _policy: object) -> Iterator[Refusal]:
    if not order.condition_stable:
        text = "病情稳定、治疗方案和依从性良好的慢性病患者才能使用长处方"
        yield Refusal("LP-1", "not_stable", text, "/assessment")


def _drug_classes(order: Order, std: LongPrescription, _policy: object) -> Iterator[Refusal]:
    for at, drug in enumerate(line.drug for line in order.lines):
        excepted = drug.drug_class is DrugClass.ANTIMICROBIAL and matches(
            order.diagnoses, std.antimicrobial_exceptions
        )
        if drug.drug_class in std.never and not excepted:
            text = f"{drug.name}属于{drug.drug_class.label}，不能开长处方"
            yield Refusal("LP-2", "drug_never_long", text, f"/lines/{at}/drug")


def _days(order: Order, std: LongPrescription, policy: PrescriptionPolicy) -> Iterable[Refusal]:
    return judge_days(order.days, std, policy)


def judge_days(days: int, std: LongPrescription, policy: PrescriptionPolicy) -> Iterator[Refusal]:
    """Tell what forbids so many days, wanted or prescribed."""
    if days < 1:
        yield Refusal("LP-3", "days_invalid", "请填写用药天数", "/days")
    if days > std.max_days:
        yield Refusal("LP-3", "days_above_national", f"长处方最长不超过{std.max_days}天", "/days")
    elif days > policy.max_days:
        text = f"本地长处方最长不超过{policy.max_days}天"
        yield Refusal("LP-15", "days_above_region", text, "/days")


def _strict(order: Order, _std: object, policy: PrescriptionPolicy) -> Iterator[Refusal]:
    if order.days <= policy.strict_above_days:
        return
    over = f"超过{policy.strict_above_days}天的处方"
    if not order.assessed:
        text = f"{over}须先完成评估并记入病历"
        yield Refusal("LP-4", "assessment_missing", text, "/assessment/note")
    if not order.educated:
        text = f"{over}须先对患者进行用药教育"
        yield Refusal("LP-4", "education_missing", text, "/assessment/educated")
    if not order.confirmed:
        yield Refusal(
            "LP-4", "confirmation_missing", f"{over}，药品和天数须由患者本人确认", "/days"
        )


def _turn(order: Order, std: LongPrescription, _policy: object) -> Iterator[Refusal]:
    if order.turn is Turn.FIRST and order.prescriber_title not in std.first_titles:
        yield Refusal("LP-8", "title_too_low", "首次长处方须由中级及以上职称的医师开具")
    if order.turn is Turn.FIRST and not order.assessed:
        text = "首次开具长处方前须全面评估并记入病历"
        yield Refusal("LP-9", "first_unassessed", text, "/assessment/note")


def _early(order: Order, std: LongPrescription, _policy: object) -> Iterator[Refusal]:
    if order.turn is not Turn.RENEWAL:
        return
    for at, drug in enumerate(line.drug for line in order.lines):
        left = order.in_hand.get(drug.code, 0)
        if left > std.renewal_early_days:
            text = f"{drug.name}还够用{left}天，剩{std.renewal_early_days}天以内时再续开"
            yield Refusal("LP-3", "renewal_too_early", text, f"/lines/{at}/drug")


def _local(order: Order, _std: object, policy: PrescriptionPolicy) -> Iterator[Refusal]:
    if not any(matches(order.diagnoses, disease.codes) for disease in policy.diseases):
        listed = "、".join(disease.name for disease in policy.diseases)
        text = f"本地可开长处方的病种为{listed}"
        yield Refusal("LP-15", "disease_not_listed", text, "/diagnoses")


def _form(order: Order, std: LongPrescription, _policy: object) -> Iterator[Refusal]:
    if not order.lines:
        yield Refusal("RX-1", "no_drug", "处方中没有药品", "/lines")
    if len(order.lines) > std.max_drugs:
        text = f"每张处方不能超过{std.max_drugs}种药品"
        yield Refusal("RX-1", "too_many_drugs", text, "/lines")
    for at, line in enumerate(order.lines):
        usage = "".join(line.usage.split())
        if not usage or any(vague in usage for vague in std.vague_usages):
            text = f"请写明{line.drug.name}的具体用法"
            yield Refusal("RX-2", "usage_vague", text, f"/lines/{at}/usage")
        if line.drug.code in {before.drug.code for before in order.lines[:at]}:
            text = f"{line.drug.name}写了两次，请合并为一行"
            yield Refusal("RX-2", "drug_repeated", text, f"/lines/{at}/drug")


def _quantities(order: Order, _std: object, _policy: object) -> Iterator[Refusal]:
    for at, line in enumerate(order.lines):
        pointer, enough = f"/lines/{at}/quantity", units_for(line, order.days)
        if line.quantity < enough:
            text = f"{line.drug.name}的数量不够{order.days}天"
            yield Refusal("RX-2", "quantity_short", text, pointer)
        if line.quantity > in_whole_packs(enough, line.drug):
            text = f"{line.drug.name}的数量超过{order.days}天"
            yield Refusal("LP-3", "quantity_above_days", text, pointer)


CHECKS: tuple[Check, ...] = (
    _stable,
    _drug_classes,
    _days,
    _strict,
    _turn,
    _early,
    _local,
    _form,
    _quantities,
)


def matches(diagnoses: Iterable[str], codes: Iterable[str]) -> bool:
    """Tell whether a diagnosis falls under one of the codes (I10.x00 under I10)."""
    beginnings = tuple(codes)
    return any(diagnosis.upper().startswith(beginnings) for diagnosis in diagnoses)


def turn_of(had_before: bool, since_last: frozenset[Stop], std: LongPrescription) -> Turn:
    """Tell a renewal from a first one: after a stop the next counts as a first (LP-10)."""
    return Turn.RENEWAL if had_before and not since_last & std.renewal_stops else Turn.FIRST


def units_for(line: Line, days: int) -> int:
    """Count the units that so many days take."""
    return int((line.dose * line.times_per_day * days).to_integral_value(ROUND_CEILING))


def in_whole_packs(units: int, drug: Drug) -> int:
    """Round up to what unopened packs hold."""
    return -(-units // drug.pack_size) * drug.pack_size


def runs_out_on(dispensed_on: date, lines: Iterable[Line]) -> date:
    """Name the first day on which a drug is lacking [断药]."""
    return dispensed_on + timedelta(days=min(line.days_supply for line in lines))


def run_out_notices(out_on: date, policy: PrescriptionPolicy) -> list[date]:
    """Name the days on which the resident is reminded, earliest first."""
    return sorted(out_on - timedelta(days=days) for days in policy.run_out_notice_days)


def valid_until(issued_on: date, extended: bool, std: LongPrescription) -> date:
    """Name the last day on which it may be dispensed (RX-3)."""
    days = std.extended_valid_days if extended else std.valid_days
    return issued_on + timedelta(days=days - 1)
