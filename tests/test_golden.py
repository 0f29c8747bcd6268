"""The golden decisions: what was reviewed is what is answered."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from assign import Desk
from assign.audit import prove, replay, verifier, verify
from assign.log import merkle
from assign.log.canonical import read
from assign.log.keys import public_key
from assign.log.kinds import EDITIONS
from assign.log.log import Log
from assign.log.store import New, open_store
from assign.words import sha256

from .golden import FOLDER, OTHERS, files
from .golden_log import ORIGIN
from .trail import cli


def test_every_golden_decision_is_answered_as_it_was_reviewed(desk: Desk, table_desk: Desk) -> None:
    """A change shows as a diff: `make golden`, and read it."""
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.*") if not path.name.startswith(OTHERS)}
    for each in (desk, table_desk):
        found = files(each)
        assert found.keys() == kept.keys()
        for name, text in found.items():
            assert text == kept[name], name


@pytest.mark.long
@pytest.mark.parametrize(("name", "anew"), [("log-1", False), ("log-2", True)])
def test_a_log_of_every_format_is_read_verified_and_decided_anew_for_ever(
    name: str, anew: bool, tmp_path: Path
) -> None:
    """
    A later program may say a sentence otherwise; what was decided, and by which rules, it must find again.

    Of format 1 it still reads, shows and proves every record, and says of each decision that it cannot be decided anew.
    """
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines()
    texts = [path.read_bytes() for what in EDITIONS for path in FOLDER.glob(f"{name}.{what}.*")]
    assert len(texts) == len(EDITIONS)
    tree, rows, published = merkle.Frontier(), [], []
    for seq, line in enumerate(lines):
        record = read(line)
        rows.append(New(seq, line, tree.append(merkle.leaf_hash(line)), record.get("key")))
        if record["kind"] == "publication":
            published.append((record["what"], record["sha256"], seq))
        elif record["kind"] == "log":
            published.append(("key", record["signer"], seq))
    url = f"sqlite:///{tmp_path}/audit.db"
    with closing(open_store(url, create=True)) as store:
        log = Log(store, ORIGIN, store.create(ORIGIN))
        with store.writing(log.number) as writing:
            writing.lock_and_read_tail()
            writing.add(rows, published, [(sha256(data), data) for data in texts])
        note, key = ((FOLDER / f"{name}.{ending}").read_text("utf-8") for ending in ("checkpoint", "pub"))
        found = verify(log, [note], [public_key(key)])
        assert (found.findings, found.covered) == ([], len(lines))
        for seq in range(len(lines)):
            shown = cli("audit", "show", seq, "--audit", url)
            assert (shown.code, shown.err) == (0, ""), seq
            bundle = json.dumps(prove(log, seq, note))
            assert verifier.verified(bundle, note, [verifier.key_of(key.strip())])
        outcomes = Counter(each.outcome for each in replay(log))
        assert outcomes.total() == 9
        assert outcomes["same"] + outcomes["wording"] == (9 if anew else 0), outcomes
        assert anew or outcomes["cannot"] == 9, outcomes
