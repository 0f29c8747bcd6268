"""
A case as a Temporal workflow: ask the desk, go to a queue, wait there for a person; what is not settled is asked again after the answer.

The desk is asked over HTTP (ASSIGN_URL, ASSIGN_KEY) by an activity: while the server is away, Temporal asks again, and no case is lost.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

QUEUE = "consigned-work"


@dataclass
class Case:
    """What the desk is asked with. No citizen's data: who the case is about stays in the city's own system."""

    row: str
    channel: str
    act: str | None = None


@dataclass
class Waiting:
    """Where a case is: the queue, and what stands beside it there."""

    queue: str
    said: str


@activity.defn
def ask(case: Case) -> Waiting:
    """The desk's answer as a queue. A refusal (4xx) is for a person; what else goes wrong is tried again by Temporal."""
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("ASSIGN_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    asked = {name: value for name, value in asdict(case).items() if value is not None}
    url = os.environ.get("ASSIGN_URL", "http://127.0.0.1:8000") + "/v1/decisions"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(asked).encode(), headers), timeout=10
        ) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as refused:
        if refused.code >= 500:
            raise
        return Waiting("question", json.load(refused)["detail"])
    if answer["certainty"] != "settled":
        return Waiting("question", answer["question"]["text"]["ja"])
    queue = {"contractor": "contractor", "city_staff": "city_staff", "split": "both"}.get(answer["assignee"])
    if queue is None:
        raise ApplicationError(f"no queue for {answer['assignee']}", non_retryable=True)
    return Waiting(queue, answer["next"]["text"]["ja"])


@workflow.defn
class Routed:
    """One case, from its arrival until it is done."""

    def __init__(self) -> None:
        self._where: Waiting | None = None
        self._done = self._answered = False

    @workflow.run
    async def run(self, case: Case) -> str:
        """Ask, wait; where it is not settled, ask again when the city has answered. Returns the queue that did it."""
        while True:
            self._answered = False
            self._where = await workflow.execute_activity(
                ask,
                case,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
            )
            if self._where.queue != "question":
                await workflow.wait_condition(lambda: self._done)
                return self._where.queue
            await workflow.wait_condition(lambda: self._answered)

    @workflow.query
    def where(self) -> Waiting | None:
        """The queue; None until the desk has answered."""
        return self._where

    @workflow.update
    async def asked(self) -> Waiting:
        """The queue, as soon as the desk has answered."""
        await workflow.wait_condition(lambda: self._where is not None)
        assert self._where is not None  # noqa: S101 - INVARIANT: waited for
        return self._where

    @workflow.signal
    def done(self) -> None:
        """Whoever has the queue did the work."""
        self._done = True

    @workflow.signal
    def answered(self) -> None:
        """The city's ruling is in the register (or the words are mended): ask again."""
        self._answered = True
