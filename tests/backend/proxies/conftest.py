"""A mother and her son."""

from datetime import date

import pytest
from flask import Flask
from people import a_resident

from backend import identity


@pytest.fixture
def her(app: Flask) -> identity.Resident:
    return a_resident("韩桂兰", date(1948, 9, 15))


@pytest.fixture
def son(app: Flask) -> identity.Resident:
    return a_resident("韩小军", date(1980, 2, 3))
