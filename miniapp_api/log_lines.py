"""Lines of the log of disclosures in words: for the person they concern, and for auditors."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Response

from backend import auditing, identity, network
from backend.auditing import Disclosure
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context, Kinship, Role
from miniapp_api.shown import known_operation

ROLES: Mapping[str, str] = {
    Role.DOCTOR: "医生",
    Role.NURSE: "护士",
    Role.PUBLIC_HEALTH: "公卫医生",
    Role.SPECIALIST: "专家",
    Role.PHARMACIST: "药师",
    Role.COORDINATOR: "转诊协调员",
    Role.MANAGER: "机构管理员",
    Role.CONSORTIUM_MANAGER: "医共体管理员",
    Role.AUDITOR: "审计员",
}
# The strongest first.
REASONS: Mapping[str, str] = {
    "emergency": "紧急调阅",
    "signed": "您的签约团队",
    "booked": "您预约的专家",
    "prescribed": "为您配药的药房",
    "alerted": "您的血压需要马上处理",
    "applied": "您申请签约的团队",
    "guardian": "您的监护人",
    "proxy": "您授权的家人",
    "institution": "本机构的管理工作",
    "consortium": "医共体的管理工作",
    "audit": "审计检查",
    "own_work": "经办过您的业务",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the row as it is kept, and what it says."""

    row: Disclosure
    actor_name: str | None
    institution_name: str | None
    what: str
    why: str

    @property
    def resident_ids(self) -> Sequence[UUID]:
        """Whose records were shown."""
        return self.row.resident_ids

    @property
    def text(self) -> str:
        """The whole line, as it is read aloud."""
        at = self.row.at.astimezone(SHANGHAI)
        when = f"{at.month}月{at.day}日 {at:%H:%M}"
        who = [part for part in (self.institution_name, self.actor_name) if part]
        return " ".join([when, *who, f"{self.what}（原因：{self.why}）"])


def own_lines(ctx: Context, rows: Sequence[Disclosure]) -> list[Line]:
    """Lines for the person whose record was shown; nobody else's reasons are in them."""
    return _lines(ctx, rows, [_reasons_for(row, ctx.oneself) for row in rows])


def lines(ctx: Context, rows: Sequence[Disclosure]) -> list[Line]:
    """Lines for auditors."""
    return _lines(ctx, rows, [_split(row.reasons) for row in rows])


def _lines(
    ctx: Context, rows: Sequence[Disclosure], reasons: Sequence[Sequence[str]]
) -> list[Line]:
    people = identity.staff(ctx, {row.actor_id for row in rows})
    houses = network.by_ids(ctx, {row.institution_id for row in rows if row.institution_id})
    emergencies = auditing.reasons_of(_emergencies(reasons))
    found = []
    for row, given in zip(rows, reasons, strict=True):
        house = houses.get(row.institution_id) if row.institution_id else None
        name = _name(row, people.get(row.actor_id), given)
        why = _why(given, emergencies)
        found.append(Line(row, name, house.name if house else None, _what(row), why))
    return found


def _reasons_for(row: Disclosure, resident_id: UUID) -> list[str]:
    pairs = zip(row.resident_ids, row.reasons, strict=False)
    return _split(reason for shown, reason in pairs if shown == resident_id)


def _split(reasons: Iterable[str]) -> list[str]:
    return sorted({part for reason in reasons for part in reason.split(",")}, key=_rank)


def _rank(reason: str) -> int:
    kind = reason.partition(":")[0]
    return [*REASONS].index(kind) if kind in REASONS else len(REASONS)


def _emergencies(reasons: Sequence[Sequence[str]]) -> list[UUID]:
    parts = [reason.partition(":") for some in reasons for reason in some]
    return [UUID(source) for kind, _, source in parts if kind == "emergency" and source]


def _name(row: Disclosure, person: identity.Staff | None, reasons: Sequence[str]) -> str:
    if person is not None:
        return f"{person.name}{ROLES.get(row.actor_role, '')}"
    for kind, _, kinship in (reason.partition(":") for reason in reasons):
        if kind in {"proxy", "guardian"} and kinship in set(Kinship):
            return f"您的{Kinship(kinship).label}"
    return ROLES.get(row.actor_role, "工作人员")


def _what(row: Disclosure) -> str:
    operation = known_operation(row.operation)
    words = operation.words if operation else "健康信息"
    if row.refusal is not None:
        return f"想要办理您的“{words}”，没有办成"
    return f"办理了您的“{words}”" if operation and operation.changes else f"查看了您的“{words}”"


def _why(reasons: Sequence[str], emergencies: Mapping[UUID, str]) -> str:
    said = []
    for kind, _, source in (reason.partition(":") for reason in reasons):
        words = REASONS.get(kind, "工作需要")
        told = emergencies.get(UUID(source)) if kind == "emergency" and source else None
        said.append(f"{words}：{told}" if told else words)
    return "、".join(dict.fromkeys(said)) or "工作需要"


class Evidence(Response):
    """Lines of the log as a file, and whom they are about."""

    resident_ids: Sequence[UUID] = ()


def as_csv(shown: Sequence[Line]) -> Evidence:
    """One line a row, in UTF-8 with a mark, as spreadsheets want it; no cell is a formula."""
    page = io.StringIO()
    table = csv.writer(page)
    table.writerow(
        ["编号", "时间", "记录时间", "人员", "角色", "机构", "做了什么", "为什么", "居民"]
    )
    for line in shown:
        row = line.row
        residents = " ".join(map(str, row.resident_ids))
        times = row.at.astimezone(SHANGHAI).isoformat(), row.recorded_at.isoformat()
        who = line.actor_name or str(row.actor_id), ROLES.get(row.actor_role, row.actor_role)
        cells = [str(row.id), *times, *who, line.institution_name or "", line.what, line.why]
        table.writerow([_plain(cell) for cell in [*cells, residents]])
    answer = Evidence(page.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.resident_ids = sorted({one for line in shown for one in line.resident_ids})
    answer.headers["Content-Disposition"] = "attachment; filename=disclosures.csv"
    return answer


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
