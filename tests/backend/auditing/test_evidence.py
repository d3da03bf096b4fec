"""What auditors take out of the product: with the second factor, written down, no formulas."""

import csv
import io

from audit_builders import stepped_up
from contract_builders import a_contract
from people import Http, a_member_of_staff, a_resident, headers_of
from prescription_builders import Surgery
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend import identity
from backend.kernel.context import Role
from backend.kernel.database import db

PATH = "/auditor/disclosures/evidence?first=2026-11-01&last=2026-11-30"


def a_reading(http: Http) -> tuple[identity.Resident, identity.Staff]:
    """A doctor looks at the list of a team with one resident."""
    surgery, resident = Surgery(), a_resident("周小红")
    a_contract(surgery.team, resident)
    assert http("GET", "/doctor/residents", surgery.doctor).status_code == 200
    return resident, a_member_of_staff(Role.AUDITOR, "陆严", surgery.centre.id)


def asked(http: Http, headers: dict[str, str]) -> TestResponse:
    return http("GET", PATH, headers=headers)


def test_lines_leave_with_the_second_factor_and_are_written_down(http: Http) -> None:
    resident, auditor = a_reading(http)
    answer = asked(http, stepped_up(auditor))
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    _, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert [str(resident.id) in row[-1] for row in rows].count(True) == 1
    shown = "SELECT resident_ids FROM disclosure WHERE operation LIKE '%evidence'"
    assert db.session.execute(text(shown)).scalar_one() == [resident.id]


def test_without_it_nothing_leaves(http: Http) -> None:
    _, auditor = a_reading(http)
    answer = asked(http, headers_of(auditor))
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["type"].endswith("step-up-needed")


def test_days_without_lines_are_an_empty_file(http: Http) -> None:
    _, auditor = a_reading(http)
    path = PATH.replace("2026-11", "2026-10").replace("10-30", "10-31")
    answer = http("GET", path, headers=stepped_up(auditor))
    assert len(answer.data.decode("utf-8-sig").splitlines()) == 1
