"""Things that go wrong on command."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The last four let the call take effect and spoil only the answer."""

    BUSY = "busy"
    TOKEN = "token"  # noqa: S105 — a name of a fault
    REFUSE = "refuse"
    DELAY = "delay"
    HTTP500 = "http500"
    TIMEOUT_AFTER_DELIVERY = "timeout_after_delivery"
    TRUNCATED = "truncated"
    BAD_UTF8 = "bad_utf8"
    STRING_ERRCODE = "string_errcode"


INSTEAD_OF_THE_CALL = {Kind.BUSY: -1, Kind.TOKEN: 40001}


@dataclass
class Fault:
    """Strikes the next `times` calls of a path, of one person where an openid is given."""

    path: str
    kind: Kind
    times: int = 1
    seconds: float = 30.0
    openid: str | None = None
    errcode: int = 43101  # what a `refuse` says

    @property
    def instead(self) -> int | None:
        """The code that is answered in place of the call, `None` where the call takes place."""
        return self.errcode if self.kind is Kind.REFUSE else INSTEAD_OF_THE_CALL.get(self.kind)


class Faults:
    """Faults strike in the order in which they were armed."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []

    def arm(self, record: dict[str, Any]) -> Fault:
        """Take one from a control call; `KeyError`, `TypeError` or `ValueError` when malformed."""
        fault = Fault(
            path=str(record["path"]),
            kind=Kind(record["kind"]),
            times=int(record.get("times", 1)),
            seconds=float(record.get("seconds", 30.0)),
            openid=record.get("openid"),
            errcode=int(record.get("errcode", 43101)),
        )
        if fault.times < 1:
            raise ValueError("times is 1 or more")
        self.armed.append(fault)
        return fault

    def take(self, path: str, openid: str | None) -> Fault | None:
        """The fault that strikes this call, used up by one."""
        for fault in self.armed:
            if fault.path == path and fault.openid in (None, openid):
                fault.times -= 1
                self.armed = [one for one in self.armed if one.times > 0]
                return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """What is still armed."""
        return [asdict(fault) for fault in self.armed]
