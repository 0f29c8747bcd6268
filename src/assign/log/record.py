"""
What is kept of an answer: one record, an allow-list of typed fields, as canonical JSON (RFC 8785).

A record holds codes, closed words, dates, digests and random ids. There is no free text in it and no field for a person:
what is not on the list below is refused, and never repeated in the message. The sentences that a clerk read are not in
it either; their digest is (`answer`), and they follow again, to the byte, from the editions that the record names.

    log          the first record: the log's name and the key that signs its checkpoints
    publication  an edition of the list, the rules or the rulings comes into use; its text is kept beside the log
    key          another key signs from here on
    decision     one answer: as asked, as understood, what was decided by which rules and editions
    batch        one file of answers: a Merkle root over its rows, and the digests of both files

Field by field: `docs/audit.md`. `schema` is the format's number; each one stays readable for ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from assign.errors import BadRequest
from assign.words import nearest, sha256

from .canonical import canonical
from .fields import GIVEN, is_uuid4
from .kinds import ROLE_TEXT, Kind, Record, Role


def role(given: object) -> Role:
    """A role's key → the role. Raises BadRequest with the choices; the given word is not repeated."""
    if isinstance(given, str) and given in set(Role):
        return Role(given)
    near = nearest(given, list(Role)) or list(Role)
    roles = "、".join(f"`{key}`（{text['ja']}）" for key, text in ROLE_TEXT.items())
    raise BadRequest(
        f"役割 `role` は次のどれかです: {roles}。氏名は記録しません",
        f"`role` is one of: {', '.join(Role)} (no names are recorded)",
        near,
    )


def random_id(given: object, name: str) -> str:
    """
    A case id or an idempotency key: a random UUID (version 4), in lower case.

    Nothing else is accepted, since a person's number could be read from it. A UUID without a single letter, or with one digit
    seven times in a row, is refused, too: few random ones in a million are like that, and a padded personal number is.

    Raises:
        BadRequest: It is not; its value is not repeated.
    """
    try:
        found = uuid.UUID(given) if isinstance(given, str) and len(given) == 36 else None
    except ValueError:
        found = None
    if found is None or not is_uuid4(str(found)):
        raise BadRequest(
            f"`{name}` は乱数の UUID（第4版）です。個人や書類の番号は使えません",
            f"`{name}` is a random UUID (version 4); a number of a person or a paper cannot be used",
        )
    return str(found)


def new_id() -> str:
    """A random UUID."""
    while not is_uuid4(found := str(uuid.uuid4())):
        pass
    return found


def given_words(asked: Mapping[str, object]) -> dict[str, str | int]:
    """
    A request as it was typed. Its words have been understood, so each is of a closed set, in some spelling; one that is longer
    than any word of that set is refused.

    Raises:
        BadRequest: A word is too long, or of no type that a request has.
    """
    kept: dict[str, str | int] = {}
    for name, word in asked.items():
        if word is None:
            continue
        plain = word.isoformat() if isinstance(word, date) else word
        if type(plain) is int or (isinstance(plain, str) and GIVEN[name](plain)):
            kept[name] = plain
        else:
            raise BadRequest(
                f"`{name}` の書き方は記録できません（余分な文字や空白を除いてください）",
                f"`{name}` cannot be recorded as it is written (leave out what does not belong there)",
            )
    return kept


def understood(answer: Mapping[str, Any]) -> Record:
    """The request of an answer, as it was understood."""
    act = answer["act"]
    return {
        "division": answer["division"],
        "item": answer["item"],
        "channel": answer["channel"],
        "act": act["key"] if act else None,
        "on": answer["on"],
    }


def decided(answer: Mapping[str, Any]) -> Record:
    """What an answer decided, in codes: `cites` are [kind, line] of the list, the acts or the register."""
    cites = [[cite["kind"], cite["line"]] for reason in answer["reasons"] for cite in reason["cites"]]
    return {
        "assignee": answer["assignee"],
        "certainty": answer["certainty"],
        "rows": [row["id"] for row in answer["rows"]],
        "rules": list(answer["rules"]),
        "cites": [cite for place, cite in enumerate(cites) if cite not in cites[:place]],
        "caveats": [caveat["code"] for caveat in answer["caveats"]],
        "handoff": answer["handoff"]["to"] if answer["handoff"] else None,
        "question": answer["question"]["to"] if answer["question"] else None,
    }


def publishes(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a record puts into use: an edition and its SHA-256, or `key` and a public key; None where it does not."""
    if record["kind"] == Kind.PUBLICATION:
        return record["what"], record["sha256"]
    return ("key", record["signer"]) if record["kind"] in (Kind.LOG, Kind.KEY) else None


def digest(answer: Mapping[str, Any]) -> str:
    """The SHA-256 of the whole answer, every sentence of it, but for `provenance`, which the record has itself."""
    said = {name: part for name, part in answer.items() if name != "provenance"}
    return sha256(canonical(said))
