"""The committed database of the races."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from clinic_database import Database
from databases import admin_url


@pytest.fixture
def database(own_database: str) -> Iterator[Database]:
    name = urlsplit(own_database).path.strip("/")
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        yield Database(link, own_database)
