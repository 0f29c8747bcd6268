"""The auditor's page: whose signature is believed is what the auditor says, and the page says what was believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.log.checkpoint import parse, sign
from assign.log.keys import held_key, new_key
from assign.log.log import Log
from assign.web import keys as api_keys

from .test_web_api import client

BY_ITSELF = "信頼する公開鍵は入力されていません"
ONLY = "次の公開鍵（と、それが署名した後継の鍵）だけを信頼"


class Auditor(NamedTuple):
    """Who is signed in, the log, and its checkpoint that was kept outside."""

    web: TestClient
    log: Log
    note: str

    def verified(self, note: str | None = None, **given: str | bytes) -> str:
        """The page of a verification. given: `key` as typed in, `key_file` as uploaded."""
        files = {"checkpoint": ("note.txt", self.note if note is None else note)}
        if "key_file" in given:
            files["key_file"] = ("log.pub", given.pop("key_file"))  # type: ignore[assignment]
        done = self.web.post("/audit/verify", files=files, data=given)
        assert done.headers["content-type"] == "text/html; charset=utf-8"
        return f"{done.status_code} {done.text}"


@pytest.fixture
def auditor(tmp_path: Path) -> Iterator[Auditor]:
    file = str(tmp_path / "keys")
    key = api_keys.new(file, "auditor")
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        web = client(desk, api_keys.load(file))
        web.headers["x-api-key"] = key
        web.get("/row/kokuho-25?channel=counter")
        assert desk.audit is not None
        yield Auditor(web, desk.audit, desk.audit.checkpoint(held_key(desk.audit.origin)))


def test_a_checkpoint_under_the_trusted_key_is_sound_and_the_page_names_the_key(auditor: Auditor) -> None:
    own = str(auditor.log.keys()[-1])
    for given in ({"key": own}, {"key": f"  {own}\n"}, {"key_file": f"{own}\n"}, {"key": own, "key_file": own}):
        page = auditor.verified(**given)
        assert page.startswith("200")
        assert "異常なし" in page
        assert ONLY in page
        assert page.count(f"<code>{own}</code> この記録が名のる鍵の一つです") == 1
        assert BY_ITSELF not in page


def test_a_foreign_key_vouches_for_nothing_of_this_log(auditor: Auditor) -> None:
    foreign = str(new_key(auditor.log.origin).public())
    page = auditor.verified(key=foreign)
    assert page.startswith("200")
    assert "異常なし" not in page
    assert "0 件を裏づけました" in page
    assert "signature" in page
    assert f"<code>{foreign}</code> この記録が名のる鍵ではありません" in page
    assert "異常なし" not in auditor.verified(key_file=foreign)


def test_a_checkpoint_that_a_foreign_key_signed_is_no_proof_with_a_trusted_key_or_without(auditor: Auditor) -> None:
    """The same numbers, signed by somebody else under the log's name."""
    note = sign(parse(auditor.note)[0], new_key(auditor.log.origin))
    assert "異常なし" not in auditor.verified(note)
    assert "異常なし" not in auditor.verified(note, key=str(auditor.log.keys()[-1]))


def test_a_log_that_was_made_anew_with_a_key_of_its_own_is_found_by_the_key_that_was_kept(auditor: Auditor) -> None:
    """All of it fits, its checkpoint too: who believes the log about its keys sees nothing."""
    kept = str(new_key(auditor.log.origin).public())  # what the auditor took away before
    assert "異常なし" in auditor.verified()
    assert "異常なし" not in auditor.verified(key=kept)


def test_without_a_key_the_page_says_that_the_log_was_believed_about_itself(auditor: Auditor) -> None:
    for given in ({}, {"key": " "}):
        page = auditor.verified(**given)
        assert "異常なし" in page
        assert BY_ITSELF in page
        assert ONLY not in page
    english = auditor.web.post("/audit/verify?lang=en", files={"checkpoint": ("note.txt", auditor.note)}).text
    assert "No trusted public key was given" in english


def test_a_browser_that_sends_no_file_of_keys_sends_an_empty_one(auditor: Auditor) -> None:
    edge = "----x"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="checkpoint"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\n{auditor.note}\r\n',
        f'--{edge}\r\nContent-Disposition: form-data; name="key"\r\n\r\n\r\n',
        f'--{edge}\r\nContent-Disposition: form-data; name="key_file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n',
        f"--{edge}--\r\n",
    ]
    done = auditor.web.post(
        "/audit/verify",
        content="".join(parts).encode(),
        headers={"content-type": f"multipart/form-data; boundary={edge}"},
    )
    assert done.status_code == 200
    assert BY_ITSELF in done.text


def test_what_is_no_public_key_is_refused_and_not_repeated(auditor: Auditor) -> None:
    secret = held_key(auditor.log.origin).text()
    own = str(auditor.log.keys()[-1])
    for wrong in (
        secret,
        f"{own}\n{secret}",
        "x+y+<script>",
        own[:-3],
        "\n".join(str(new_key("a").public()) for _ in range(21)),
    ):
        for given in ({"key": wrong}, {"key_file": wrong}):
            page = auditor.verified(**given)
            assert page.startswith("400")
            assert "異常なし" not in page
            assert secret not in page
            assert "<script>" not in page
    assert "秘密鍵" in auditor.verified(key=secret)
