"""How a family member is named beside what was done for somebody."""

import pytest

from backend.kernel.context import Kinship, done_by


@pytest.mark.parametrize("kinship", Kinship)
def test_every_kinship_has_words(kinship: Kinship) -> None:
    assert done_by(kinship) == f"{kinship.label}代办"


def test_a_son_acts_as_a_son_and_the_person_as_nobody_else() -> None:
    assert done_by(Kinship.SON) == "儿子代办"
    assert done_by(None) is None
