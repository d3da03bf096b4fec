"""What is in doubt for long, and of a kind that may be sent twice, is sent once more."""

from backend import messaging
from backend.kernel.entry import now
from backend.kernel.transaction import transaction


def resend() -> int:
    """Queue it again."""
    with transaction():
        return messaging.resend_doubtful(now())
