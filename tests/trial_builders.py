"""Trials of wordings, of a region that allows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import current_app
from people import a_member_of_staff, by, by_itself

from backend import trials
from backend.kernel.context import Role
from backend.messaging import MessageKind
from backend.trials import Trial

LINES = ["明天的号给您留着，来不了请先取消", "号源紧张，来不了请点开让给别人"]


@contextmanager
def allowed(allows: bool = True) -> Iterator[None]:
    """The region allows trials, as long as the with-block lasts."""
    region = current_app.extensions["region"]
    section = dict(region.tables["trials"], allowed=allows, least_people=1)
    tables = dict(region.tables, trials=section)
    current_app.extensions["region"] = replace(region, tables=tables)
    try:
        yield
    finally:
        current_app.extensions["region"] = region


def a_trial(**facts: Any) -> Trial:
    """A trial that waits for its approval; `allowed` is around it."""
    asked: dict[str, Any] = {
        "kind": MessageKind.VISIT_NEAR,
        "question": "哪种说法让更多人按时来或提前取消？",
        "lines": LINES,
        "people": 800,
        "ends_on": by_itself().today + timedelta(days=60),
    }
    proposer = a_member_of_staff(Role.CONSORTIUM_MANAGER, "医联体管理员甲")
    return trials.propose(by(proposer), **asked | facts)


def a_running_trial(**facts: Any) -> Trial:
    """A trial that another manager approved."""
    trial = a_trial(**facts)
    approver = a_member_of_staff(Role.CONSORTIUM_MANAGER, "医联体管理员乙")
    return trials.approve(by(approver), trial, "伦审〔2026〕示例号")


def a_waiting_trial() -> Trial:
    """A trial that waits for its approval, of a region that allows none any more."""
    with allowed():
        return a_trial()
