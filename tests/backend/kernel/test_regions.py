from typing import Any

import pytest

from backend.auditing.rules import AccessPolicy
from backend.clinics.attendance_rules import AttendancePolicy
from backend.clinics.displacement_rules import CascadePolicy
from backend.clinics.lottery_rules import LotteryPolicy
from backend.clinics.roster_rules import RosterPolicy
from backend.clinics.rules import ClinicPolicy
from backend.clinics.waiting_rules import WaitingPolicy
from backend.contracting.rules import CONTRACT, ContractPolicy
from backend.contracting.rules import policy_of as contract_policy
from backend.followups.rules import FollowUpPolicy
from backend.kernel import figures, regions
from backend.kernel.regions import Region, UnknownRegion
from backend.kernel.sensitive import SensitivePolicy
from backend.messaging.attention_rules import AttentionPolicy
from backend.messaging.ladder_rules import LadderPolicy
from backend.messaging.rules import MessagingPolicy
from backend.messaging.sms_rules import SmsPolicy
from backend.outreach.rules import OutreachPolicy
from backend.prescriptions.rules import LONG_PRESCRIPTION, PrescriptionPolicy
from backend.prescriptions.rules import policy_of as prescription_policy
from backend.privacy import PrivacyPolicy
from backend.proxies.rules import ProxyPolicy
from backend.staffing.rules import StaffPolicy
from backend.trials.rules import TrialPolicy

SECTIONS = {
    "contracting": ContractPolicy,
    "clinics": ClinicPolicy,
    "rosters": RosterPolicy,
    "waiting": WaitingPolicy,
    "attendance": AttendancePolicy,
    "cascade": CascadePolicy,
    "lottery": LotteryPolicy,
    "outreach": OutreachPolicy,
    "prescriptions": PrescriptionPolicy,
    "followups": FollowUpPolicy,
    "messaging": MessagingPolicy,
    "ladder": LadderPolicy,
    "attention": AttentionPolicy,
    "privacy": PrivacyPolicy,
    "proxies": ProxyPolicy,
    "sms": SmsPolicy,
    "sensitive": SensitivePolicy,
    "access": AccessPolicy,
    "staffing": StaffPolicy,
    "trials": TrialPolicy,
}


@pytest.mark.parametrize("name", regions.known())
def test_every_section_of_every_region_is_typed_and_lawful(name: str) -> None:
    region = Region.load(name)
    assert region.tables.keys() == SECTIONS.keys()
    assert all(region.section(key, kind) for key, kind in SECTIONS.items())
    assert contract_policy(region, CONTRACT.editions[-1])
    assert prescription_policy(region, LONG_PRESCRIPTION.editions[-1])
    assert region.division.isdigit()
    assert len(region.division) == 6


def test_the_regions_that_the_project_promises_are_kept() -> None:
    assert {"huzhou", "beijing", "jiangmen", "dongyang"} <= set(regions.known())
    assert Region.load("huzhou").title == "湖州市"


def test_beijing_prescribes_two_months_at_most() -> None:
    policy = Region.load("beijing").section("prescriptions", PrescriptionPolicy)
    assert policy.max_days == 60


def test_a_section_is_shaped_once() -> None:
    region = Region.load("huzhou")
    assert region.section("clinics", ClinicPolicy) is region.section("clinics", ClinicPolicy)


@pytest.mark.parametrize("name", ["atlantis", "../standards/contract", "", "Huzhou"])
def test_an_unknown_region_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownRegion, match="beijing, dongyang, huzhou, jiangmen"):
        Region.load(name)


def a_region(**sections: dict[str, Any]) -> Region:
    told = {"title": "示例", "division": "000000", "source": "示例"}
    return Region.parse("example", {**told, **sections})


def test_a_region_may_not_be_laxer_than_the_nation() -> None:
    std = LONG_PRESCRIPTION.editions[-1]
    lawful = {
        "max_days": 84,
        "strict_above_days": 28,
        "run_out_notice_days": [7],
        "diseases": [],
    }
    assert prescription_policy(a_region(prescriptions=lawful), std).max_days == 84
    for change in ({"max_days": 85}, {"max_days": 0}, {"strict_above_days": 29}):
        with pytest.raises(figures.BadFigures):
            prescription_policy(a_region(prescriptions=lawful | change), std)


@pytest.mark.parametrize(
    "change", [{"terms_months": [48]}, {"terms_months": []}, {"capacity_per_doctor": 2001}]
)
def test_a_contract_keeps_to_national_terms_and_capacity(change: dict[str, Any]) -> None:
    lawful = {"terms_months": [12, 36], "capacity_per_doctor": 2000}
    std = CONTRACT.editions[-1]
    assert contract_policy(a_region(contracting=lawful), std).terms_months == (12, 36)
    with pytest.raises(figures.BadFigures):
        contract_policy(a_region(contracting=lawful | change), std)


def test_a_missing_or_misspelt_policy_is_an_error() -> None:
    with pytest.raises(figures.BadFigures, match=r"section \[clinics\] is missing"):
        a_region().section("clinics", ClinicPolicy)
    misspelt = a_region(messaging={"quiet_hour": ["21:00", "07:00"]})
    with pytest.raises(figures.BadFigures, match="quiet_hour"):
        misspelt.section("messaging", MessagingPolicy)
    with pytest.raises(figures.BadFigures, match="surplus"):
        Region.parse(
            "example", {"title": "", "division": "", "source": "", "surplus": 1, "clinics": {}}
        )
