"""订阅次数: the reminders that everybody has allowed, in WeChat's books and in ours alike."""

from datetime import datetime
from typing import Any

from backend.messaging.models import Credit, Entry
from backend.messaging.wording import Audience, Template, catalogue
from tools.demo_region.dice import Dice
from tools.demo_region.people import People


class Allowances:
    """As many of each template as the product keeps in stock; for staff ten times as many.

    A visitor who moves the clock by months lets a whole team's follow-ups fall due at once.
    """

    def __init__(self, dice: Dice, people: People, at: datetime) -> None:
        self.dice, self.people, self.at = dice, people, at

    @property
    def popups(self) -> list[dict[str, Any]]:
        """What each tapped, as the simulator is told."""
        return [
            {
                "openid": account.openid,
                "template_ids": [template.id],
                "times": times,
                "quiet": True,
            }
            for account, template, times in self._given()
        ]

    def rows(self) -> list[Credit]:
        """The same in our own ledger."""
        return [
            Credit(
                id=self.dice.id(),
                account_id=account.id,
                template_id=template.id,
                change=times,
                entry=Entry.BROUGHT_FORWARD,
                source_id=self.dice.id(),
                at=self.at,
            )
            for account, template, times in self._given()
        ]

    def _given(self) -> list[tuple[Any, Template, int]]:
        kept = [each for each in catalogue().template.values() if each.credits_kept]
        return [
            (account, template, template.credits_kept * (10 if account.staff_id else 1))
            for account in self.people.accounts
            for template in kept
            if template.audience is (Audience.STAFF if account.staff_id else Audience.RESIDENT)
        ]
