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


def headers(answer: Response) -> list[tuple[str, str]]:
    """What every answer says besides; no `Access-Control-…` is ever among it."""
    said = [*ALWAYS.items(), ("Content-Security-Policy", _policy(answer))]
    if "Cache-Control" not in answer.headers:
        said.append(("Cache-Control", "no-store"))
    if seconds := entry.settings().hsts_seconds:
        said.append(("Strict-Transport-Security", f"max-age={seconds}; includeSubDomains"))
    return said


def _policy(answer: Response) -> str:
    if not answer.headers["Content-Type"].startswith("text/html"):
        return NOTHING
    simulator = entry.settings().simulator_url if request.path in {"/demo", "/queue"} else None
    return PAGE.format(servers=f" {simulator}" if simulator else "")
