"""At the moment of the claim: may this person still be told, and is there anybody to tell?"""

from collections.abc import Sequence

from sqlalchemy import select, update

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import chains
from backend.messaging.candidates import Candidate
from backend.messaging.models import Message, Reason, State
from backend.messaging.wording import Channel

BY_ACCOUNT = {Channel.WECHAT: Reason.NO_ACCOUNT, Channel.FAMILY: Reason.NO_PROXY}


def judge(_ctx: Context, rows: Sequence[Candidate]) -> list[Candidate]:
    """Those that are welcome and reach an account; what becomes of the others is written."""
    rows = _unsettled(rows)
    welcome = [row for row in rows if row.is_welcome]
    _end([row for row in rows if not row.is_welcome], State.WITHDRAWN, Reason.UNWELCOME)
    lost = [row for row in welcome if row.channel in BY_ACCOUNT and row.account_id is None]
    for channel, reason in BY_ACCOUNT.items():
        _end([row for row in lost if row.channel is channel], State.FAILED, reason)
    return [row for row in welcome if row.channel not in BY_ACCOUNT or row.account_id is not None]


def _unsettled(rows: Sequence[Candidate]) -> Sequence[Candidate]:
    """Without what follows a message that needs no further channel any more."""
    further = [row.id for row in rows if row.first_id is not None]
    if not further:
        return rows
    over = select(Message.id).where(Message.id.in_(further), chains.is_settled())
    settled = set(db.session.execute(over).scalars())
    _end([row for row in rows if row.id in settled], State.WITHDRAWN, Reason.ANSWERED)
    return [row for row in rows if row.id not in settled]


def _end(rows: Sequence[Candidate], state: State, reason: Reason) -> None:
    if rows:
        ended = {"state": state, "reason": reason, "obsolete": state is State.WITHDRAWN}
        these = update(Message).where(Message.id.in_([row.id for row in rows]))
        db.session.execute(these.values(**ended))
