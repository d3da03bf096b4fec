"""Taking a consent back, after having read what follows from it."""

from backend import identity
from backend.identity import Purpose
from backend.kernel.context import Context
from backend.kernel.policy import admitted
from backend.privacy import policy, queries
from backend.privacy.errors import ConsequencesChanged, NoSuchConsent


@admitted(policy.account_or_ward)
def withdraw(ctx: Context, purpose: Purpose, digest: str) -> None:
    """Take a consent back; `digest` names the consequences that were read.

    From this transaction on nobody acts for the person nor reads of them; what must end, ends by
    the event. Raises `NoSuchConsent`, `ConsequencesChanged`.
    """
    if ctx.resident is not None:
        identity.hold_person(ctx.resident)  # whoever is booking for them commits first, or not
    if purpose not in identity.consents_of(ctx):
        raise NoSuchConsent
    if queries.of_withdrawal(ctx, purpose).digest != digest.lower():
        raise ConsequencesChanged
    identity.withdraw(ctx, purpose)
