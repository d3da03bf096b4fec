"""What everybody may know of teams."""

from contract_builders import a_centre, a_team, lead_of, nurse_of
from people import Http, a_member_of_staff

from backend.kernel.context import Role
from backend.kernel.ids import new_id


def test_a_team_is_shown_with_its_people_and_no_phones(http: Http) -> None:
    team = a_team()
    answer = http("GET", f"/open/teams/{team.id}")
    assert answer.status_code == 200
    assert [person["role"] for person in answer.json["members"]] == ["doctor", "nurse"]
    assert answer.json["members"][0]["name"] == lead_of(team).name
    assert "phone" not in answer.get_data(as_text=True)
    assert http("GET", f"/open/teams/{new_id()}").status_code == 404


def test_teams_of_an_institution_and_near_a_place(http: Http) -> None:
    house = a_centre()
    team = a_team(house)
    listed = http("GET", f"/open/teams?institution_id={house.id}")
    assert [row["id"] for row in listed.json["items"]] == [str(team.id)]
    near = http("GET", "/open/teams/nearest?latitude=30.87&longitude=120.09")
    assert (near.json[0]["id"], near.json[0]["metres"] < 1000) == (str(team.id), True)


def test_a_place_outside_the_earth_is_pointed_at(http: Http) -> None:
    answer = http("GET", "/open/teams/nearest?latitude=91&longitude=x")
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json["errors"]} == {"/query/latitude", "/query/longitude"}


def test_staff_see_their_own_teams_and_managers_their_institutions(http: Http) -> None:
    team = a_team(house := a_centre(), members=[])
    manager = a_member_of_staff(Role.MANAGER, "钱主任", house.id)
    assert [row["id"] for row in http("GET", "/doctor/teams", lead_of(team)).json] == [str(team.id)]
    [row] = http("GET", "/manager/teams", manager).json["items"]
    assert (row["id"], row["gaps"]) == (str(team.id), ["nurse"])
    assert http("GET", "/manager/teams", nurse_of(a_team())).status_code == 403
