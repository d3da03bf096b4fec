"""One run: servers of its own, a load, the strikes, the drain, and both sides' books compared."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2
from flask import Flask

from backend.assembly import assemble, release
from backend.messaging import catalogue
from config.settings import Settings
from tools.chaos import controls, findings, schedule
from tools.chaos.drain import Drain
from tools.chaos.load import Calendar, People, Plan, Planner, Somebody
from tools.chaos.report import Report
from tools.chaos.residents import Acts, Resident
from tools.chaos.schedule import Pace
from tools.chaos.striking import Striker
from tools.chaos.troupe import LATENCY_S, PARTS, SETTINGS, Troupe
from tools.chaos.watch import Watcher
from tools.launch.placement import scratch_state

AGREED = 100_000
_MORNING = """
UPDATE business_clock SET shift = (date_trunc('week', now() AT TIME ZONE 'Asia/Shanghai')
  + interval '8 days 9 hours') AT TIME ZONE 'Asia/Shanghai' - now()
"""
_CREDIT = """
INSERT INTO credit (id, account_id, template_id, change, entry, source_id, at)
SELECT gen_random_uuid(), a.id, t.id, %s, 'accepted', gen_random_uuid(), now()
FROM account a, unnest(%s::text[]) AS t (id)
"""
_PEOPLE = """
SELECT coalesce(resident_id, staff_id), openid, resident_id IS NOT NULL FROM account
WHERE staff_id IS NOT NULL OR openid LIKE 'demo-neighbour-%' ORDER BY openid
"""


@dataclass(frozen=True)
class Scale:
    """How large a run is: its pace, the load, and how long everything may take together."""

    pace: Pace = field(default_factory=lambda: schedule.USUAL)
    per_s: float = 25.0
    residents: int = 300
    visitors: int = 3
    longest_s: float = 1500.0


QUICK = Scale(pace=schedule.QUICK, per_s=40.0, residents=40, visitors=2, longest_s=300.0)


def run(
    seed: int,
    kills: int,
    scale: Scale,
    without: str | None = None,
    kind: type[Troupe] = Troupe,
) -> Report:
    """Everything from an empty folder to the verdict; nothing stays."""
    began = time.monotonic()
    given = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    with (
        scratch_state() as state,
        kind(
            state, PARTS, residents=scale.residents, given=given, database_settings=SETTINGS
        ) as troupe,
    ):
        trial = Trial(troupe, seed, scale, began + scale.longest_s)
        if without:
            troupe.administer(controls.WITHOUT[without])
        trial.play(schedule.planned(seed, kills, scale.pace))
        return findings.reported(trial, time.monotonic() - began)


class Trial:
    """What belongs to one run."""

    def __init__(self, troupe: Troupe, seed: int, scale: Scale, until: float) -> None:
        self.troupe, self.seed, self.scale, self.until = troupe, seed, scale, until
        self.people = self._people()
        self.plan = Plan(seed, self.people, scale.per_s)
        self.acts = Acts()
        self.watcher = Watcher(troupe)
        openids = [one.openid for one in self.people.residents]
        self.unlucky = openids[:: max(2, len(openids) // 12)]
        self.striker = Striker(troupe, self.watcher, self.unlucky, seed)

    def play(self, strikes: list[schedule.Strike]) -> None:
        """Load and strikes together, then the drain."""
        self._let_everybody_agree()
        self.troupe.administer(_MORNING)
        self.watcher.start()
        with self._load():
            self.striker.strike_all(strikes, self.until)
            self.striker.calm()
            self.striker.fill_the_day(self.until)
        Drain(self.troupe, self.striker, self.until).run()
        self.watcher.over.set()
        self.watcher.join()
        self.watcher.look_at_ledger()

    @contextlib.contextmanager
    def _load(self) -> Iterator[None]:
        """Two planners and some residents, until the block ends."""
        apps = [self._app(), self._app()]
        addresses = self.troupe.api_url, self.troupe.simulator_url
        many = self.scale.visitors
        openids = [one.openid for one in self.people.residents]
        threads = [*(Planner(app, self.plan) for app in apps), Calendar(self.troupe, self.plan)]
        visitors = [
            Resident(addresses, openids[n : 10 * many : many], f"{self.seed}:{n}", self.acts)
            for n in range(many)
        ]
        for thread in (*threads, *visitors):
            thread.start()
        try:
            yield
        except BaseException:
            self.plan.given_up.set()
            self.acts.given_up.set()
            raise
        finally:
            self.plan.over.set()
            self.acts.over.set()
            for thread in (*threads, *visitors):
                thread.join(20)
            for app in apps:
                release(app)

    def _app(self) -> Flask:
        return assemble(Settings.from_env(self.troupe.environment()))

    def _people(self) -> People:
        found = self.troupe.ask(_PEOPLE)
        return People(
            residents=[Somebody(key, openid) for key, openid, is_resident in found if is_resident],
            staff=[Somebody(key, openid) for key, openid, is_resident in found if not is_resident],
        )

    def _let_everybody_agree(self) -> None:
        """To everything, more often than is sent; on both sides' books."""
        templates = [template.id for template in catalogue().template.values()]
        popups = [
            {"openid": one.openid, "template_ids": templates, "times": AGREED}
            for one in (*self.people.residents, *self.people.staff)
        ]
        for what, body in (("popups", popups), ("latency", {"seconds": LATENCY_S})):
            address = f"{self.troupe.simulator_url}/_sim/{what}"
            httpx2.post(address, json=body, timeout=20, trust_env=False).raise_for_status()
        with self.troupe.administering() as link:
            link.execute(_CREDIT, [AGREED, templates])
