"""What each kind of message says as an SMS, as data; a kind without a text never goes by SMS."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain

from backend.kernel import figures
from backend.messaging.models import Answer
from backend.messaging.rules import DoesNotFit, length
from backend.messaging.wording import MessageKind
from config.settings import ROOT

_VARIABLE = re.compile(r"\{(\d+)\}")
_TAKEN = {"day": r"\d{4}年0?(\d{1,2}月)0?(\d{1,2}日)", "clock": r"(\d{1,2}:\d{2})()"}
_UNFIT = re.compile(r"[【】¥★※✓☞\r\n]|\}\{")


@dataclass(frozen=True)
class SmsText:
    """One approved text; `answers`: it says how to answer beside how to stop."""

    id: str
    kinds: tuple[MessageKind, ...]
    text: str
    params: tuple[str, ...] = ()
    answers: bool = False

    def __post_init__(self) -> None:
        numbers = [int(number) for number in _VARIABLE.findall(self.text)]
        if numbers != [*range(1, len(self.params) + 1)]:
            raise ValueError("its variables are not {1}, {2} … for its params, in this order")
        if _UNFIT.search(self.text):
            raise ValueError("the provider approves no such signs, nor variables side by side")
        if any(param.partition(":")[2] not in _TAKEN for param in self.params):
            raise ValueError(f"a param is a field and one of {', '.join(_TAKEN)}")

    def fill(self, content: Mapping[str, str]) -> tuple[str, ...]:
        """What stands in the variables, taken from a message's content; raises `DoesNotFit`."""
        return tuple(_taken(param, content) for param in self.params)

    def read(self, params: tuple[str, ...]) -> str:
        """The words as the phone shows them, without the signature."""
        return _VARIABLE.sub(lambda found: params[int(found[1]) - 1], self.text)


@dataclass(frozen=True)
class ReceiptWords:
    """Words of a failed receipt's description that tell of the number, not of the moment."""

    dead: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True)
class SmsCatalogue:
    """Every text, the words of replies and receipts, and how much one text holds."""

    param_limit: int
    one_text: int
    long_text: int
    answers: Mapping[str, tuple[str, ...]]
    receipts: ReceiptWords
    text: Mapping[str, SmsText]

    def __post_init__(self) -> None:
        kinds = [kind for text in self.text.values() for kind in text.kinds]
        words = [*chain.from_iterable(self.answers.values())]
        if len(set(kinds)) < len(kinds) or len(set(words)) < len(words):
            raise ValueError("a kind has two texts, or a word two meanings")
        if self.answers.keys() != set(Answer):
            raise ValueError("the words of every answer are needed")

    def text_of(self, kind: MessageKind) -> SmsText | None:
        """The text of a kind, where it has one."""
        return next((text for text in self.text.values() if kind in text.kinds), None)

    def segments(self, sign: str, words: str) -> int:
        """How many texts are sent and paid for: in one, or in shorter parts."""
        many = length(f"【{sign}】{words}")
        return 1 if many <= self.one_text else -(-many // self.long_text)

    def answer(self, reply: str) -> Answer | None:
        """What a reply says; `None` where only a person can tell."""
        said = _bare(reply)
        return next((Answer(name) for name, words in self.answers.items() if said in words), None)


@cache
def sms_catalogue() -> SmsCatalogue:
    """The texts in force."""
    content = tomllib.loads((ROOT / "config" / "sms.toml").read_text("utf-8"))
    return figures.shape(SmsCatalogue, content, "sms")


def _taken(param: str, content: Mapping[str, str]) -> str:
    field, _, what = param.partition(":")
    found = re.search(_TAKEN[what], content.get(field, ""))
    if found is None:
        raise DoesNotFit(f"{field} holds no {what}")
    return f"{found[1]}{found[2]}"


def _bare(reply: str) -> str:
    """Without blanks and signs; full width and small letters as any others."""
    plain = unicodedata.normalize("NFKC", reply).upper()
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LN")
