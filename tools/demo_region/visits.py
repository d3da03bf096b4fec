"""随访: what the national rule would have planned for the chronic patients, visit by visit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from backend import followups
from backend.followups.rules import HYPERTENSION, Assessment, Reading, advise, next_visit
from backend.kernel.calendar import SHANGHAI, age_on, is_workday, next_workday
from tools.demo_region.contracts import Signed
from tools.demo_region.dice import Dice

is_worked = cache(is_workday)
CAST_DUE_IN = timedelta(days=3)
MORNING = time(10, 0, tzinfo=SHANGHAI)
WELL, HIGH = ((112, 136), (68, 86)), ((142, 158), (84, 98))


@dataclass
class Visits:
    """Enrolments, the visits made and the one planned for each, and what was measured."""

    enrolments: list[followups.Enrolment] = field(default_factory=list)
    visits: list[followups.FollowUp] = field(default_factory=list)
    measurements: list[followups.Measurement] = field(default_factory=list)

    @property
    def rows(self) -> list[Any]:
        """In the order of writing."""
        return [*self.enrolments, *self.visits, *self.measurements]


class Chronicler:
    """Plays the past of each patient by the rule that plans the future of everybody."""

    def __init__(self, dice: Dice, today: date) -> None:
        self.dice, self.today = dice, today
        self.found = Visits()

    def all(self, signed: list[Signed]) -> Visits:
        """Everybody with hypertension who is signed and old enough for the programme."""
        least = HYPERTENSION.on(self.today).minimum_age
        for each in signed:
            if (
                each.patient.hypertension
                and age_on(each.patient.row.birth_date, each.since) >= least
            ):
                self._follow(each)
        return self.found

    def _follow(self, signed: Signed) -> None:
        enrolment = self._enrolment(signed)
        last: followups.FollowUp | None = None
        for due_on, made in self._course(signed):
            visit = self._visit(signed, enrolment, last, due_on)
            if made is not None:
                self._close(signed, visit, *made)
            last = visit
        if last is not None and signed.patient.key == "li":
            last.due_on = next_workday(self.today + CAST_DUE_IN)

    def _course(self, signed: Signed) -> Iterator[tuple[date, tuple[Reading, Assessment] | None]]:
        """Each visit that was made with what it found, then the one to come."""
        std, before = HYPERTENSION.on(self.today), list[Reading]()
        due_on = next_visit(followups.Advice.ROUTINE, signed.since, std, is_worked)
        while due_on < self.today:
            before.append(self._reading(due_on))
            found = advise(before, signed.patient.row.birth_date, std)
            yield due_on, (before[-1], found)
            due_on = next_visit(found.advice, due_on, std, is_worked)
        yield due_on, None

    def _reading(self, day: date) -> Reading:
        upper, lower = HIGH if self.dice.random.random() < 0.25 else WELL
        return Reading(
            taken_on=day,
            systolic=self.dice.random.randint(*upper),
            diastolic=self.dice.random.randint(*lower),
        )

    def _enrolment(self, signed: Signed) -> followups.Enrolment:
        found = followups.Enrolment(
            id=self.dice.id(),
            resident_id=signed.patient.row.id,
            programme=followups.Programme.HYPERTENSION,
            state=followups.EnrolmentState.ACTIVE,
            diagnosed_on=signed.since - timedelta(days=self.dice.random.randint(200, 4000)),
            enrolled_on=signed.since,
            enrolled_by=signed.doctor.id,
        )
        self.found.enrolments.append(found)
        return found

    def _visit(
        self,
        signed: Signed,
        enrolment: followups.Enrolment,
        last: followups.FollowUp | None,
        due_on: date,
    ) -> followups.FollowUp:
        again = last is not None and last.advice is not followups.Advice.ROUTINE
        visit = followups.FollowUp(
            id=self.dice.id(),
            enrolment_id=enrolment.id,
            follows_id=last and last.id,
            resident_id=signed.patient.row.id,
            programme=enrolment.programme,
            team_id=signed.team.id,
            doctor_id=signed.doctor.id,
            occasion=followups.Occasion.RECHECK if again else followups.Occasion.ROUTINE,
            due_on=due_on,
            state=followups.State.SCHEDULED,
        )
        self.found.visits.append(visit)
        return visit

    def _close(
        self, signed: Signed, visit: followups.FollowUp, reading: Reading, found: Assessment
    ) -> None:
        moment = datetime.combine(visit.due_on, MORNING)
        visit.judged(found)
        visit.state, visit.outcome = followups.State.DONE, followups.Outcome.SEEN
        visit.way, visit.closed_at, visit.closed_by = followups.Way.CLINIC, moment, signed.doctor.id
        self.found.measurements.append(
            followups.Measurement(
                id=self.dice.id(),
                resident_id=visit.resident_id,
                followup_id=visit.id,
                source=followups.Source.VISIT,
                recorded_at=moment,
                recorded_by=signed.doctor.id,
                heart_rate=self.dice.random.randint(62, 84),
                way=followups.Way.CLINIC,
                **vars(reading) | {"symptoms": [], "signs": []},
            )
        )
