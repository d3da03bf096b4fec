"""Who somebody says to be, as it was typed, and the person that this can be."""

from dataclasses import dataclass
from datetime import date

from backend.identity import documents
from backend.identity.documents import Document, DocumentKind
from backend.identity.rules import Fault as Reason
from backend.identity.rules import Malformed, Sex, person_name
from backend.kernel.errors import Fault, Invalid


@dataclass(frozen=True, slots=True)
class Claim:
    """Name and document as typed; without a `kind` any card with an 18-character number.

    `birth_date` and `sex` are stated where the number does not tell them.
    """

    name: str
    number: str
    kind: DocumentKind | None = None
    country: str | None = None
    birth_date: date | None = None
    sex: Sex | None = None

    def __repr__(self) -> str:
        return "Claim(…)"  # a log must never show it


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can exist: the name as it is kept, the document, birth and sex."""

    name: str
    document: Document
    birth_date: date
    sex: Sex

    def __repr__(self) -> str:
        return "Person(…)"


@dataclass(frozen=True, slots=True)
class _Faulty:
    faults: list[Fault]

    def note(self, pointer: str, detail: str) -> None:
        self.faults.append(Fault(pointer, detail))


def read(claim: Claim, today: date) -> Person:
    """The person that a claim describes; raises `Invalid` with every fault at once."""
    found = _Faulty([])
    name, document = _name(claim, found), read_document(claim, today, found.faults)
    birth_date, sex = _birth(claim, document, today, found), _sex(claim, document, found)
    if name is None or document is None or birth_date is None or sex is None or found.faults:
        raise Invalid(faults=found.faults)
    return Person(name, document, birth_date, sex)


def read_name_and_document(claim: Claim, today: date) -> tuple[str, Document]:
    """As `read`, where birth and sex are not asked for; raises `Invalid`."""
    found = _Faulty([])
    name, document = _name(claim, found), read_document(claim, today, found.faults)
    if name is None or document is None:
        raise Invalid(faults=found.faults)
    return name, document


def read_document(claim: Claim, today: date, faults: list[Fault]) -> Document | None:
    """The document of a claim; what is wrong with it is added to `faults`."""
    try:
        if claim.kind is None:
            return documents.id_number(claim.number, today)
        return documents.read(claim.kind, claim.number, today, claim.country)
    except Malformed as wrong:
        faults.append(Fault(_pointer(claim, wrong.fault), wrong.fault.text))
        return None


def _pointer(claim: Claim, reason: Reason) -> str:
    if claim.kind is None:
        return "/id_number"
    where = {
        Reason.COUNTRY: "country",
        Reason.COUNTRY_UNASKED: "country",
        Reason.DOCUMENT_KIND: "kind",
    }
    return f"/document/{where.get(reason, 'number')}"


def _name(claim: Claim, found: _Faulty) -> str | None:
    try:
        return person_name(claim.name)
    except Malformed as wrong:
        found.note("/name", wrong.fault.text)
        return None


def _birth(claim: Claim, document: Document | None, today: date, found: _Faulty) -> date | None:
    told, stated = document and document.born_on, claim.birth_date
    if told is not None and stated not in {None, told}:
        found.note("/birth_date", "与证件号码中的出生日期不一致，请核对")
    if told is None and stated is None and document is not None:
        found.note("/birth_date", "这种证件的号码看不出出生日期，请填写")
    if stated is not None and not documents.may_be_born(stated, today):
        found.note("/birth_date", "出生日期不正确，请核对")
    return told or stated


def _sex(claim: Claim, document: Document | None, found: _Faulty) -> Sex | None:
    told = document and document.sex
    if told is not None and claim.sex not in {None, told}:
        found.note("/sex", "与证件号码中的性别不一致，请核对")
    if told is None and claim.sex is None and document is not None:
        found.note("/sex", "这种证件的号码看不出性别，请填写")
    return told or claim.sex
