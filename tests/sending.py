"""Senders, a simulator in a process of its own, and a burst of messages between them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import psycopg
from conftest import environment
from databases import admin_url
from flask import Flask
from message_builders import a_message
from people import a_resident
from processes import eventually
from simulators import APPID, SECRET, Simulator

from backend import identity
from backend.assembly import assemble
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import ROOT, Settings
from jobs.sender import Sender

TEMPLATE_ID = "JIAYI-DEMO"
FINAL = {"sent", "unknown", "failed", "withdrawn"}


class Outside:
    """One database, one simulator, any number of senders."""

    def __init__(self, database_url: str, simulator: Simulator, folder: Path) -> None:
        self.database_url, self.simulator, self.folder = database_url, simulator, folder
        self.journals = folder / "journal"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.threads: list[Thread] = []
        self.stopped = Event()
        self.apps: list[Flask] = []
        self.app = self.assemble()

    def environment(self, **changes: str) -> dict[str, str]:
        """The settings of a sender."""
        wechat = {
            "WECHAT_BASE_URL": self.simulator.base,
            "WECHAT_APPID": APPID,
            "WECHAT_SECRET": SECRET,
            "REDIS_URL": "",
            "SENDER_CONCURRENCY": "8",
        }
        return environment(self.database_url, self.journals) | wechat | changes

    def assemble(self, **changes: str) -> Flask:
        """An app on this database."""
        self.apps.append(assemble(Settings.from_env(self.environment(**changes))))
        return self.apps[-1]

    def start(self, **changes: str) -> None:
        """A sender in a thread."""
        sender = Sender(self.assemble(**changes))
        self.threads.append(Thread(target=lambda: asyncio.run(sender.run(self.stopped))))
        self.threads[-1].start()

    def spawn(self, **changes: str) -> "subprocess.Popen[bytes]":
        """A sender in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "jobs.runner", "sender"],
            cwd=ROOT,
            env=dict(os.environ) | self.environment(**changes),
        )
        self.processes.append(process)
        return process

    def burst(
        self,
        people: int,
        each: int = 1,
        *,
        agreed: int | None = None,
        due: timedelta = timedelta(),
    ) -> list[UUID]:
        """So many people with so many due messages each, who agreed to them; the message ids."""
        with self.app.app_context(), transaction():
            residents = [a_resident() for _ in range(people)]
            at = entry.moment() + due
            ids = [a_message(one, due=at).id for one in residents for _ in range(each)]
            openids = [identity.openid_of_resident(one.id) for one in residents]
        users = [{"openid": openid} for openid in openids]
        self.simulator.control("POST", "users", users)
        granted = each if agreed is None else agreed
        if granted:
            popup = {"template_ids": [TEMPLATE_ID], "answer": "accept", "times": granted}
            popups = [{"openid": openid, **popup} for openid in openids]
            self.simulator.control("POST", "popups", popups)
        return ids

    def rows(self, columns: str = "state, reason, attempts, errcode") -> list[Any]:
        """The messages as the database has them, oldest first."""
        return self.sql(f"SELECT {columns} FROM message ORDER BY id")

    def sql(self, words: str) -> list[Any]:
        """One statement, committed at once."""
        with psycopg.connect(self.database_url, autocommit=True) as link:
            found = link.execute(words)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def administer(self, words: str) -> None:
        """One statement of the database's administrator."""
        name = self.database_url.rpartition("/")[2]
        with psycopg.connect(admin_url(name), autocommit=True) as link:
            link.execute(words)  # type: ignore[arg-type]

    def states(self) -> Counter[str]:
        """How many messages are in each state."""
        return Counter(row[0] for row in self.rows("state"))

    def delivered(self) -> Counter[str]:
        """How often each person was written to, by the simulator's ledger."""
        return Counter(line["openid"] for line in self.simulator.messages())

    def settled(self, seconds: float = 30) -> bool:
        """Whether every message comes to its final state."""
        return eventually(lambda: set(self.states()) <= FINAL, seconds)

    def pause(self) -> None:
        """End the senders that are threads."""
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)
        self.threads.clear()
        self.stopped.clear()

    def stop(self) -> None:
        """End every sender."""
        self.pause()
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for app in self.apps:
            for gateway in ("wechat", "realname"):
                app.extensions[gateway]._http.close()
            with app.app_context():
                db.engine.dispose()


@contextmanager
def outside(database_url: str, simulator: Simulator, folder: Path) -> Iterator[Outside]:
    """All of it, and nothing left afterwards."""
    world = Outside(database_url, simulator, folder)
    try:
        yield world
    finally:
        world.stop()
