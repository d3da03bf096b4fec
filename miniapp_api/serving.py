"""Flask without what our requests never use: sessions, signals, hosts, hooks of hooks.

A route's own work is little (docs/adr/0009), so what surrounds each counts. Whoever registers a
hook of Flask's gets all of Flask's way back.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Request, Response, request
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = list[tuple[str, str]]
_MORE = "jiayi.headers"


class Answer(Response):
    """A JSON text; it is whole, and is said as it is."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__(body, status, mimetype="application/json")
        self.body = body

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Say it; where nothing is to be said, that is left to Werkzeug."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code in {204, 304}:
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return [self.body]


class _NoSessions(SessionInterface):
    """Who asks is told by a token; nothing is kept in cookies."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        """The same nothing for everybody."""
        return self._none


class Server(Flask):
    """An app whose requests begin in `arrive` and end in `leave`, which tells more headers."""

    session_interface = _NoSessions()
    arrive: Callable[[Request], None]
    leave: Callable[[Request, Response], Headers]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        """Answer; what `leave` told is said with any kind of answer."""

        def start(status: str, headers: Headers, *failure: Any) -> Any:
            return start_response(status, [*headers, *environ.get(_MORE, ())], *failure)

        return self.wsgi_app(environ, start)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Where a path leads; which host was asked makes no difference, if it is one at all."""
        if request is None or "HTTP_UPGRADE" in request.environ or request.root_path:
            return super().create_url_adapter(request)
        told = request.environ
        scheme, host = told["wsgi.url_scheme"], told.get("HTTP_HOST", "")
        request.host = self._host(scheme, host, told["SERVER_NAME"], told["SERVER_PORT"])
        query = request.query_string.decode(errors="replace")
        return MapAdapter(
            self.url_map, request.host, "/", "", scheme, request.path, request.method, query
        )

    @lru_cache(1024)  # noqa: B019
    def _host(self, scheme: str, host: str, name: str, port: str) -> str:
        """As Flask reads it; raises what Flask raises."""
        told = {"wsgi.url_scheme": scheme, "HTTP_HOST": host, "REQUEST_METHOD": "GET"}
        asked = Request({**told, "SERVER_NAME": name, "SERVER_PORT": port})
        super().create_url_adapter(asked)
        return asked.host

    def full_dispatch_request(self) -> Response:
        """Arrive, act, leave; a refusal leaves as well."""
        self._got_first_request = True
        asked = request_ctx.request
        try:
            self.arrive(asked)
            answer = self._act(asked)
        except Exception as failure:
            answer = self.handle_user_exception(failure)
        return self.finalize_request(answer)

    def _act(self, asked: Request) -> Any:
        if asked.url_rule is None or asked.routing_exception is not None:
            self.raise_routing_exception(asked)
        return self.view_functions[asked.url_rule.endpoint](**asked.view_args or {})

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """The answer, whatever it was made of, with the last word."""
        answer = self.make_response(rv)
        for change in request_ctx._after_request_functions:  # what the view itself asked for
            answer = cast("Response", change(answer))
        try:
            request.environ[_MORE] = self.leave(request_ctx.request, answer)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("an answer to a failure failed")
        return answer

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Nobody waits for the end of a request; what an app context holds is let go with it."""
        if self.teardown_request_funcs:
            super().do_teardown_request(exc)
