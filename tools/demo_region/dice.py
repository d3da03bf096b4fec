"""Chance that falls the same way each time: ids, names, numbers of people who do not exist."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from uuid import UUID

from backend.identity import Sex
from backend.identity.documents import check_character

# No county has the number 99, and no person's phone begins with 140.
NO_COUNTY, NO_PERSONS_PHONE = "99", "140"
EPOCH_MS = 1_790_000_000_000
# Of a hundred grown-ups: 60 and older, 40 to 59, younger.
OLD, CITY = (60, 25, 15), (27, 38, 35)

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = {
    Sex.FEMALE: (
        "桂香 秀禾 玉荷 凤仪 春兰 彩云 淑贤 月娥 美珍 秋菊 雪梅 惠芳 素琴 金凤 "
        "冬梅 晓岚 文静 佳宁 思雨 子涵"
    ),
    Sex.MALE: (
        "守义 德厚 长根 福生 国梁 永年 明德 水根 阿宝 荣华 建新 志远 海涛 永康 "
        "家栋 文博 浩然 子轩 俊杰 宇航"
    ),
}
STAFF_GIVEN = (
    "立夏 静安 小满 远山 知秋 明朗 若水 清和 白露 景行 怀瑾 望舒 书言 子衿 "
    "司南 既明 乐游 云帆 鹿鸣 维桢 仲春 秉文 令仪 予安"
)


class Dice:
    """One seed, one world."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._ids = 0
        self._numbers: dict[date, int] = {}
        self._phones = 0

    def id(self) -> UUID:
        """A key shaped like a UUIDv7, rising from call to call."""
        self._ids += 1
        milliseconds, rest = EPOCH_MS + self._ids // 4096, self._ids % 4096
        chance = self.random.getrandbits(62)
        return UUID(int=(milliseconds << 80) | (7 << 76) | (rest << 64) | (2 << 62) | chance)

    def name(self, sex: Sex) -> str:
        """An invented resident's name."""
        return self.random.choice(SURNAMES) + self.random.choice(GIVEN[sex].split())

    def staff_name(self) -> str:
        """An invented name of somebody who works here."""
        return self.random.choice(SURNAMES) + self.random.choice(STAFF_GIVEN.split())

    def id_number(self, division: str, born: date, sex: Sex) -> str:
        """A well-formed number of a county that does not exist, another one each time."""
        nth = self._numbers.get(born, 0)
        self._numbers[born] = nth + 1
        sequence = (nth * 2 + (sex is Sex.MALE)) % 1000
        body = f"{division[:4]}{NO_COUNTY}{born:%Y%m%d}{sequence:03d}"
        return body + check_character(body)

    def phone(self) -> str:
        """A mobile number that no person has, another one each time."""
        self._phones += 1
        return f"{NO_PERSONS_PHONE}{self._phones:08d}"

    def birth(self, today: date, weights: Sequence[int] = OLD) -> date:
        """A grown-up's day of birth; unless said otherwise six of ten are 60 or older."""
        least, most = self.random.choices([(60, 88), (40, 59), (18, 39)], weights)[0]
        return today - timedelta(days=self.random.randint(least * 366, most * 366))

    def near(
        self, latitude: float, longitude: float, degrees: float = 0.012
    ) -> tuple[float, float]:
        """A place within about a kilometre."""
        north, east = (self.random.uniform(-degrees, degrees) for _ in range(2))
        return round(latitude + north, 6), round(longitude + east, 6)
