"""What a run is reduced to."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Run:
    """How many attempts ended well in how long, each one's time in seconds, and the others.

    `warmed` counts those before, and `client_s` is the client's own CPU.
    """

    done: int
    seconds: float
    times: Sequence[float]
    errors: int
    warmed: int = 0
    client_s: float = 0.0

    @property
    def asked(self) -> int:
        """All that were answered, in the warm-up and after."""
        return self.warmed + len(self.times)

    @property
    def rate(self) -> float:
        """Good ends per second."""
        return self.done / self.seconds if self.seconds else 0.0

    def percentile_ms(self, percent: float) -> float:
        """The time that so many percent of the attempts stayed below, in milliseconds."""
        if not self.times:
            return 0.0
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    def to_json(self) -> str:
        """To be read by `from_json` in another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """What another process measured."""
        return cls(**json.loads(text))


def ratio(run: Run, beside: Run) -> float:
    """How much of another run's rate this one has."""
    return round(run.rate / beside.rate, 3) if beside.rate else 0.0


def each_ms(cost_s: Sequence[float], run: Run) -> float:
    """Processor time of one answer in milliseconds; those of the warm-up are counted as well."""
    return round(1000 * sum(cost_s) / (run.asked or 1), 3)


def show(name: str, scenario: str, run: Run, **more: object) -> None:
    """Print one line."""
    line = {
        "name": name,
        "scenario": scenario,
        "rate_per_s": round(run.rate, 1),
        "p50_ms": round(run.percentile_ms(50), 2),
        "p99_ms": round(run.percentile_ms(99), 2),
        "errors": run.errors,
    }
    print(json.dumps(line | more), flush=True)
