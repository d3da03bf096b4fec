"""How somebody says who they are, and how a person is shown: numbers always masked."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, post_load

from backend import identity
from miniapp_api import fields
from miniapp_api.contract import StrictSchema


class DocumentSchema(StrictSchema):
    """A document as printed; `country` (three letters) is for passports alone."""

    kind = fields.choice(identity.DocumentKind, required=True)
    number = fields.Text(40, required=True)
    country = fields.Text(10)


class ClaimSchema(StrictSchema):
    """Name and document; birth and sex where the number does not tell them."""

    name = fields.Text(100, required=True)
    document = fields.Nested(DocumentSchema, required=True)
    birth_date = fields.Date()
    sex = fields.choice(identity.Sex)

    @post_load
    def _claim(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The claim as the feature knows it, beside the other fields of the request."""
        given = {name: data.pop(name, None) for name in ("name", "birth_date", "sex")}
        claim = identity.Claim(**given, **data.pop("document"))
        return {**data, "claim": claim}


class OwnClaimSchema(StrictSchema):
    """As the person types it on the own phone: `id_number` alone says any card of 18 digits."""

    name = fields.Text(100, required=True)
    id_number = fields.Text(40)
    document = fields.Nested(DocumentSchema)
    birth_date = fields.Date()
    sex = fields.choice(identity.Sex)

    @post_load
    def _claim(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The claim as the feature knows it."""
        number, document = data.pop("id_number", None), data.pop("document", None)
        if (number is None) == (document is None):
            raise ValidationError("请填写身份证号，或选择其他证件，只填一种", "id_number")
        return {"claim": identity.Claim(**data, **(document or {"number": number}))}


@dataclass(frozen=True, slots=True)
class Shown:
    """A person as the desk sees them."""

    resident_id: UUID
    name: str
    document_kind: identity.DocumentKind
    id_number: str | None
    birth_date: date
    sex: identity.Sex
    phone: str | None
    waiting_id: UUID | None


class ServedSchema(Schema):
    """Who was served; numbers are masked. `waiting_id` is what a colleague has to confirm."""

    resident_id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    document_kind = fields.choice(identity.DocumentKind, required=True)
    id_number = fields.Text(18, required=True)
    birth_date = fields.Date(required=True)
    sex = fields.choice(identity.Sex, required=True)
    phone = fields.Text(20, required=True, allow_none=True)
    waiting_id = fields.UUID(required=True, allow_none=True)


def shown(person: identity.Resident, waiting_id: UUID | None = None) -> Shown:
    """A person with masked numbers."""
    return Shown(
        person.id,
        person.name,
        identity.kind_of(person.id_number or ""),
        masked_number(person.id_number),
        person.birth_date,
        person.sex,
        masked(person.phone, 3, 4),
        waiting_id,
    )


def masked(text: str | None, first: int, last: int) -> str | None:
    """Only the first and last characters of a number."""
    if text is None:
        return None
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


def masked_number(canonical: str | None) -> str | None:
    """A document's number; of a short one hardly anything is shown."""
    number = identity.number_in(canonical or "")
    return masked(number, 3, 4) if len(number) >= 15 else masked(number or None, 1, 2)
