"""Things that go wrong on command."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """`error` is the call's answer, `code` that of its numbers; the last three come after it."""

    ERROR = "error"
    CODE = "code"
    HTTP500 = "http500"
    DELAY = "delay"
    TIMEOUT_AFTER_DELIVERY = "timeout_after_delivery"
    CUT_AFTER_DELIVERY = "cut_after_delivery"
    TRUNCATED = "truncated"


@dataclass
class Fault:
    """Strikes the next `times` calls, to one phone where one is given."""

    kind: Kind
    code: str = "InternalError.Timeout"
    times: int = 1
    seconds: float = 30.0
    phone: str | None = None


class Faults:
    """Faults strike in the order in which they were armed."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []

    def arm(self, record: dict[str, Any]) -> None:
        """Take one from a control call; `TypeError` or `ValueError` when malformed."""
        fault = Fault(**record | {"kind": Kind(record["kind"])})
        if fault.times < 1:
            raise ValueError("times is 1 or more")
        self.armed.append(fault)

    def take(self, phones: list[str]) -> Fault | None:
        """The fault that strikes this call, used up by one."""
        for fault in self.armed:
            if fault.phone is None or fault.phone in phones:
                fault.times -= 1
                self.armed = [one for one in self.armed if one.times > 0]
                return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """What is still armed."""
        return [asdict(fault) for fault in self.armed]
