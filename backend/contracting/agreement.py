"""签约协议: the exact text a resident reads and confirms, with what FD-11 asks for."""

import hashlib
from dataclasses import dataclass
from functools import cache

from backend.kernel import figures

FORM = "contract_agreement"


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One subject of the agreement."""

    subject: str
    heading: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Form:
    """The text in force, with places for the parties and the term."""

    version: str
    title: str
    parties: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, kw_only=True)
class Parties:
    """Who agrees with whom, and for how many months."""

    institution: str
    team: str
    resident: str
    months: int


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as it is read: its version, its words, and the SHA-256 of their UTF-8 bytes."""

    version: str
    title: str
    text: str

    @property
    def content(self) -> bytes:
        """The exact bytes that are kept."""
        return self.text.encode()

    @property
    def sha256(self) -> str:
        """64 hexadecimal digits that stand for the exact text."""
        return hashlib.sha256(self.content).hexdigest()


@cache
def form() -> Form:
    """The form in force."""
    return figures.shape(Form, figures.read("texts", FORM), FORM)


def wording(parties: Parties) -> Wording:
    """The agreement between these parties."""
    current = form()
    clauses = [f"{clause.heading}\n{clause.body.strip()}" for clause in current.clauses]
    words = "\n\n".join([current.title, current.parties.strip(), *clauses])
    filled = words.format(**vars(parties))
    return Wording(current.version, current.title, f"{filled}\n\n版本：{current.version}\n")
