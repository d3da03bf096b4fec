"""The one JSON object of a run, and whether it holds what was promised."""

from dataclasses import dataclass
from typing import Any

from tools.chaos.judge import Verdict

DUPLICATES_PER_KILL, RECOVERY_S, TRANSACTION_S = 0.05, 60.0, 1.0
SHOWN = 5


@dataclass(frozen=True)
class Report:
    """What was done, what was found, and how long it took.

    `unwelcome` are deliveries more than a minute after the person wanted them no more;
    `collisions` are calls that WeChat refused as concurrent (43108) without being told to;
    `hidden` are messages that their person's inbox does not show.
    """

    seed: int
    seconds: float
    kills: dict[str, int]
    strikes: dict[str, int]
    injected: dict[str, int]
    verdict: Verdict
    unwelcome: int
    collisions: int
    hidden: int
    recovery_s: dict[str, float]
    longest_transaction_s: float
    longest_statement_s: float
    load: dict[str, int]

    @property
    def duplicates_per_kill(self) -> float:
        """Every delivery beyond an item's first, an injected loss or not."""
        found = self.verdict
        doubled = len(found.doubled) + len(found.doubled_with_injected_loss)
        return round(doubled / max(1, sum(self.kills.values())), 3)

    @property
    def recovery_p100_s(self) -> float:
        """The slowest of all."""
        return max(self.recovery_s.values(), default=0.0)

    @property
    def missed(self) -> list[str]:
        """The marks that are missed."""
        found = self.verdict
        marks = {
            "lost": not found.lost,
            "doubled": not found.doubled,
            "duplicates_per_kill": self.duplicates_per_kill <= DUPLICATES_PER_KILL,
            "limbo": not found.limbo,
            "reconciles": found.reconciles and not found.contradicted,
            "unwelcome": not self.unwelcome,
            "hidden": not self.hidden,
            "collisions": self.collisions <= sum(self.kills.values()),
            "recovery_p100_s": self.recovery_p100_s <= RECOVERY_S,
            "longest_transaction_s": self.longest_transaction_s <= TRANSACTION_S,
        }
        return [name for name, held in marks.items() if not held]

    def told(self) -> dict[str, Any]:
        """As it is printed."""
        found = self.verdict
        return {
            "kills": {"total": sum(self.kills.values()), **self.kills},
            "lost": len(found.lost),
            "doubled": len(found.doubled),
            "doubled_with_injected_loss": len(found.doubled_with_injected_loss),
            "duplicates_per_kill": self.duplicates_per_kill,
            "unknown": found.states.get("unknown", 0),
            "limbo": len(found.limbo),
            "recovery_p100_s": self.recovery_p100_s,
            "recovery_s": self.recovery_s,
            "longest_transaction_s": round(self.longest_transaction_s, 2),
            "longest_statement_s": round(self.longest_statement_s, 2),
            "unwelcome": self.unwelcome,
            "hidden": self.hidden,
            "collisions": self.collisions,
            "totals": self._totals(),
            "strikes": self.strikes,
            "injected": self.injected,
            "load": self.load,
            "found": self._found(),
            "missed": self.missed,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
        }

    def _totals(self) -> dict[str, Any]:
        found = self.verdict
        return {
            "items": found.items,
            "rows": found.rows,
            "states": found.states,
            "reasons": found.reasons,
            "deliveries": found.deliveries,
            "of_rows_not_sent": found.delivered_in_doubt,
            "again": found.delivered_again,
            "stray": len(found.stray),
            "contradicted": len(found.contradicted),
            "reconcile": found.reconciles,
        }

    def _found(self) -> dict[str, list[str]]:
        """The first few of each finding, by name."""
        found = self.verdict
        lists = {
            "lost": found.lost,
            "doubled": found.doubled,
            "limbo": found.limbo,
            "stray": found.stray,
            "contradicted": found.contradicted,
        }
        return {name: items[:SHOWN] for name, items in lists.items() if items}
