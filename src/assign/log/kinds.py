"""
The kinds of a record, and the roles that may stand in it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

SCHEMA: Final = 2  # the format that is written; division and channel stand in it by key
SCHEMAS: Final = (1, SCHEMA)  # and those that are read


Record = dict[str, Any]


class Kind(StrEnum):
    """What a record says."""

    LOG = "log"
    PUBLICATION = "publication"
    KEY = "key"
    DECISION = "decision"
    BATCH = "batch"


class Role(StrEnum):
    """In which capacity somebody asked. Never who."""

    UNSTATED = "unstated"
    CONTRACTOR_CLERK = "contractor_clerk"
    CONTRACTOR_MANAGER = "contractor_manager"
    CITY_CLERK = "city_clerk"
    CITY_MANAGER = "city_manager"
    AUDITOR = "auditor"
    SYSTEM = "system"


KIND_TEXT: Final = {
    Kind.LOG: {"ja": "記録の開始", "en": "start of the log"},
    Kind.PUBLICATION: {"ja": "版の登録", "en": "edition"},
    Kind.KEY: {"ja": "署名の鍵", "en": "signing key"},
    Kind.DECISION: {"ja": "判定", "en": "decision"},
    Kind.BATCH: {"ja": "一括の判定", "en": "batch"},
}
ROLE_TEXT: Final = {
    Role.UNSTATED: {"ja": "記載なし", "en": "not stated"},
    Role.CONTRACTOR_CLERK: {"ja": "受託者の従事者", "en": "contractor's clerk"},
    Role.CONTRACTOR_MANAGER: {"ja": "受託者の業務責任者", "en": "contractor's operations manager (業務責任者)"},
    Role.CITY_CLERK: {"ja": "市職員", "en": "city staff"},
    Role.CITY_MANAGER: {"ja": "市の委託契約の担当", "en": "city's contract manager"},
    Role.AUDITOR: {"ja": "監査人", "en": "auditor"},
    Role.SYSTEM: {"ja": "システム", "en": "a system"},
}


EDITION_TEXT: Final = {
    "list": {"ja": "一覧", "en": "list"},
    "rules": {"ja": "規則", "en": "rules"},
    "rulings": {"ja": "疑義照会への回答", "en": "rulings"},
}


EDITIONS: Final = tuple(EDITION_TEXT)  # what an answer rests on, each published before it is cited
