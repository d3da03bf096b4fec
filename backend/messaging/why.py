"""Everything that happened to one message, and why it is where it is; without a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import real_time
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.messaging import fence, history, ledger
from backend.messaging.again import why_not_again
from backend.messaging.models import Message, MessageStep, State, Step
from backend.messaging.reasons import words_of
from backend.messaging.rules import MessagingPolicy, is_quiet
from backend.messaging.wording import Channel, catalogue

STATES = {
    State.QUEUED: "等待发送",
    State.SENDING: "正在发送",
    State.SENT: "已交给服务商",
    State.UNKNOWN: "不确定是否送达",
    State.FAILED: "没有发出",
    State.WITHDRAWN: "已撤回",
    State.DIGESTED: "并入汇总",
}
CHANNELS = {
    Channel.WECHAT: "微信",
    Channel.SMS: "短信",
    Channel.CALL: "社区电话",
    Channel.FAMILY: "家人的微信",
}
STEPS = {
    Step.REPLACED: "被更新的消息代替",
    Step.WITHDRAWN: "撤回",
    Step.HELD: "暂缓",
    Step.REWRITTEN: "改用迟到的文字",
    Step.DROPPED: "不再发送",
    Step.DIGESTED: "并入汇总",
    Step.TRIED: "尝试发送",
    Step.SETTLED: "结果更正",
    Step.NEXT_CHANNEL: "转到下一个渠道",
    Step.READ: "已读",
    Step.ANSWERED: "已答复",
    Step.REPLAYED: "人工重发",
    Step.CANCELLED: "人工取消",
}
ROW = (
    "id", "kind", "channel", "state", "reason", "urgent", "obsolete", "subject_id", "occasion",
    "template_id", "created_at", "due_at", "wait_until", "expires_at", "next_at", "attempts",
    "sender", "lease_until", "sent_at", "errcode", "rid", "msgid", "read_at", "answer",
    "answered_at", "first_id", "digest_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, when, in plain words."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Story:
    """A message on all its channels: the verdict, what to do, what happened, the bare facts."""

    verdict: str
    todo: str | None
    may_replay: bool
    steps: Sequence[Line]
    channels: Sequence[dict[str, Any]]


def why(ctx: Context, message_id: UUID) -> Story:
    """The story of a message, any of its channels named; raises `NotFound`."""
    named = one(select(Message).where(Message.id == message_id))
    first = named.first_id or named.id
    chain = select(Message).where(or_(Message.id == first, Message.first_id == first))
    rows = db.session.execute(chain.order_by(Message.created_at, Message.id)).scalars().all()
    lines = sorted((line for row in rows for line in _lines(row)), key=lambda line: line.at)
    todo = None if named.reason is None else words_of(named.reason).todo
    facts = [{name: getattr(row, name) for name in ROW} for row in rows]
    may_replay = why_not_again(ctx, named) is None
    return Story(verdict(ctx, named), todo, may_replay, lines, facts)


def verdict(ctx: Context, row: Message) -> str:
    """Why a message is where it is, in one sentence."""
    via = f"{CHANNELS[row.channel]}：{STATES[row.state]}"
    if row.state is State.SENT:
        return f"{via}，{_clock(row.sent_at)}。"
    if row.state is State.QUEUED:
        return f"{via}。" + "；".join(_holds(ctx, row)) + "。"
    because = "" if row.reason is None else f"{words_of(row.reason).words}。"
    return f"{via}。{because}{_last_try(row)}"


def _last_try(row: Message) -> str:
    """What the provider said the last time, for who asks it."""
    if not row.attempts:
        return ""
    facts = [f"试了 {row.attempts} 次"]
    facts += [] if row.errcode is None else [f"errcode {row.errcode}"]
    facts += [] if row.rid is None else [f"rid {row.rid}"]
    return "，".join(facts) + "。"


def _holds(ctx: Context, row: Message) -> Iterator[str]:
    """All that keeps a queued message from being sent now."""
    found = list(_held_by_time(ctx, row))
    if fence.stands():
        found.append("发送闸已落下，运行 manage.py messages fence 查看")
    if row.reason is not None:
        found.append(f"上次：{words_of(row.reason).words}")
    if _is_in_flight(row):
        found.append("同一个人正有另一条在发送")
    yield from found or ["已到时间，发送程序下一轮就会取走；持续如此请看 jobs 是否在运行"]


def _held_by_time(ctx: Context, row: Message) -> Iterator[str]:
    ready = row.wait_until or row.due_at
    if ready > ctx.at:
        because = "（由安静时段、额度或错峰推迟）" if row.wait_until else ""
        yield f"还没到时间：{_clock(ready)}{because}"
    elif not row.urgent and is_quiet(ctx.at, ctx.region.section("messaging", MessagingPolicy)):
        yield "现在是安静时段，早上再发"
    if row.next_at > real_time():
        yield f"退避中，{_clock(row.next_at)} 以后再试"


def _is_in_flight(row: Message) -> bool:
    if row.account_id is None:
        return False
    same = (Message.account_id == row.account_id) & (Message.state == State.SENDING)
    return bool(db.session.execute(select(func.count()).where(same)).scalar_one())


def _lines(row: Message) -> Iterator[Line]:
    """What the row itself tells, and what its history adds."""
    via = CHANNELS[row.channel]
    title = catalogue().template_of(row.kind).title
    yield Line(row.created_at, f"{via}：排队，{row.kind}（{title}），应发 {_clock(row.due_at)}")
    if row.lease_until is not None:
        yield Line(row.lease_until, f"{via}：由 {row.sender} 持有到此刻")
    if row.sent_at is not None:
        spent = _left(row)
        yield Line(row.sent_at, f"{via}：交给服务商，第 {row.attempts} 次{spent}")
    if row.read_at is not None:
        yield Line(row.read_at, f"{via}：本人已读")
    if row.answered_at is not None:
        yield Line(row.answered_at, f"{via}：本人答复 {row.answer}")
    for step in history.of(row.id):
        yield Line(step.at, f"{via}：{STEPS[step.step]}{_because(step)}")


def _left(row: Message) -> str:
    if row.account_id is None or row.channel is not Channel.WECHAT:
        return ""
    left = ledger.balances([row.account_id]).get((row.account_id, row.template_id), 0)
    return f"；这个模板还剩 {left} 次授权"


def _because(step: MessageStep) -> str:
    reason = f"，{words_of(step.reason).words}" if step.reason else ""
    code = f"，errcode {step.errcode}" if step.errcode is not None else ""
    return reason + code + (f"，rid {step.rid}" if step.rid else "")


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if at else "?"
