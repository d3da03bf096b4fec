"""After the last strike: business time goes on until nothing that was planned is left."""

import time
from datetime import timedelta

import psycopg

from tools.chaos.schedule import Target, names
from tools.chaos.striking import Striker
from tools.chaos.troupe import Troupe

STEP_S, MOST_STEPS, STILL = 0.25, 12, 3
MORNING = timedelta(hours=9, minutes=30)

# Real time that a message waits (a minute's rate, the next day's quota) is not waited for here.
_BRING_FORWARD = """
UPDATE message SET next_at = now() WHERE state = 'queued' AND next_at > now() + interval '3 s'
"""
# What stands on a call list waits for people.
_OPEN = """
WITH clock AS (SELECT now() + shift AS at FROM business_clock),
waiting AS (SELECT coalesce(wait_until, due_at) AS ready_at, due_at FROM message
  WHERE state IN ('queued', 'sending') AND channel <> 'call')
SELECT
  (SELECT count(*) FROM waiting, clock WHERE ready_at <= clock.at)
  + (SELECT count(*) FROM followup, clock WHERE state = 'scheduled'
    AND due_on <= (clock.at AT TIME ZONE 'Asia/Shanghai')::date + 7),
  (SELECT count(*) FROM delivery WHERE state = 'pending'),
  (SELECT count(*) FROM waiting, clock WHERE due_at <= clock.at AND ready_at > clock.at)
"""
# Until what was put off is ready, or else to the next morning.
_GO_ON = """
UPDATE business_clock SET shift = coalesce(
  (SELECT max(wait_until) + interval '1 s' FROM message WHERE state = 'queued'
    AND channel <> 'call' AND due_at <= now() + shift AND wait_until > now() + shift
    AND wait_until < now() + shift + interval '2 days'),
  (date_trunc('day', (now() + shift) AT TIME ZONE 'Asia/Shanghai')
    + interval '1 day' + %s) AT TIME ZONE 'Asia/Shanghai') - now()
"""


class Drain:
    """Waits, and moves the clock; what does not end is what the judge calls limbo."""

    def __init__(self, troupe: Troupe, striker: Striker, until: float) -> None:
        self.troupe, self.striker, self.until = troupe, striker, until
        self.steps = 0

    def run(self) -> None:
        """Until nothing is due; what is planned for later today, or was put off, has its day."""
        self.striker.calm()
        self._settle()
        while self._in_time() and self.steps < MOST_STEPS and (not self.steps or self._open()[2]):
            self._go_on()
            self._settle()
        self._end(Target.SCHEDULER)
        self._settle()
        while self._in_time() and not self.troupe.is_at_work(Target.API):
            self.troupe.mend()
            time.sleep(STEP_S)

    def _settle(self) -> None:
        """Wait until several looks in a row find nothing due."""
        still = 0
        while still < STILL and self._in_time():
            due, reacting, _ = self._open()
            still = 0 if due or reacting else still + 1
            self.troupe.administer(_BRING_FORWARD)
            self.troupe.mend()
            time.sleep(STEP_S)

    def _in_time(self) -> bool:
        return time.monotonic() < self.until

    def _open(self) -> tuple[int, int, int]:
        """What is due and not final, reactions that wait, and what was put off."""
        try:
            with self.troupe.administering() as link:
                found = link.execute(_OPEN).fetchone()
        except psycopg.OperationalError:
            return 1, 1, 1
        return found or (0, 0, 0)

    def _go_on(self) -> None:
        self.steps += 1
        with self.troupe.administering() as link:
            link.execute(_GO_ON, [MORNING])

    def _end(self, target: Target) -> None:
        """These stay down, so that nothing new comes."""
        for name in names(target):
            self.troupe.resting.add(name)
            self.troupe.kill(name)
