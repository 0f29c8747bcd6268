"""
Ask with a client that nobody wrote:  python run.py ROW [CHANNEL]

`assign_client/` is generated from the server's own /openapi.json (README); its classes are the contract's words.
"""

from __future__ import annotations

import os
import sys

from assign_client import AuthenticatedClient, Client
from assign_client.api.decisions import decide
from assign_client.models import AskedByRow, Certainty, Decision, Problem


def client() -> Client | AuthenticatedClient:
    """The server of ASSIGN_URL, with the key of ASSIGN_KEY where it wants one."""
    url = os.environ.get("ASSIGN_URL", "http://127.0.0.1:8000")
    key = os.environ.get("ASSIGN_KEY")
    return AuthenticatedClient(base_url=url, token=key) if key else Client(base_url=url)


def shown(decision: Decision) -> str:
    """A decision in three lines: who, what now (or what to ask), and the sentence that it rests on."""
    settled = decision.certainty is Certainty.SETTLED
    now = decision.next_ if settled else decision.question
    cite = decision.reasons[0].cites[0]
    return f"{decision.channel}: {decision.assignee} ({decision.certainty})\n  {now.text.ja}\n  {cite.line} 行目 {cite.text.strip()}"


def main() -> int:
    """0 answered, 1 not."""
    asked = dict(zip(("row", "channel"), sys.argv[1:], strict=False))
    found = decide.sync(client=client(), body=AskedByRow.from_dict(asked))
    if isinstance(found, Problem):
        print(f"{found.code}: {found.detail}", *found.candidates, file=sys.stderr)
        return 1
    for decision in found if isinstance(found, list) else [found]:
        print(shown(decision))
    return 0


if __name__ == "__main__":
    sys.exit(main())
