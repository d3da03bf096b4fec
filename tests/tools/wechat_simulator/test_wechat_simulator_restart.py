"""What outlives the process: the ledger, users with their agreed messages, persons, templates."""

import contextlib
from pathlib import Path

import httpx2
from simulators import SEND, TEMPLATE, TID, Simulator


def test_a_killed_simulator_knows_everything_but_codes(tmp_path: Path) -> None:
    ledger = tmp_path / "a folder" / "ledger.jsonl"
    before = Simulator(ledger)
    before.reset()
    before.user("a", grants=2, phone="13800138000", name="示例甲")
    before.send("a")
    before.control("POST", "people", [{"name": "示例甲", "id_number": "110101199003077758"}])
    delivered, users = before.messages(), before.control("GET", "users")
    before.stop(hard=True)

    with ledger.open("ab") as torn:
        torn.write(b'{"seq":2,"torn')
    after = Simulator(ledger)
    assert after.messages() == delivered
    assert after.control("GET", "users") == users
    assert [after.send("a")["errcode"] for _ in range(2)] == [0, 43101]
    assert [one["seq"] for one in after.messages()] == [1, 2]
    assert after.control("POST", "people", [])["known"] == 1
    after.stop()


def test_a_message_is_on_file_before_its_answer_is_sent(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path / "ledger.jsonl")
    simulator.reset()
    for number in range(1, 6):
        simulator.send(simulator.user(grants=1))
        assert simulator.ledger.read_bytes().count(b"\n") == number
    simulator.stop(hard=True)


def test_it_stops_politely_while_a_call_is_hanging(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path / "ledger.jsonl")
    simulator.reset()
    openid, token = simulator.user(grants=1), simulator.token()
    simulator.fault("timeout_after_delivery", seconds=60)
    body = simulator.message(openid)
    with contextlib.suppress(httpx2.TimeoutException):
        simulator.http.post(SEND, params={"access_token": token}, json=body, timeout=0.2)
    simulator.stop()
    assert simulator.process.returncode == 0


def test_templates_and_released_pages_are_given_at_the_start(tmp_path: Path) -> None:
    definitions = tmp_path / "templates.toml"
    definitions.write_text(
        f'[[template]]\nid = "{TID}"\ntitle = "{TEMPLATE["title"]}"\nkind = "long_term"\n'
        '[template.fields]\nthing1 = "随访项目"\ntime2 = "时间"\n',
        "utf-8",
    )
    options = ["--templates", str(definitions), "--page", "pages/home", "--page", "pages/mine"]
    simulator = Simulator(tmp_path / "ledger.jsonl", *options)
    assert simulator.send(simulator.user(), page="pages/mine?tab=1")["errcode"] == 0
    assert simulator.send(simulator.user(), page="pages/other")["errcode"] == 41030
    simulator.stop()
