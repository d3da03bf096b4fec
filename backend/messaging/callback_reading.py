"""What a callback tells: XML or JSON, one item or several (wechat-protocol 6.3)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # nosec B405 — types; defusedxml reads

from defusedxml.ElementTree import fromstring

from backend.messaging.callback_errors import UnreadableCallback
from backend.messaging.callback_models import Told

LARGEST = 65_536
MOST_ITEMS = 50
_DEEPEST = 6
_OPENID, _NAME = re.compile(r"[A-Za-z0-9_-]{1,64}"), re.compile(r"[A-Za-z0-9_]{1,64}")
_TEMPLATE, _NUMBER = re.compile(r"[!-~]{1,64}"), re.compile(r"-?[0-9]{1,19}")
_SEALED = re.compile(r"[A-Za-z0-9+/=]{1,65536}")

POPUP, CHANGE, SENT = (f"subscribe_msg_{what}_event" for what in ("popup", "change", "sent"))
_WRAPPED = {
    POPUP: "SubscribeMsgPopupEvent",
    CHANGE: "SubscribeMsgChangeEvent",
    SENT: "SubscribeMsgSentEvent",
}
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that WeChat tells: about a template, of one person.

    `told` is `None` for what does not concern us; `index` is its place in the list.
    """

    openid: str
    name: str
    created: int
    index: int = 0
    told: Told | None = None
    template_id: str | None = None
    msgid: int | None = None
    errcode: int | None = None


def tree(content: bytes) -> Tree:
    """An XML or JSON text as nested mappings; raises `UnreadableCallback`."""
    if len(content) > LARGEST:
        raise UnreadableCallback
    try:
        text = content.decode("utf-8-sig").strip()
        found = _of_xml(text) if text.startswith("<") else json.loads(text)
    except (ValueError, ParseError, RecursionError) as wrong:
        raise UnreadableCallback from wrong
    if not isinstance(found, Mapping):
        raise UnreadableCallback
    return found


def encrypted(found: Tree) -> str | None:
    """The sealed part of an encrypted callback."""
    return _text(found, "Encrypt", _SEALED)


def items(found: Tree) -> list[Item]:
    """Everything a message tells, in its order; what cannot be read of a list is passed over.

    Raises `UnreadableCallback` where it does not say who, what and when.
    """
    openid, created = _text(found, "FromUserName", _OPENID), _whole(found.get("CreateTime"))
    is_event = found.get("MsgType") == "event"
    name = _text(found, "Event" if is_event else "MsgType", _NAME)
    if openid is None or name is None or created is None or not 0 <= created < 2**33:
        raise UnreadableCallback
    if not is_event or name not in _WRAPPED:
        return [Item(openid, name, created, msgid=_whole(found.get("MsgId")))]
    listed = _listed(found, _WRAPPED[name])
    return [_item(Item(openid, name, created, n), one) for n, one in enumerate(listed)]


def _listed(found: Tree, wrapped: str) -> list[Any]:
    inner = found.get(wrapped)
    listed = (inner if isinstance(inner, Mapping) else found).get("List")
    listed = listed if isinstance(listed, list) else [listed]
    if len(listed) > MOST_ITEMS:
        raise UnreadableCallback
    return listed


def _item(bare: Item, one: Any) -> Item:
    found = one if isinstance(one, Mapping) else {}
    template_id = _text(found, "TemplateId", _TEMPLATE)
    told, msgid, errcode = _READERS[bare.name](found)
    if template_id is None or told is None:
        return bare
    return Item(bare.openid, bare.name, bare.created, bare.index, told, template_id, msgid, errcode)


Read = tuple[Told | None, int | None, int | None]


def _answered(found: Tree) -> Read:
    said = {"accept": Told.ACCEPTED, "reject": Told.REJECTED}
    return said.get(str(found.get("SubscribeStatusString"))), None, None


def _changed(found: Tree) -> Read:
    told, _, _ = _answered(found)
    return (Told.SWITCHED_OFF if told is Told.REJECTED else None), None, None


def _delivered(found: Tree) -> Read:
    msgid, errcode = _whole(found.get("MsgID")), _whole(found.get("ErrorCode"))
    if errcode is None and found.get("ErrorStatus") == "success":
        errcode = 0
    if errcode is None or abs(errcode) >= 2**31:
        return None, None, None
    return (Told.FAILED if errcode else Told.DELIVERED), msgid, errcode


_READERS: Mapping[str, Callable[[Tree], Read]] = {
    POPUP: _answered,
    CHANGE: _changed,
    SENT: _delivered,
}


def _of_xml(text: str) -> Tree:
    root = fromstring(text, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    return _branches(root, 0)


def _branches(element: Element, depth: int) -> dict[str, Any]:
    """Children by their tag; a tag that comes again holds a list."""
    if depth > _DEEPEST or len(element) > MOST_ITEMS:
        raise UnreadableCallback
    found: dict[str, Any] = {}
    for tag, value in _children(element, depth):
        if tag not in found:
            found[tag] = value
        elif isinstance(found[tag], list):
            found[tag].append(value)
        else:
            found[tag] = [found[tag], value]
    return found


def _children(element: Element, depth: int) -> Iterator[tuple[str, Any]]:
    for child in element:
        yield child.tag, _branches(child, depth + 1) if len(child) else (child.text or "").strip()


def _text(found: Tree, name: str, form: re.Pattern[str]) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and form.fullmatch(value) else None


def _whole(value: Any) -> int | None:
    """A whole number that a column can keep, also where it came as a text."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
