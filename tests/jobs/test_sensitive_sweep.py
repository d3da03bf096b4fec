"""What a new edition counts as sensitive is labelled where it is there already."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from clinic_builders import a_roster, a_session
from flask import Flask
from followup_builders import a_patient
from people import a_resident, by, by_itself
from prescription_builders import Surgery, a_drug
from sqlalchemy import select

from backend import clinics, identity
from backend.kernel import sensitive
from backend.kernel.database import db
from backend.kernel.sensitive import SENSITIVE, Category, SensitiveItem
from jobs import sensitive as job


def labels() -> set[tuple[object, str]]:
    rows = db.session.execute(select(SensitiveItem)).scalars()
    return {(row.subject_id, row.category) for row in rows}


@pytest.fixture
def heart(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Callable[[], None]:
    """An edition that is about hearts; called, it is in force."""
    std = SENSITIVE.on(by_itself().today)
    heart = Category(
        label="心脏",
        diagnoses=("I1",),
        drugs=("C08",),
        specialties=("心内",),
        programmes=("hypertension",),
    )
    newer = replace(std, categories={**std.categories, "heart": heart})
    return lambda: monkeypatch.setattr(sensitive, "categories", lambda _ctx: newer.categories)


def test_what_is_there_is_labelled_once_and_nothing_else(heart: Callable[[], None]) -> None:
    mother = a_resident()
    hers = clinics.book(by(mother), a_session(a_roster(specialty="心内科")).id).id
    wished = Surgery().requested(28).id
    surgery = Surgery(drug=a_drug("某药片", atc="A10BA02"))
    plain = surgery.requested(28)
    diagnosed = Surgery(drug=a_drug("某药片", atc="A10BA02")).requested(28)
    diagnosed.diagnoses = ["E11.9", "I10"]
    visit = a_patient().visit
    db.session.flush()
    before, theirs = labels(), (hers, wished, diagnosed.id, visit.id, visit.enrolment_id)
    assert job.relabel() == 0
    heart()
    assert job.relabel() >= len(theirs)
    new = labels() - before
    assert {(one, "heart") for one in theirs} <= new
    assert (plain.id, "heart") not in new
    assert job.relabel() == 0
    assert labels() == before | new


def test_nothing_is_written_of_who_left(heart: Callable[[], None]) -> None:
    mother = a_resident()
    hers = clinics.book(by(mother), a_session().id).id
    db.session.get_one(identity.Resident, mother.id).restricted_at = by_itself().at
    db.session.flush()
    heart()
    assert job.relabel() == 0
    assert (hers, "heart") not in labels()
