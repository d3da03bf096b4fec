"""Propose a trial of wordings, approve it with the ethics board's word, end it."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.exc import IntegrityError

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.policy import admitted, permitted
from backend.messaging import MessageKind
from backend.trials import policy, queries
from backend.trials.errors import AnotherRuns, ItsOwnApproval, NotAllowed, NotTriable
from backend.trials.models import TRIAL_LIFE, Trial, TrialAct
from backend.trials.rules import TrialPolicy, Verdict, judge, looks_due

TRIABLE = frozenset({MessageKind.VISIT_NEAR})


@admitted(policy.by_consortium)
def propose(
    ctx: Context,
    *,
    kind: MessageKind,
    question: str,
    lines: Sequence[str],
    people: int,
    ends_on: date,
) -> Trial:
    """Write down what is asked before anybody is tried on; raises `NotAllowed`, `NotTriable`."""
    rules = _allowed(ctx)
    _check(ctx, rules, people, ends_on)
    usual = messaging.usual_line(kind) if kind in TRIABLE else ""
    if kind not in TRIABLE or len({usual, *lines}) != len(lines) + 1:
        raise NotTriable
    if not all(map(messaging.fits_first_line, lines)):
        raise NotTriable
    trial = Trial(
        kind=kind,
        question=question,
        lines=list(lines),
        people=people,
        ends_on=ends_on,
        proposed_by=ctx.actor.id,
        proposed_at=ctx.at,
    )
    db.session.add(trial)
    db.session.flush()
    return trial


@permitted(policy.answers_for)
def approve(ctx: Context, trial: Trial, reference: str) -> Trial:
    """Begin it on the ethics board's word.

    Raises `ItsOwnApproval`, `AnotherRuns`, `NotAllowed`.
    """
    _allowed(ctx)
    if trial.proposed_by == ctx.actor.id:
        raise ItsOwnApproval
    state = TRIAL_LIFE.after(trial.state, TrialAct.APPROVE)
    trial.state, trial.ethics_reference = state, reference
    trial.approved_by, trial.approved_at = ctx.actor.id, ctx.at
    try:
        with db.session.begin_nested():
            messaging.begin_wordings(ctx, trial.id, trial.kind, trial.lines)
    except IntegrityError as other:
        raise AnotherRuns from other
    return trial


@permitted(policy.answers_for)
def discard(_ctx: Context, trial: Trial) -> Trial:
    """It never begins."""
    trial.state = TRIAL_LIFE.after(trial.state, TrialAct.DISCARD)
    return trial


@permitted(policy.ends)
def stop(ctx: Context, trial: Trial, verdict: Verdict = Verdict.STOPPED) -> Trial:
    """From now on everybody is written to as usual, by what waits already too."""
    trial.state = TRIAL_LIFE.after(trial.state, TrialAct.END)
    trial.verdict, trial.ended_at = verdict, ctx.at
    messaging.end_wordings(ctx, trial.id)
    return trial


@permitted(policy.ends)
def look(ctx: Context, trial: Trial) -> Trial:
    """Take the looks that are due, and end the trial where the rule or the region says so."""
    found = queries.tallies(trial)
    verdict = judge(found, trial.looked_at, trial.people, ctx.today, trial.ends_on)
    known = sum(tally.known for tally in found.values())
    trial.looked_at = max(trial.looked_at, looks_due(known, trial.people))
    if not _rules(ctx).allowed:
        verdict = Verdict.STOPPED
    return stop(ctx, trial, verdict) if verdict else trial


def _rules(ctx: Context) -> TrialPolicy:
    return ctx.region.section("trials", TrialPolicy)


def _allowed(ctx: Context) -> TrialPolicy:
    if not (rules := _rules(ctx)).allowed:
        raise NotAllowed
    return rules


def _check(ctx: Context, rules: TrialPolicy, people: int, ends_on: date) -> None:
    latest = ctx.today + timedelta(days=rules.longest_days)
    faults = []
    if not rules.least_people <= people <= rules.most_people:
        detail = f"应在 {rules.least_people} 到 {rules.most_people} 人之间"
        faults.append(Fault("/people", detail))
    if not ctx.today < ends_on <= latest:
        faults.append(Fault("/ends_on", f"应在明天到 {latest:%Y-%m-%d} 之间"))
    if faults:
        raise Invalid(faults=faults)
