"""The page of received messages."""

from simulators import DATA, Simulator


def test_the_page_shows_the_newest_message_first_with_its_labels(sim: Simulator) -> None:
    openid = sim.user(grants=2, name="示例甲")
    sim.send(openid)
    sim.send(openid, data=DATA | {"thing1": {"value": "糖尿病随访"}})
    page = sim.http.get("/").text
    assert page.index("糖尿病随访") < page.index("高血压随访")
    for text in ("随访提醒", "<dt>随访项目</dt>", "示例甲", "进入小程序查看"):
        assert text in page


def test_one_person_sees_only_their_own(sim: Simulator) -> None:
    sim.send(sim.user("a", grants=1))
    sim.user("b")
    assert "高血压随访" in sim.http.get("/?openid=a&part=1").text
    assert "还没有收到消息" in sim.http.get("/?openid=b&part=1").text


def test_what_people_write_is_shown_not_run(sim: Simulator) -> None:
    script = "<script>x</script>"
    openid = sim.user(grants=1, name=script)
    sim.send(openid, data=DATA | {"thing1": {"value": script}})
    page = sim.http.get("/").text
    assert script not in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert script not in sim.http.get("/", params={"openid": script}).text
