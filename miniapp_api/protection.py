"""What browsers are told: nothing of ours is sniffed, kept, framed, or made to load more."""

from collections.abc import Mapping

from flask import Response, request

from backend.kernel import entry

# An answer of the API is no page: nothing runs, nothing is loaded, nobody frames it.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'{servers}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
ALWAYS: Mapping[str, str] = {
    "Server": "-",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def protect(answer: Response) -> None:
    """Add the headers of every answer; no `Access-Control-…` is ever among them."""
    answer.headers.extend(ALWAYS)
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.add("Content-Security-Policy", _policy(answer))
    if seconds := entry.settings().hsts_seconds:
        answer.headers["Strict-Transport-Security"] = f"max-age={seconds}; includeSubDomains"


def _policy(answer: Response) -> str:
    if answer.mimetype != "text/html":
        return NOTHING
    simulator = entry.settings().simulator_url if request.path == "/demo" else None
    return PAGE.format(servers=f" {simulator}" if simulator else "")
