"""One API with several workers for the tests of what all of them notice at once."""

from collections.abc import Iterator

import pytest
from databases import own
from serving import serving

from tools.launch.stack import Stack


@pytest.fixture(scope="package")
def served_database(template: str, worker: str) -> Iterator[str]:
    """The committed database of that API; each test brings people of its own."""
    with own(template, f"jiayi_served_{worker}") as address:
        yield address


@pytest.fixture(scope="package")
def stack(served_database: str) -> Iterator[Stack]:
    """An API with two workers."""
    with serving(served_database) as stack:
        yield stack
