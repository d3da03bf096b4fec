"""Carries the strikes out, each at its time; what is killed is started again as by a supervisor."""

import contextlib
import random
import time
from collections.abc import Callable, Sequence

import httpx2
import redis

from tools.chaos.schedule import DAY_S, LOSES_THE_ANSWER, OUTAGE_S, Strike, Target, What, names
from tools.chaos.troupe import LATENCY_S, SHIFT, Troupe
from tools.chaos.watch import Watcher
from tools.launch.process import LaunchError
from tools.launch.stack import Part

SEND = "/cgi-bin/message/subscribe/send"
LOOK_S, DOWN_S, MOMENT_S, FULL_S = 0.05, 0.3, 1.0, 1.5
FAULT_S = {"timeout_after_delivery": 12.0, "delay": 2.5}


class Striker:
    """Works through a schedule; `unlucky` are the openids whose answers may be made to be lost."""

    def __init__(self, troupe: Troupe, watcher: Watcher, unlucky: Sequence[str], seed: int) -> None:
        self.troupe, self.watcher, self.unlucky = troupe, watcher, unlucky
        self.dice = random.Random(f"{seed}:strikes")
        self.kills = dict.fromkeys(map(str, Target), 0)
        self.done: dict[str, int] = {}
        self.injected: dict[str, int] = {}
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._acts = {
            What.KILL: self._kill,
            What.FREEZE: self._freeze,
            What.FLUSH: self._flush,
            What.FAULT: self._fault,
            What.OUTAGE: self._outage,
            What.JUMP: self._jump,
        }

    def strike_all(self, strikes: Sequence[Strike], until: float) -> None:
        """Every strike at its time; returns when the last one's effects are over.

        Who is not at work again is waited for, and everything after it is put off: a slow machine
        takes longer. Raises `TimeoutError` when it is not done by `until` (monotonic).
        """
        began = time.monotonic()
        for strike in strikes:
            while time.monotonic() < began + strike.at_s:
                self._tend(until)
            began += self._awaited(strike, until)
            self.done[strike.what] = self.done.get(strike.what, 0) + 1
            self._acts[strike.what](strike)
        while self._later:
            self._tend(until)

    def fill_the_day(self, until: float) -> None:
        """WeChat's quota of the day is used up (45009) while messages are due, then it is midnight.

        Who was told so waits for midnight in real time, which is not waited for here: the senders
        are killed, and what they put off is brought forward when the run drains.
        """
        self._control("POST", "limits", {"daily_sends": 0})
        over = time.monotonic() + FULL_S
        while time.monotonic() < over:
            self._tend(until)
        self._control("POST", "limits", {"daily_sends": 10**7})
        for name in names(Target.SENDER):
            self.troupe.kill(name)

    def calm(self) -> None:
        """Nothing strikes any more, and everything runs."""
        for name in [*self.troupe.frozen]:
            self.troupe.thaw(name)
        self.troupe.resting.clear()
        self._mend()
        self._control("DELETE", "faults")

    def _tend(self, until: float) -> None:
        if time.monotonic() > until:
            raise TimeoutError("the strikes took too long")
        now = time.monotonic()
        for at, act in [pair for pair in self._later if pair[0] <= now]:
            self._later.remove((at, act))
            act()
        self._mend()
        time.sleep(LOOK_S)

    def _mend(self) -> None:
        """What does not start now is tried again at the next look."""
        with contextlib.suppress(LaunchError):
            self.troupe.mend()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, act))

    def _awaited(self, strike: Strike, until: float) -> float:
        """Seconds until whom it strikes is at work; what was killed is left a moment of work."""
        if strike.what is not What.KILL or not self.troupe.has(strike.target):
            return 0.0
        began, at_work = time.monotonic(), self.troupe.is_at_work(strike.target)
        while not self.troupe.is_at_work(strike.target):
            self._tend(until)
        while not at_work and time.monotonic() < began + MOMENT_S:
            self._tend(until)
        return time.monotonic() - began

    def _kill(self, strike: Strike) -> None:
        """Down for a moment, then started again."""
        target = Target(strike.target.partition("-")[0])
        if not self.troupe.has(strike.target):
            return
        pid = self.troupe.kill(strike.target)
        self.watcher.wound(target, pid)
        self.kills[target] += 1
        name = self.troupe.resting
        name.add(strike.target)
        self._after(DOWN_S, lambda: name.discard(strike.target))

    def _freeze(self, strike: Strike) -> None:
        if pid := self.troupe.freeze(strike.target):
            self.watcher.wound(Target.SENDER, pid)
            self.watcher.froze(strike.target, strike.seconds)
        self._after(strike.seconds, lambda: self.troupe.thaw(strike.target))

    def _flush(self, _strike: Strike) -> None:
        with contextlib.suppress(redis.exceptions.RedisError):
            if self.troupe.redis_url:
                with redis.Redis.from_url(self.troupe.redis_url, socket_timeout=2) as link:
                    link.flushall()

    def _fault(self, strike: Strike) -> None:
        """An answer that is lost may mean a delivery that nobody knows: for the unlucky alone."""
        fault = {
            "path": SEND,
            "kind": strike.target,
            "times": strike.times,
            "seconds": FAULT_S.get(strike.target, 1.0),
        }
        fault |= {"errcode": strike.errcode} if strike.errcode else {}
        if strike.target in LOSES_THE_ANSWER:
            fault |= {"openid": self.dice.choice(self.unlucky)}
        if self._control("POST", "faults", fault):
            name = str(strike.errcode or strike.target)
            self.injected[name] = self.injected.get(name, 0) + strike.times

    def _outage(self, strike: Strike) -> None:
        """Nobody answers at WeChat; half an hour passes on the business clock and on theirs."""
        self.troupe.kill(Part.SIMULATOR)
        self.troupe.resting.add(Part.SIMULATOR)
        self._after(strike.seconds / 2, lambda: self.shift(OUTAGE_S))
        self._after(strike.seconds, self._end_outage)

    def _end_outage(self) -> None:
        self.troupe.resting.discard(Part.SIMULATOR)
        self.troupe.services[Part.SIMULATOR].start()
        self._control("POST", "clock", {"seconds": OUTAGE_S})
        self._control("POST", "latency", {"seconds": LATENCY_S})

    def _jump(self, strike: Strike) -> None:
        """The business clock of every process, at once; WeChat's own goes forward only."""
        self.shift(strike.seconds)
        if strike.seconds >= DAY_S:
            self._control("POST", "clock", {"seconds": strike.seconds})

    def shift(self, seconds: float) -> None:
        """Move the business clock by so much, back too; once the database is there again."""
        if not self.troupe.administer(SHIFT, [seconds]):
            self._after(LOOK_S, lambda: self.shift(seconds))

    def _control(self, method: str, what: str, body: object = None) -> bool:
        """Pull a string of the simulator; False while it is away."""
        try:
            address = f"{self.troupe.simulator_url}/_sim/{what}"
            answer = httpx2.request(method, address, json=body, timeout=5, trust_env=False)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200
