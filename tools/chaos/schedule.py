"""What strikes when, fixed by a seed: the same seed is the same run, but for the machine's mood."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

LEASE_OVER_S = 52.0  # longer than a lease, its grace and the round that takes over
ENOUGH_TO_FREEZE = 20  # shorter runs freeze a sender within its lease only
# A token refused although it is good is believed in for 30 s: it is not lost at the same time.
ONE_TOKEN_S = 40.0
DAY_S, OUTAGE_S = 86_400.0, 1_800.0  # of the simulated clock


class Target(StrEnum):
    """What is killed with -9."""

    SENDER = "sender"
    SCHEDULER = "scheduler"
    RELAY = "relay"
    API = "api"
    POSTGRES = "postgres"
    REDIS = "redis"


class What(StrEnum):
    """What happens; a freeze is SIGSTOP, and SIGCONT after its seconds."""

    KILL = "kill"
    FREEZE = "freeze"
    FLUSH = "flush"
    FAULT = "fault"
    OUTAGE = "outage"
    JUMP = "jump"


@dataclass(frozen=True, slots=True)
class Strike:
    """One of them: `seconds` it lasts in real time, or is jumped on the business clock."""

    at_s: float
    what: What
    target: str = ""
    seconds: float = 0.0
    times: int = 1
    errcode: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How dense a run is: pauses between two kills, and between two faults, in seconds."""

    kills: tuple[float, float]
    faults: tuple[float, float]
    outage_s: float
    back_s: float


USUAL = Pace(kills=(1.5, 3.5), faults=(0.8, 2.0), outage_s=8.0, back_s=5.0)
QUICK = Pace(kills=(0.5, 0.8), faults=(0.3, 0.5), outage_s=1.0, back_s=0.5)

COPIES = {Target.SENDER: 3, Target.SCHEDULER: 2, Target.RELAY: 2}
WEIGHTS = {
    Target.SENDER: 4,
    Target.SCHEDULER: 2,
    Target.RELAY: 2,
    Target.API: 2,
    Target.POSTGRES: 2,
    Target.REDIS: 2,
}

# Faults of the simulator: kind, the code of a refusal, how many calls at most.
FAULTS = (
    ("busy", 0, 3),
    ("http500", 0, 2),
    ("timeout_after_delivery", 0, 1),
    ("truncated", 0, 1),
    ("bad_utf8", 0, 2),
    ("string_errcode", 0, 2),
    ("refuse", 43108, 2),
    ("refuse", 45011, 1),
    ("token", 0, 2),
    ("delay", 0, 2),
)
LOSES_THE_ANSWER = frozenset({"timeout_after_delivery", "truncated", "bad_utf8"})


def names(target: Target) -> list[str]:
    """The processes of a target: sender-1, sender-2; api."""
    copies = COPIES.get(target)
    return [f"{target}-{n + 1}" for n in range(copies)] if copies else [str(target)]


def planned(seed: int, kills: int, pace: Pace) -> list[Strike]:
    """Every strike of a run in the order of time."""
    dice = random.Random(seed)
    moments, length = _moments(dice, kills, pace)
    freezes = _freezes(dice, kills, length)
    strikes = [*freezes, *_kills(dice, moments, freezes), *_faults(dice, length, pace)]
    strikes += [*_of_the_whole(length, pace)]
    strikes += [Strike(length * part / 6, What.FLUSH) for part in range(1, 6)]
    return sorted(strikes, key=lambda strike: strike.at_s)


def _moments(dice: random.Random, kills: int, pace: Pace) -> tuple[list[float], float]:
    """When the kills are, with a gap around the outage in the middle, and the length of it all."""
    at, moments = pace.kills[0], list[float]()
    for n in range(kills):
        if n == kills // 2:
            at += 2 * pace.outage_s
        moments.append(at)
        at += dice.uniform(*pace.kills)
    return moments, max(at, 4 * pace.outage_s)


def _freezes(dice: random.Random, kills: int, length: float) -> list[Strike]:
    """Longer than the lease where the run is long enough, each sender in turn."""
    if kills < ENOUGH_TO_FREEZE:
        return [Strike(length * 0.7, What.FREEZE, "sender-1", 1.0)]
    starts = [n * LEASE_OVER_S * 1.2 + dice.uniform(2, 6) for n in range(max(1, kills // 30))]
    return [
        Strike(at, What.FREEZE, names(Target.SENDER)[n % 2], LEASE_OVER_S)
        for n, at in enumerate(starts)
    ]


def _kills(
    dice: random.Random, moments: Sequence[float], freezes: Sequence[Strike]
) -> Iterator[Strike]:
    """Each target at least once where there are enough; never a sender while it is frozen."""
    some = [*Target][: len(moments)]
    rest = dice.choices([*WEIGHTS], [*WEIGHTS.values()], k=len(moments) - len(some))
    targets = dice.sample(some + rest, len(moments))
    for at, target in zip(moments, targets, strict=True):
        frozen = {f.target for f in freezes if f.at_s - 1 <= at <= f.at_s + f.seconds + 2}
        awake = [name for name in names(target) if name not in frozen]
        yield Strike(at, What.KILL, dice.choice(awake))


def _faults(dice: random.Random, length: float, pace: Pace) -> Iterator[Strike]:
    """Round after round of every kind, each round in another order."""
    at, kinds = pace.faults[0], list[tuple[str, int, int]]()
    losses = [strike.at_s for strike in _of_the_whole(length, pace)]
    while at < length:
        kinds = kinds or dice.sample(FAULTS, len(FAULTS))
        kind, errcode, most = kinds.pop()
        if kind != "token" or all(loss < at or loss > at + ONE_TOKEN_S for loss in losses):
            yield Strike(at, What.FAULT, kind, times=dice.randint(1, most), errcode=errcode)
        at += dice.uniform(*pace.faults)


def _of_the_whole(length: float, pace: Pace) -> Iterator[Strike]:
    """WeChat is away for half an hour; the business clock is a day ahead, back again, behind."""
    yield Strike(length / 2, What.OUTAGE, seconds=pace.outage_s)
    yield Strike(length * 0.2, What.JUMP, seconds=DAY_S)
    yield Strike(length * 0.75, What.JUMP, seconds=-DAY_S)
    yield Strike(length * 0.75 + pace.back_s, What.JUMP, seconds=DAY_S)
