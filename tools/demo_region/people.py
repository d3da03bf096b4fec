"""Residents and staff with their WeChat accounts; nobody of them exists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from backend import identity, network
from backend.kernel.context import Role
from backend.kernel.crypto import keyring
from tools.demo_region import cast
from tools.demo_region.dice import CITY, OLD, Dice
from tools.demo_region.places import Places

EXAMPLE = "（示例）"
CREW = [
    (Role.DOCTOR, "副主任医师"),
    (Role.DOCTOR, "主治医师"),
    (Role.NURSE, "主管护师"),
    (Role.PUBLIC_HEALTH, "公共卫生医师"),
]
EXPERTS = ["主任医师", "副主任医师", "副主任医师", "主治医师"]
SPECIALTIES = [
    "心内科", "普外科", "儿科", "骨科", "泌尿外科", "消化内科", "呼吸内科", "神经内科",
    "风湿免疫科", "五官科", "感染科", "眼科", "皮肤科", "全科医学科", "放射科", "超声科", "护理",
]  # fmt: skip


@dataclass
class Crew:
    """The members of a team, its lead first."""

    house: network.Institution
    members: list[identity.Staff]


@dataclass
class Patient:
    """A resident, where they go, and whether hypertension is managed."""

    row: identity.Resident
    house: network.Institution
    hypertension: bool
    signed: bool
    key: str | None = None


@dataclass
class People:
    """Everybody, and the accounts by which they open the mini-program."""

    crews: list[Crew] = field(default_factory=list)
    experts: dict[network.Institution, list[identity.Staff]] = field(default_factory=dict)
    others: list[identity.Staff] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    accounts: list[identity.Account] = field(default_factory=list)
    consents: list[identity.Consent] = field(default_factory=list)
    by_key: dict[str, identity.Staff | identity.Resident] = field(default_factory=dict)

    @property
    def staff(self) -> Iterator[identity.Staff]:
        """Everybody who works here."""
        for crew in self.crews:
            yield from crew.members
        for experts in self.experts.values():
            yield from experts
        yield from self.others

    @property
    def rows(self) -> list[Any]:
        """In the order of writing."""
        residents = [patient.row for patient in self.patients]
        return [*self.staff, *residents, *self.accounts, *self.consents]


class Inventor:
    """Makes people up; `at` is the business instant at which they were all there already."""

    def __init__(self, dice: Dice, places: Places, division: str, at: datetime) -> None:
        self.dice, self.places, self.division, self.at = dice, places, division, at
        self.people = People()
        self.texts = [identity.consent_text(purpose) for purpose in identity.Purpose]

    def everybody(self, today: date, residents: int) -> People:
        """The cast first, then as many others as are wanted."""
        actors = cast.read()
        self._staff([person for person in actors if not person.is_resident])
        played = [person for person in actors if person.is_resident]
        for person in played:
            self._patient_of_the_cast(person)
        for number in range(residents - len(played)):
            self._patient(number, today)
        return self.people

    def neighbours(self, numbers: range, today: date) -> People:
        """Further ones, of a city's ages; those made before stay with whoever has them."""
        self.people = People()
        for number in numbers:
            self._patient(number, today, CITY)
        return self.people

    def _staff(self, played: Sequence[cast.Person]) -> None:
        first = self.places.houses[0]
        own_team = sorted((p for p in played if p.team), key=lambda p: p.key != "lead")
        self._crew(first, [self._player(person, first) for person in own_team])
        for house in self.places.houses:
            if house in self.places.with_teams:
                self._crew(house, [])
            self.people.others.append(self._member(house, Role.PHARMACIST, "主管药师"))
        for person in (p for p in played if not p.team):
            self._beside_the_team(person, first)
        for host in self.places.hosts:
            self._experts(host.hospital, host.weekly_clinics)

    def _beside_the_team(self, person: cast.Person, first: network.Institution) -> None:
        if person.role is Role.SPECIALIST:
            hospital = self.places.hosts[0].hospital
            self.people.experts[hospital] = [self._player(person, hospital)]
        else:
            self.people.others.append(self._player(person, first))

    def _crew(self, house: network.Institution, members: list[identity.Staff]) -> None:
        rest = CREW[len(members) :]
        new = [self._member(house, role, title) for role, title in rest]
        self.people.crews.append(Crew(house, [*members, *new]))

    def _experts(self, hospital: network.Institution, count: int) -> None:
        experts = self.people.experts.setdefault(hospital, [])
        for number in range(len(experts), count):
            specialty = SPECIALTIES[number % len(SPECIALTIES)]
            title = self.dice.random.choice(EXPERTS)
            experts.append(self._member(hospital, Role.SPECIALIST, title, specialty))

    def _player(self, person: cast.Person, house: network.Institution) -> identity.Staff:
        row = self._member(house, person.role, person.title, person.specialty, person.name)
        self._account(person.openid, staff_id=row.id)
        self.people.by_key[person.key] = row
        return row

    def _member(
        self,
        house: network.Institution,
        role: Role,
        title: str,
        specialty: str | None = None,
        name: str | None = None,
    ) -> identity.Staff:
        return identity.Staff(
            id=self.dice.id(),
            name=name or self.dice.staff_name(),
            role=role,
            title=title + EXAMPLE,
            specialty=specialty,
            institution_id=house.id,
        )

    def _patient_of_the_cast(self, person: cast.Person) -> None:
        house = self.places.houses[0]
        row = self._resident(person.name, person.born, person.sex, house)
        self._opened(person.openid, row)
        self.people.by_key[person.key] = row
        self.people.patients.append(
            Patient(row, house, person.hypertension, person.signed, person.key)
        )

    def _patient(self, number: int, today: date, ages: Sequence[int] = OLD) -> None:
        house = self.places.home_of(number)
        sex = self.dice.random.choice(list(identity.Sex))
        born = self.dice.birth(today, ages)
        row = self._resident(self.dice.name(sex), born, sex, house)
        self._opened(f"demo-neighbour-{number}", row)
        old = (today - born).days > 55 * 365
        ill = self.dice.random.random() < (0.55 if old else 0.08)
        signed = self.dice.random.random() < (0.9 if ill else 0.45)
        self.people.patients.append(Patient(row, house, ill, signed))

    def _resident(
        self, name: str, born: date, sex: identity.Sex, house: network.Institution
    ) -> identity.Resident:
        number = self.dice.id_number(self.division, born, sex)
        latitude, longitude = self.dice.near(house.latitude, house.longitude)
        row = identity.Resident(
            id=self.dice.id(),
            name=name,
            id_number_index=keyring().index(number, "id_number"),
            birth_date=born,
            sex=sex,
            community="示例社区",
            latitude=latitude,
            longitude=longitude,
            verified_at=self.at,
        )
        row.id_number, row.phone = number, self.dice.phone()
        return row

    def _opened(self, openid: str, resident: identity.Resident) -> None:
        account = self._account(openid, resident_id=resident.id)
        account.phone, account.phone_given_at = resident.phone, self.at
        account.phone_index = keyring().index(resident.phone or "", "phone")
        for text in self.texts:
            self.people.consents.append(self._agreed(account, resident, text))

    def _agreed(
        self, account: identity.Account, resident: identity.Resident, text: identity.ConsentText
    ) -> identity.Consent:
        return identity.Consent(
            id=self.dice.id(),
            account_id=account.id,
            resident_id=resident.id,
            channel=identity.Channel.OWN,
            purpose=text.purpose,
            version=text.version,
            text_hash=sha256(text.body.encode()).digest(),
            given_at=self.at,
            withdrawn_at=None,
        )

    def _account(self, openid: str, **whose: Any) -> identity.Account:
        account = identity.Account(id=self.dice.id(), openid=openid, created_at=self.at, **whose)
        self.people.accounts.append(account)
        return account
