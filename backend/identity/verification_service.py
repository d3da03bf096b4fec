"""实名认证 online: name and number asked of the real-name provider, then of our own files.

Whether a document is on file is never looked up before the provider has said that name and
number belong together; every refusal before that is the same for known and unknown people.
"""

from typing import cast

from flask import current_app

from backend.identity import attempts, claims, policy, queries
from backend.identity.binding import bind, document_index, holder_or_new
from backend.identity.claims import Claim, Person
from backend.identity.errors import AlreadyVerified, DeskNeeded, IdentityMismatch
from backend.identity.gateway import RealName, Verdict
from backend.identity.models import Account, Purpose, Resident
from backend.kernel.context import Context
from backend.kernel.errors import ConsentNeeded, PhoneNeeded
from backend.kernel.policy import admitted
from backend.kernel.transaction import outside


def realname() -> RealName:
    """The real-name gateway of the running app."""
    return cast(RealName, current_app.extensions["realname"])


@admitted(policy.own_account)
def verify(ctx: Context, claim: Claim) -> Account:
    """Verify who holds the phone, by name and document.

    Raises `PhoneNeeded`, `ConsentNeeded`, `Invalid` with pointers, `AlreadyVerified`,
    `IdentityMismatch`, `TooManyAttempts`, `Unavailable`, `DeskNeeded` (also for documents that
    nobody can check online).
    """
    _require_ready(queries.account(ctx))
    person = claims.read(claim, ctx.today)
    if not person.document.kind.has_national_number:
        raise DeskNeeded
    index = document_index(person.document)
    attempts.require_left(ctx.actor.id, index)
    with outside():
        verdict = realname().verify(person.name, person.document.number)
    account = queries.hold_account(ctx)
    attempts.wait_for_turn(index)
    attempts.require_left(account.id, index)
    if verdict is not Verdict.MATCH:
        attempts.note(account.id, index)
        raise IdentityMismatch
    _require_ready(account)
    resident, is_new = holder_or_new(ctx, person)
    if not is_new and not _may_have(account, resident, person):
        raise DeskNeeded
    bind(ctx, account, resident)
    return account


def _require_ready(account: Account) -> None:
    if account.resident_id is not None:
        raise AlreadyVerified
    if account.phone_sealed is None:
        raise PhoneNeeded
    require_consent(account)


def require_consent(account: Account) -> None:
    """Raise `ConsentNeeded` unless the account agreed to the text in force."""
    given = queries.consents(account).get(Purpose.HEALTH_DATA)
    if given is None or given.version != queries.consent_text(Purpose.HEALTH_DATA).version:
        raise ConsentNeeded


def _may_have(account: Account, resident: Resident, person: Person) -> bool:
    """Somebody on file is given to an account only with the phone on file and the name on file.

    A phone that was lost, or a number that the operator gave to somebody else, is not enough.
    """
    is_same = resident.name == person.name and resident.phone == account.phone
    return is_same and account.freed_at is None and not resident.is_closed
