"""What the WeChat simulator and its real-name provider must know of the invented people."""

from typing import Any

import httpx2

from tools.demo_region.people import People


def introduce(address: str, people: People, popups: list[dict[str, Any]]) -> None:
    """Users with names and phones, persons with ID numbers, what they allowed."""
    names = {row.id: row.name for row in people.staff}
    names |= {patient.row.id: patient.row.name for patient in people.patients}
    users = [
        {"openid": account.openid, "name": names[whose], "phone": account.phone}
        for account in people.accounts
        if (whose := account.resident_id or account.staff_id)
    ]
    persons = [{"name": p.row.name, "id_number": p.row.id_number} for p in people.patients]
    with httpx2.Client(base_url=address, timeout=30) as simulator:
        tell(simulator, "users", users)
        tell(simulator, "people", persons)
        tell(simulator, "popups", popups)


def tell(simulator: httpx2.Client, what: str, records: list[dict[str, Any]]) -> None:
    """Post a list to one of the simulator's controls."""
    simulator.post(f"/_sim/{what}", json=records).raise_for_status()
