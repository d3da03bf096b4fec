"""What ends by itself, once and only when it is due."""

from datetime import timedelta

from flask import Flask
from people import by_itself
from prescription_builders import Surgery

from backend import prescriptions
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.prescriptions import State
from jobs import prescriptions as sweeps


def test_what_nobody_collects_expires(app: Flask, clock: FixedClock) -> None:
    surgery = Surgery()
    reviewed = surgery.reviewed().id
    db.session.commit()
    assert sweeps.expire() == 0
    clock.at += timedelta(days=1)
    assert (sweeps.expire(), sweeps.expire()) == (1, 0)
    assert prescriptions.find(by_itself(), reviewed).state is State.EXPIRED


def test_what_is_used_up_is_finished(app: Flask, clock: FixedClock) -> None:
    surgery = Surgery()
    used = surgery.dispensed(28).id
    db.session.commit()
    clock.at += timedelta(days=27)
    assert sweeps.run_out() == 0
    clock.at += timedelta(days=1)
    assert (sweeps.run_out(), sweeps.run_out()) == (1, 0)
    assert prescriptions.find(by_itself(), used).state is State.FINISHED
