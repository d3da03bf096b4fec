"""What a field may hold: one row a clause of the platform's table."""

import pytest

from tools.wechat_simulator.fields import check
from tools.wechat_simulator.refusal import Refused
from tools.wechat_simulator.templates import Template

GOOD = [
    ("thing1", "一" * 20),
    ("thing01", "血压 140/90"),
    ("number1", "-12.50"),
    ("letter1", "aZ" * 16),
    ("symbol1", "+-*/!"),
    ("character_string1", "NO. 2026-11/7"),
    ("time1", "15:01"),
    ("time1", "2019年10月1日 15:01"),
    ("time1", "2026年12月01日 09:00~2026年12月01日 10:00"),
    ("time1", "09:00~10:30"),
    ("date1", "2019年10月1日"),
    ("date1", "2019-10-01"),
    ("date1", "2019/10/01 08:00"),
    ("date1", "2019.10.1~2019.10.3"),
    ("amount1", "￥100.50元"),
    ("amount1", "12"),
    ("phone_number1", "+86-0766-66888866"),
    ("car_number1", "粤A8Z888挂"),
    ("name1", "一" * 10),
    ("name1", "a" * 20),
    ("phrase1", "已经预约了"),
    ("enum1", "上午"),
]
BAD = [
    ("thing1", "一" * 21),
    ("thing1", "𠮷" * 11),
    ("thing1", "两\n行"),
    ("thing1", "\u0000"),
    ("thing1", "\ud800"),
    ("number1", "1" * 33),
    ("number1", "一"),
    ("number1", "１２"),
    ("letter1", "a1"),
    ("symbol1", "++++++"),
    ("character_string1", "编号1"),
    ("character_string1", "a" * 33),
    ("time1", "24:00"),
    ("time1", "明天"),
    ("time1", "2026年02月30日 09:00"),
    ("time1", "09:00~10:00~11:00"),
    ("date1", "2026年13月1日"),
    ("date1", "2026-10/01"),
    ("date1", "10月1日"),
    ("amount1", "12345678901"),
    ("amount1", "很多"),
    ("phone_number1", "1" * 18),
    ("phone_number1", "电话"),
    ("car_number1", "粤A12345678"),
    ("name1", "一" * 11),
    ("name1", "a" * 21),
    ("name1", "王a" * 6),
    ("name1", "王2"),
    ("phrase1", "六个汉字太长"),
    ("phrase1", "ok"),
    ("enum1", "晚上"),
    ("thing", "无序号"),
    ("other1", "未知类型"),
]


def _template(key: str) -> Template:
    return Template("T", "题", {key: "标签"}, options={"enum1": ["上午", "下午"]})


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_good_values_pass(key: str, value: str) -> None:
    assert check(_template(key), {key: {"value": value}}) == {key: value}


@pytest.mark.parametrize(("key", "value"), BAD)
def test_bad_values_name_their_field(key: str, value: str) -> None:
    with pytest.raises(Refused, match=f"data.{key}.value invalid") as refused:
        check(_template(key), {key: {"value": value}})
    assert refused.value.errcode == 47003


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        ({}, "data.thing1.value is empty"),
        ({"thing1": {}}, "data.thing1.value is empty"),
        ({"thing1": {"value": " "}}, "data.thing1.value is empty"),
        ({"thing1": "text"}, "data.thing1.value is empty"),
        ({"thing1": {"value": 5}}, "data.thing1.value invalid"),
        ({"thing1": {"value": "a"}, "thing2": {"value": "b"}}, "data.thing2 invalid"),
    ],
)
def test_keys_must_equal_those_of_the_template(data: object, detail: str) -> None:
    with pytest.raises(Refused, match=detail):
        check(_template("thing1"), data)
