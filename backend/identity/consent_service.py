"""单独同意: what a person agreed to, one purpose at a time, and may take back."""

import hashlib
from uuid import UUID

from sqlalchemy import and_, update

from backend.identity import policy, queries, standing
from backend.identity.errors import TextChanged
from backend.identity.events import ConsentGiven, ConsentWithdrawn
from backend.identity.models import Account, Channel, Consent, ConsentRefusal, Purpose
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted


@admitted(policy.own_account_or_ward)
def consent(ctx: Context, purpose: Purpose, version: str) -> Consent:
    """Agree to the text in force, for oneself or one's ward; raises `TextChanged`.

    Agreeing again changes nothing, except that a person's own word replaces a guardian's.
    """
    text = queries.consent_text(purpose)
    if version != text.version:
        raise TextChanged
    account = queries.hold_account(ctx)
    live = _live(ctx, account, purpose)
    by_guardian = live is not None and live.channel is Channel.GUARDIAN
    if live is not None and live.version == version and not (by_guardian and ctx.proxy is None):
        return live
    if live is not None:
        live.withdrawn_at = ctx.at
        db.session.flush()
    given = Consent(
        account_id=account.id,
        resident_id=ctx.resident,
        channel=Channel.GUARDIAN if ctx.proxy else Channel.OWN,
        purpose=purpose,
        version=version,
        text_hash=hashlib.sha256(text.body.encode()).digest(),
        given_at=ctx.at,
        withdrawn_at=None,
    )
    db.session.add(given)
    if purpose is Purpose.HEALTH_DATA and ctx.resident is not None:
        standing.lift(ctx, ctx.resident)
    record(ctx, ConsentGiven(account.id, purpose, version))
    return given


@admitted(policy.own_account_or_ward)
def refuse(ctx: Context, purpose: Purpose, version: str) -> None:
    """Say no to a text that was shown; the region's days long nobody asks again."""
    account = queries.hold_account(ctx)
    refused = ConsentRefusal(
        account_id=account.id, purpose=purpose, version=version, refused_at=ctx.at
    )
    db.session.add(refused)


@admitted(policy.own_account_or_ward)
def withdraw(ctx: Context, purpose: Purpose) -> None:
    """Take a consent back, and nothing is done any more from this instant on; what must end, ends.

    Without one nothing changes. That of health data closes the person's record (PIPL 47).
    """
    account = queries.hold_account(ctx)
    if purpose is Purpose.HEALTH_DATA and ctx.resident is not None:
        standing.hold(ctx.resident)
    live = _live(ctx, account, purpose)
    if live is None:
        return
    live.withdrawn_at = ctx.at
    if purpose is Purpose.HEALTH_DATA and ctx.resident is not None:
        standing.restrict(ctx, ctx.resident)
    record(ctx, ConsentWithdrawn(account.id, purpose, live.version, ctx.resident))


@admitted(policy.at_desk)
def agreed_on_paper(ctx: Context, resident_id: UUID, purpose: Purpose, version: str) -> None:
    """Keep that a person at a desk agreed to the text in force; raises `TextChanged`."""
    text = queries.consent_text(purpose)
    if version != text.version:
        raise TextChanged
    theirs = (Consent.resident_id == resident_id) & (Consent.purpose == purpose)
    live = theirs & Consent.withdrawn_at.is_(None)
    db.session.execute(update(Consent).where(live).values(withdrawn_at=ctx.at))
    given = Consent(
        resident_id=resident_id,
        channel=Channel.DESK,
        purpose=purpose,
        version=version,
        text_hash=hashlib.sha256(text.body.encode()).digest(),
        given_at=ctx.at,
    )
    db.session.add(given)
    db.session.flush()


@admitted(policy.own_account_or_at_desk)
def carry_over(ctx: Context, account: Account) -> None:
    """What an account agreed to before it was verified becomes the person's, once."""
    unclaimed = (Consent.account_id == account.id) & Consent.resident_id.is_(None)
    theirs = Consent.resident_id == account.resident_id
    for given in queries.live_consents(unclaimed):
        older = theirs & (Consent.purpose == given.purpose) & Consent.withdrawn_at.is_(None)
        db.session.execute(update(Consent).where(older).values(withdrawn_at=ctx.at))
        given.resident_id = account.resident_id
        db.session.flush()


def _live(ctx: Context, account: Account, purpose: Purpose) -> Consent | None:
    unclaimed = (Consent.account_id == account.id) & Consent.resident_id.is_(None)
    whose = unclaimed if ctx.resident is None else Consent.resident_id == ctx.resident
    return next(iter(queries.live_consents(and_(whose, Consent.purpose == purpose))), None)
