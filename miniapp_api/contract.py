"""A route is a contract: who may call it, what it takes, what it gives; this file keeps it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, g, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, post_load, validate

from backend import identity
from backend.kernel import idempotency
from backend.kernel.context import Context
from backend.kernel.errors import Fault, Invalid
from backend.kernel.paging import LARGEST, Wanted
from backend.kernel.transaction import transaction
from miniapp_api import answers, bodies, pacing, prepared, shown
from miniapp_api.access import Audience, Door, recognise
from miniapp_api.bodies import Parser
from miniapp_api.serving import Answer

F = TypeVar("F", bound=Callable[..., Any])

KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{8,128}")


class StrictSchema(Schema):
    """What a client may send: anything not named here is refused."""

    class Meta:
        """Unknown fields are an error."""

        unknown = RAISE

    error_messages = {"unknown": "不认识这一项", "type": "内容格式有误"}


class PageQuery(StrictSchema):
    """Which page of a list."""

    after = fields.String(validate=validate.Length(1, 500, error="翻页位置无效"))
    limit = fields.Integer(
        validate=validate.Range(1, LARGEST, error=f"应在 1 到 {LARGEST} 之间"), load_default=20
    )

    @post_load
    def _wanted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The page as the features know it, beside the filters of the list."""
        wanted = Wanted(data.pop("after", None), data.pop("limit"))
        return {**data, "wanted": wanted}


def page_of(item: type[Schema]) -> type[Schema]:
    """A list of `item` and the cursor of the next page."""
    name = f"{item.__name__.removesuffix('Schema')}Page"
    shape = {
        "items": fields.List(fields.Nested(item), required=True),
        "next": fields.String(allow_none=True, required=True),
    }
    return type(name, (Schema,), shape)


class Api(Blueprint):  # type: ignore[misc]
    """The routes of one feature for one audience."""

    ARGUMENTS_PARSER = Parser()

    get: Callable[[str], Callable[[F], F]]
    post: Callable[[str], Callable[[F], F]]
    put: Callable[[str], Callable[[F], F]]
    delete: Callable[[str], Callable[[F], F]]

    def __init__(
        self,
        name: str,
        audience: Audience,
        path: str = "",
        *,
        is_about_account: bool = False,
        is_open_after_death: bool = False,
    ) -> None:
        prefix = f"/api/v1/{audience}{path}"
        super().__init__(f"{audience}-{name}", __name__, url_prefix=prefix)
        self.door = Door(audience, is_about_account, is_open_after_death=is_open_after_death)

    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Enter a view through recognition and one transaction."""
        register: Callable[[F], F] = super().route(rule, **options)

        def enter(view: F) -> F:
            shown.name(view, options["methods"])
            entered = _entered(view, self.door)
            return register(answers.repeating(entered) if answers.is_shared(view) else entered)

        return enter


_docs = Blueprint("contract", __name__)
_docs.ARGUMENTS_PARSER = Api.ARGUMENTS_PARSER


def takes(schema: type[Schema], location: str = "json") -> Callable[[F], F]:
    """What the view reads from the body (or the query); its fields arrive as keywords."""
    shape = schema()
    read, load = prepared.reading(shape), _docs.ARGUMENTS_PARSER.loaded(location)
    told: Callable[[F], F] = _docs.arguments(shape, location=location, as_kwargs=True)

    def decorate(view: F) -> F:
        by_webargs = told(view)

        @wraps(by_webargs)
        def taking(ctx: Context, **given: Any) -> Any:
            found = read(load(request, shape))
            if found is None:
                return by_webargs(ctx, **given)
            return view(ctx, **given, **found)

        taking.taken = getattr(view, "taken", frozenset()) | {location}  # type: ignore[attr-defined]
        return cast("F", taking)

    return decorate


lists = partial(takes, location="query")


def gives(schema: type[Schema] | Schema | None, status: int = 200) -> Callable[[F], F]:
    """What the view answers; residents whose record it shows to others are written down."""
    shape = schema() if isinstance(schema, type) else schema
    write = prepared.writing(shape) if shape else prepared.plain

    def decorate(view: F) -> F:
        told: F = _docs.response(status, schema)(view)

        @wraps(told)
        def answering(ctx: Context, **given: Any) -> Response:
            result = view(ctx, **given)
            g.shown = shown.tell(ctx, view, shape, result, given.get("resident_id"))
            if isinstance(result, Response):
                return result
            return Answer(write(result), status)

        return cast("F", answering)

    return decorate


def gives_file(kind: str) -> Callable[[F], F]:
    """Answers bytes of one media type; a guardian's are written down, and those about residents.

    An answer names these in an attribute `resident_ids`.
    """
    binary = {"type": "string", "format": "binary"}

    def decorate(view: F) -> F:
        @wraps(view)
        def disclosing(ctx: Context, **given: Any) -> Any:
            result = view(ctx, **given)
            g.shown = shown.tell(ctx, view, None, result, None)
            return result

        given: F = _docs.response(200, binary, content_type=kind)(disclosing)
        return given

    return decorate


def creates(schema: type[Schema] | Schema) -> Callable[[F], F]:
    """Answers 201, and the same again to a request repeated with its `Idempotency-Key`."""

    def decorate(view: F) -> F:
        given = gives(schema, 201)(view)
        given.creates = True  # type: ignore[attr-defined]
        return given

    return decorate


def hears(*names: str) -> Callable[[F], F]:
    """Another server speaks: in its query these words and others, in its body whatever it likes.

    The view reads them by itself.
    """
    text = {"type": "string", "maxLength": 200}
    told = [{"in": "query", "name": name, "required": False, "schema": text} for name in names]

    def decorate(view: F) -> F:
        view.taken = frozenset({"query", "json"})  # type: ignore[attr-defined]
        documented: F = _docs.doc(parameters=told)(view)
        return documented

    return decorate


def of_holder(view: F) -> F:
    """Concerns whoever holds the phone, for whomever they might act: it shows nobody else."""
    view.is_of_holder = True  # type: ignore[attr-defined]
    return view


def _entered(view: F, door: Door) -> F:
    door = replace(door, is_of_holder=hasattr(view, "is_of_holder"))

    @wraps(view)
    def entered(**path: Any) -> Any:
        key = request.headers.get(KEY_HEADER) if hasattr(view, "creates") else None
        with shown.telling_refusals(view), transaction(events_last=True):
            ctx = recognise(door, partial(_ask_for, key))
            pacing.acting_for(ctx.resident)
            g.context = ctx
            bodies.refuse_untaken(getattr(view, "taken", frozenset()))
            answer = view(ctx, **path) if key is None else _once(ctx, key, view, path)
            identity.require_still_allowed(ctx)
            return answer

    entered.door = door  # type: ignore[attr-defined]
    return entered  # type: ignore[return-value]


def _ask_for(key: str | None, person: UUID) -> None:
    """Look for an earlier answer in the trip to the database that asks who the person is."""
    pacing.recognised(person)
    if key is not None and _KEY.fullmatch(key):
        idempotency.ask(person, key)


def _once(
    ctx: Context, key: str, view: Callable[..., Response], path: Mapping[str, Any]
) -> Response:
    """The stored answer to a repeated request, else the view's, stored beside its effect."""
    _require_sound(key)
    asked = idempotency.fingerprint(request.method, request.path, _person(ctx), request.get_data())
    before = idempotency.earlier(ctx.actor.id, key, asked)
    if before is not None:
        shown.tell_again(ctx, view, before.residents, f"{request.path} {before.body.decode()}")
        replayed = Response(before.body, before.status, mimetype="application/json")
        replayed.headers["Idempotency-Replayed"] = "true"
        return replayed
    answer = view(ctx, **path)
    kept = idempotency.Answer(answer.status_code, answer.get_data(), g.shown)
    idempotency.remember(ctx.actor.id, key, asked, kept)
    return answer


def _person(ctx: Context) -> bytes:
    """For whom, as whom and with which rights: a narrowed proxy gets no earlier answer."""
    rights = [str(ctx.proxy.id), *sorted(ctx.proxy.scopes)] if ctx.proxy else []
    return " ".join([str(ctx.resident), *rights]).encode()


def _require_sound(key: str) -> None:
    if not _KEY.fullmatch(key):
        fault = Fault(f"/headers/{KEY_HEADER}", "应为 8 到 128 个可见的英文字符")
        raise Invalid(faults=[fault])
