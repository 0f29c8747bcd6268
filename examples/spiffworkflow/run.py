"""
A case → the queue it waits in:  python run.py ROW CHANNEL [ACT]  (without arguments: cases as JSON, one a line, from stdin)

SpiffWorkflow runs `consigned_work.bpmn`. Its service task asks the desk in this very process; no server is needed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from assign import AssignError, Desk

DIAGRAM = Path(__file__).with_name("consigned_work.bpmn")


class AsksTheDesk(TaskDataEnvironment):
    """What the service tasks of a diagram may call."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def call_service(self, context: dict[str, Any], **operation: Any) -> str:  # noqa: ARG002 - the engine's signature
        """The desk's answer as JSON. An error is an answer, too: the gateway's last flow takes it to be asked about."""
        asked = {name: given["value"] for name, given in operation["operation_params"].items()}
        try:
            return json.dumps(self.desk.answers(**asked)[0])
        except AssignError as error:
            return json.dumps({"assignee": None, "certainty": None, **error.as_json()})


class Router:
    """The diagram, read once, and a desk."""

    def __init__(self, desk: Desk) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_file(str(DIAGRAM))
        self.process = parser.get_spec("consigned_work")
        self.engine = PythonScriptEngine(AsksTheDesk(desk))

    def routed(self, case: dict[str, Any]) -> dict[str, Any]:
        """Run a case up to where a person has to do something: in which queue, and what the desk said."""
        workflow = BpmnWorkflow(self.process, script_engine=self.engine)
        workflow.task_tree.data.update({"act": None, **case})
        workflow.do_engine_steps()
        waiting = workflow.get_next_task(state=TaskState.READY, manual=True)
        answer = waiting.data["answer"]
        return {**case, "queue": waiting.task_spec.name, "said": _said(answer)}


def _said(answer: dict[str, Any]) -> str:
    """What stands beside the case in its queue. While it is not settled that is the question, and no next step."""
    if "error" in answer:
        return str(answer["error"]["message"])
    return str(answer["next" if answer["certainty"] == "settled" else "question"]["text"]["ja"])


def main() -> None:
    """One case a line, each as it is routed."""
    words = sys.argv[1:]
    cases = [dict(zip(("row", "channel", "act"), words, strict=False))] if words else map(json.loads, sys.stdin)
    with Desk.open() as desk:
        router = Router(desk)
        for case in cases:
            print(json.dumps(router.routed(case), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
