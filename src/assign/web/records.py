"""
`/v1/decisions/{seq}`: the records of the log behind the server, and their proofs; for auditors and the city's manager of the contract.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.responses import Response

from assign import audit
from assign.audit.text import plain_json
from assign.desk.listings import as_json
from assign.log.checkpoint import open_verified
from assign.log.keys import NoteError, PublicKey
from assign.log.log import Log

from . import examples, query
from .api import server_answers
from .keys import Power, may
from .media import JSON
from .problems import Problem

Reader = Annotated[str | None, Depends(may(Power.READ_LOG))]
Seq = Annotated[int, Field(ge=0, lt=2**53), query.DIGITS, Path()]
router: Final = APIRouter(
    prefix="/v1/decisions",
    tags=["log"],
    generate_unique_id_function=lambda route: route.name,
    dependencies=[Depends(query.declared)],
)


def log_of(request: Request) -> Log:
    """The server's log. Raises Problem 404: It keeps none."""
    log = server_answers(request).desk.audit
    if log is None:
        raise Problem(404, "no_log", "このサーバーは記録を残していません", "this server keeps no log")
    return log


@router.get("/{seq}", responses=examples.RECORD)
def record(request: Request, _role: Reader, seq: Seq) -> Response:
    """A record, its answer in its words where it still follows, and the later records that correct it."""
    return Response(plain_json(as_json(audit.shown_record(log_of(request), seq)) + "\n"), media_type=JSON)


@router.get("/{seq}/proof", responses=examples.RECORD)
def proof(request: Request, _role: Reader, seq: Seq) -> Response:
    """All that another machine needs to check one record (`assign audit verify-bundle`), under the newest signed checkpoint."""
    log = log_of(request)
    log.row(seq)
    notes, named = log.store.checkpoints(log.number), [each.key for each in log.named()]
    # Anybody who may insert can name a key: its notes are taken where the keys that follow the first have signed none.
    signed = [note for note in notes if _covers(note, seq, log.keys())] or [
        note for note in notes if _covers(note, seq, named)
    ]
    if not signed:
        raise Problem(
            409,
            "not_signed",
            "この記録を含むチェックポイントがまだありません（`assign audit checkpoint`）",
            "no signed checkpoint has this record yet (`assign audit checkpoint`)",
        )
    return Response(plain_json(as_json(audit.prove(log, seq, signed[-1])) + "\n"), media_type=JSON)


def _covers(note: str, seq: int, keys: list[PublicKey]) -> bool:
    """Whether a note of this log has the record; one that is not signed by its keys is nothing that anybody need heed."""
    try:
        return open_verified(note, keys)[0].size > seq
    except NoteError:
        return False
