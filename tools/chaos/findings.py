"""What is asked of a run's database, of WeChat and of the inboxes when all is over."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2

from tools.chaos import books
from tools.chaos.books import Item, Line, Row
from tools.chaos.judge import judge
from tools.chaos.report import Report
from tools.chaos.striking import SEND
from tools.story.client import Person, Server

if TYPE_CHECKING:
    from tools.chaos.reminders import Trial

UNWELCOME_S, INBOXES, PAGES = 60.0, 5, 40
REMINDERS = "JIAYI-FOLLOW-UP"  # the one template whose messages need a consent of their own
SHOWN = frozenset({"sent", "unknown", "failed"})
NOTICE_DAYS = 7
_FORGOTTEN = f"""
SELECT f.id FROM followup f, business_clock c WHERE f.state = 'scheduled'
  AND f.due_on <= ((now() + c.shift) AT TIME ZONE 'Asia/Shanghai')::date + {NOTICE_DAYS}
"""  # noqa: S608  # a constant of ours
_FELL_DUE = """
SELECT id, resident_id FROM followup WHERE state IN ('due', 'escalated', 'acknowledged')
"""
_UNDONE = "SELECT reaction, state, error FROM delivery WHERE state <> 'done'"


def reported(trial: "Trial", seconds: float) -> Report:
    """The books compared, with everything else that was seen."""
    rows = books.read_rows(trial.troupe.urls.admin)
    lines = [*books.read_lines(trial.troupe.ledger), *books.read_texts(trial.troupe.texts)]
    verdict = judge(rows, lines, _wanted(trial), trial.unlucky)
    verdict.lost += [f"follow-up {key} never fell due" for (key,) in trial.troupe.ask(_FORGOTTEN)]
    verdict.lost += _incomplete_bursts(trial, rows)
    verdict.limbo += [f"reaction {told}" for told in trial.troupe.ask(_UNDONE)]
    acts, striker = trial.acts, trial.striker
    return Report(
        seed=trial.seed,
        seconds=seconds,
        kills=striker.kills,
        strikes=striker.done,
        injected=striker.injected,
        verdict=verdict,
        unwelcome=_unwelcome(trial, lines),
        collisions=_collisions(trial),
        hidden=_hidden(trial, rows),
        recovery_s=trial.watcher.recovery_s(),
        longest_transaction_s=trial.watcher.longest_s[False],
        longest_statement_s=trial.watcher.longest_s[True],
        load={
            "planned": len(trial.plan.wanted()),
            "planned_again": trial.plan.failures,
            "taken_back": len(trial.plan.taken_back),
            "bursts": len(acts.bursts),
            "acts": acts.answered,
            "acts_failed": acts.failed,
            "refusals": len(acts.refusals),
        },
    )


def _wanted(trial: "Trial") -> list[Item]:
    """What the planners queued, and whose follow-up fell due."""
    fell_due = [
        Item("follow_up_due", resident, key, "once", "wechat")
        for key, resident in trial.troupe.ask(_FELL_DUE)
    ]
    return [*trial.plan.wanted(), *fell_due]


def _incomplete_bursts(trial: "Trial", rows: Sequence[Row]) -> list[str]:
    """What the API said 201 to must be there."""
    found: dict[str, int] = {}
    for row in rows:
        found[str(row.item.subject)] = found.get(str(row.item.subject), 0) + 1
    return [
        f"burst {key}: {found.get(key, 0)} of {count}"
        for key, count in trial.acts.bursts.items()
        if found.get(key, 0) < count
    ]


def _unwelcome(trial: "Trial", lines: Sequence[Line]) -> int:
    """Deliveries too long after they were taken back, or after the person wanted no reminders."""
    pages = {f"pages/index/index?id={key}": at for key, at in trial.plan.taken_back.items()}
    found = 0
    for line in (one for one in lines if one.row is None):
        at = trial.watcher.arrived_at(line.seq)
        found += at > pages.get(line.page, at) + UNWELCOME_S
        found += line.template == REMINDERS and any(
            one.openid == line.openid and one.since + UNWELCOME_S < at < one.until
            for one in trial.acts.refusals
        )
    return found


def _collisions(trial: "Trial") -> int:
    """43108 that nobody ordered."""
    address = f"{trial.troupe.simulator_url}/_sim/stats"
    told = httpx2.get(address, timeout=20, trust_env=False).json()["calls"]
    said = int(told.get(SEND, {}).get("43108", 0))
    return max(0, said - trial.striker.injected.get("43108", 0))


def _hidden(trial: "Trial", rows: Sequence[Row]) -> int:
    """Of a few people: what was due, and is not in the inbox they read over HTTP."""
    doubtful = {row.item.person for row in rows if row.state in {"unknown", "failed"}}
    some = [one for one in trial.people.residents if one.id in doubtful][:INBOXES]
    api, simulator = Server(trial.troupe.api_url), Server(trial.troupe.simulator_url)
    hidden = 0
    for one in some:
        person = Person(api, simulator, one.openid, one.openid, "resident")
        person.log_in()
        shown = _inbox(person)
        hidden += len({str(row.id) for row in rows if _is_shown(row, one.id)} - shown)
    api.close()
    simulator.close()
    return hidden


def _is_shown(row: Row, person: UUID) -> bool:
    """Further channels of a message are told of with it."""
    return row.item.person == person and row.state in SHOWN and row.item.channel == "wechat"


def _inbox(person: Person) -> set[str]:
    """The ids of everything a person is shown."""
    found, after = set[str](), ""
    for _ in range(PAGES):
        told = person.get(f"/resident/messages?limit=100{after}")
        found |= {one["id"] for one in told["items"]}
        if not told["next"]:
            break
        after = f"&after={told['next']}"
    return found
