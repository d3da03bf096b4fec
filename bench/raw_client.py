"""`python -m bench.raw_client`: the claim of a seat as one statement, psycopg and nothing else.

Standard input: a JSON object {url, clients, warm_up_s, seconds, told}, then one claim a line as
`person session`. Each connection is a thread and commits each statement. Standard output: the run.
"""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus

from backend.clinics.claim import STATEMENTS, Manner, Wish, arguments
from backend.clinics.rules import policy_of
from backend.kernel.context import ANYONE, Context
from backend.kernel.ids import new_id
from backend.kernel.regions import Region
from bench.figures import Run

STATEMENT = STATEMENTS[""]
REGION = Region.load("huzhou")
POLICY = policy_of(REGION)


class Claims:
    """The claims to be made, shared by the threads."""

    def __init__(self, told: dict[str, Any], lines: list[str]) -> None:
        self.told, self.words = told, STATEMENT
        self.left: Iterator[str] = iter(lines)
        self.measured_from = time.perf_counter() + told["warm_up_s"]
        self.until = self.measured_from + told["seconds"]

    def make(self, link: psycopg.Connection) -> Run:
        """Claim until the time is over."""
        done, errors, warmed, times, last = 0, 0, 0, [], self.measured_from
        for line in self.left:
            begin = time.perf_counter()
            if begin >= self.until:
                break
            good = self.asked(link, line)
            now = time.perf_counter()
            errors += not good
            if begin >= self.measured_from:
                done, last = done + good, now
                times.append(now - begin)
            else:
                warmed += 1
        return Run(done, last - self.measured_from, times, errors, warmed)

    def asked(self, link: psycopg.Connection, line: str) -> bool:
        """Claim once; whether there was a seat."""
        row = link.execute(self.words, self.arguments(line), prepare=True).fetchone()
        return row is not None and row[0] is None and row[6] is not None

    def arguments(self, line: str) -> dict[str, Any]:
        """What one claim is told."""
        person, session = (UUID(word) for word in line.split())
        ctx = Context(ANYONE, datetime.now(UTC), REGION)
        return arguments(ctx, new_id(), session, Wish(), POLICY, Manner(person=person))


def main(kind: type[Claims] = Claims) -> None:
    """Read, run, tell."""
    told = json.loads(sys.stdin.readline())
    lines = sys.stdin.readlines()
    links = [psycopg.connect(told["url"], autocommit=True) for _ in range(told["clients"])]
    assert all(link.info.transaction_status is TransactionStatus.IDLE for link in links)
    claims, began = kind(told, lines), time.process_time()
    with ThreadPoolExecutor(len(links)) as threads:
        runs = list(threads.map(claims.make, links))
    whole = Run(
        sum(run.done for run in runs),
        max(run.seconds for run in runs),
        [each for run in runs for each in run.times],
        sum(run.errors for run in runs),
        sum(run.warmed for run in runs),
        time.process_time() - began,
    )
    print(whole.to_json())


if __name__ == "__main__":
    main()
