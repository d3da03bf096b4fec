"""监护: from which age a child has a say, and at which a guardian's word ends."""

from dataclasses import dataclass
from datetime import date, timedelta

from backend.kernel import standards


@dataclass(frozen=True, kw_only=True)
class Guardianship(standards.Edition):
    """The ages of the law, and how birthdays are counted."""

    narrowed_at_age: int
    ended_at_age: int
    begins_days_after_birthday: int

    def narrowed_on(self, born_on: date) -> date:
        """Tell the first day on which the child has a say (PIPL 31)."""
        return self._begins(born_on, self.narrowed_at_age)

    def ended_on(self, born_on: date) -> date:
        """Tell the first day as an adult."""
        return self._begins(born_on, self.ended_at_age)

    def has_a_say(self, born_on: date, day: date) -> bool:
        """Tell whether somebody speaks for themselves on that day."""
        return day >= self.narrowed_on(born_on)

    def is_adult(self, born_on: date, day: date) -> bool:
        """Tell whether somebody is an adult on that day."""
        return day >= self.ended_on(born_on)

    def _begins(self, born_on: date, age: int) -> date:
        return birthday(born_on, age) + timedelta(days=self.begins_days_after_birthday)


GUARDIANSHIP = standards.load(Guardianship, "guardianship")


def birthday(born_on: date, age: int) -> date:
    """Tell a birthday; of 29 February, 1 March in a year that has none."""
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)
