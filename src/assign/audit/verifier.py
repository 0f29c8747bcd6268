"""
証明のファイルを検証します。Python 3.9 以降だけで、どの機械でも動きます。
A bundle from the decision log → verified or not: a record stands, after the
editions it names and cites, in the log whose checkpoint is signed (RFC 9162,
RFC 8032, C2SP signed-note); not that it is true. Python 3.9 or later alone.
使い方 / usage: python -I -S verify.py BUNDLE.json [--lang ja|en]
  --checkpoint FILE  お手元のチェックポイント / the checkpoint that you hold
  --key KEY          公開鍵（ファイルか値。何本でも） / a key: a file or a value
終了 / exit: 0 検証できた / verified, 6 誤り / wrong, 2 書き方 / usage, 1 file
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from base64 import b64decode
from datetime import datetime, timedelta
from getopt import GetoptError, gnu_getopt
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, NamedTuple

PRIME, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME  # Ed25519: -x² + y² = 1 + CURVE x² y² modulo PRIME
LARGEST = 64_000_000  # bytes that are read of a file; a bundle with its editions has about 200,000
LINE, NAME, SIX = r"[^\0-\x1f\ud800-\udfff]+", r"[^\s+\0-\x1f\ud800-\udfff]+", "[A-Za-z0-9+/]"
LAST = f"(?:{SIX}{{4}}|{SIX}{{2}}[AEIMQUYcgkosw048]=|{SIX}[AQgw]==)"  # base64 in its one canonical spelling ends so
NOTE = re.compile(rf"({LINE})\n(0|[1-9][0-9]{{0,15}})\n({SIX}{{42}}[AEIMQUYcgkosw048]=)\n(?:{LINE}\n)*\n"
                  rf"((?:\u2014 {NAME} (?!.{{6}}==\n)(?:{SIX}{{4}})+{LAST}\n){{1,100}})")  # fmt: skip  # C2SP tlog-checkpoint
FORMATS: dict[str, dict[str, type]] = {
    "assign.bundle/1": {"format": str, "record": str, "index": int, "size": int, "path": list, "checkpoint": str,
                        "keys": list, "editions": list, "row": object},
    "assign.consistency/1": {"format": str, "from": str, "to": str, "path": list, "keys": list}}  # fmt: skip
WORDS = {"contractor": ("受託者", "contractor"), "city_staff": ("市職員", "city staff"), "split": ("両者", "split between both"),
    "settled": ("確定", "settled"), "needs_ruling": ("回答待ち", "needs a ruling"),
    "nobody": ("なし", "nobody"), "decision": ("判定", "decision"), "batch": ("一括判定", "batch")}  # fmt: skip
CAUTION = ("注意: 鍵は証拠に添えられていたもので、それだけでは何の証明にもなりません。別の道で受け取った鍵を --key で渡してください",
    "note: the key came with the bundle and proves nothing by itself; pass one that you received another way as --key")  # fmt: skip
REASONS = {2: "ありません", 9: "閉じられています", 13: "権限がありません", 21: "フォルダです", 28: "ディスクに空きがありません"}  # fmt: skip
SPOILT = ((r"\ufeff", "先頭に BOM が付いています", "begins with a BOM"), (r"(?s).*\r", "改行が CRLF になっています", "has CRLF line ends"),
    (r"(?s)(?!.*\n\Z)", "最後の改行がなくなっています", "lacks its last line feed"))  # fmt: skip
AS_IT_WAS = ("書き換える前のファイルを使うか、元の形（UTF-8、BOM なし、改行は LF）で保存し直してください",
    "use the file as it was, or save it as UTF-8 without a BOM, each line ended by LF")  # fmt: skip
RETIRED = ("チェックポイントは、その時の鍵で署名されていません（替えられた後か、まだ使われていない鍵です）",
    "the checkpoint is not signed with the key of its time (the log had replaced it, or not named it yet)")  # fmt: skip
NO_KEY = ("証拠に、ログの鍵がありません", "the bundle names no key of the log")
NO_NOTE = ("チェックポイントの形ではありません", "not a checkpoint (a signed note of C2SP tlog-checkpoint)")
MISTYPED = ("BUNDLE.json を 1 つ、--lang は ja か en です。使い方は --help", "one BUNDLE.json, --lang ja or en; see --help")  # fmt: skip
Checkpoint = NamedTuple("Checkpoint", [("origin", str), ("size", int), ("root", bytes), ("number", str)])  # noqa: UP014


class WrongError(Exception):
    """What does not hold, in Japanese and English."""


def need(found: Any, ja: str, en: str) -> Any:
    """What was found, if it was."""
    if not found:
        raise WrongError(ja, en)
    return found


def text_of(data: bytes, name: str) -> str:
    """A checkpoint, a key or a bundle as it was written: a file that an editor or a mail program has changed is refused, and why is said."""
    text = data.decode("utf-8")
    for pattern, ja, en in SPOILT:
        need(not re.match(pattern, text), f"`{name}` は{ja}。{AS_IT_WAS[0]}", f"`{name}` {en}: {AS_IT_WAS[1]}")
    return text


def roots(place: int, size: int, base: bytes, path: list[bytes], early: bool) -> tuple[bytes, bytes] | None:
    """The roots of the leaves to `place` (if early) and of all, as a path gives them: RFC 9162, 2.1.3.1, 2.1.4.1 reversed."""
    turns: list[bool] = []  # from the root down: whether to the right
    while size > 1 and not (early and place + 1 == size):
        k = 2 ** ((size - 1).bit_length() - 1)
        turns.insert(0, place >= k)
        place, size = (place - k, size - k) if place >= k else (place, k)
    if len(path) != len(turns) or not {32}.issuperset(map(len, path)):
        return None
    before = after = base
    for right, other in zip(turns, path):  # noqa: B905  # their lengths are equal, and Python 3.9 has no strict
        before = sha256(b"\x01" + other + before).digest() if right else before
        after = sha256(b"\x01" + other + after if right else b"\x01" + after + other).digest()
    return before, after


def included(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf at that index to the root of the tree of that size."""
    found = roots(index, size, leaf, path, early=False) if 0 <= index < size and len(leaf) == 32 else None
    return found is not None and found[1] == root


def consistent(first: int, second: int, old: bytes, new: bytes, path: list[bytes]) -> bool:
    """Whether the path shows that the tree of `first` records is the beginning of the tree of `second`."""
    if first == second or first & (first - 1) == 0:  # then the path begins at the old root
        return 0 < first <= second and roots(first - 1, second, old, path, early=True) == (old, new)
    found = roots(first - 1, second, path[0], path[1:], early=True) if path and 0 < first < second else None
    return found == (old, new)


def add(p: tuple[int, int], q: tuple[int, int]) -> tuple[int, int]:
    """RFC 8032, 5.1.4, in plain coordinates: slower, and easier to check. It holds for doubling, too."""
    (a, b), (c, d), t = p, q, CURVE * p[0] * p[1] * q[0] * q[1] % PRIME
    over = pow(1 - t * t, -1, PRIME)
    return (a * d + b * c) * (1 - t) * over % PRIME, (b * d + a * c) * (1 + t) * over % PRIME


def times(factor: int, point: tuple[int, int]) -> tuple[int, int]:
    """So many times the point; nothing here is secret, so that time may vary."""
    half = times(factor // 2, add(point, point)) if factor else (0, 1)
    return add(half, point) if factor % 2 else half


def point_of(data: bytes) -> tuple[int, int] | None:
    """RFC 8032, 5.1.3, or None: not on the curve, or not in its one canonical spelling."""
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[-1] >> 7
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    x = x if x * x % PRIME == square else x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if y >= PRIME or x * x % PRIME != square or (x == 0 and odd):
        return None
    return (x if x & 1 == odd else PRIME - x), y


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032, 5.1.7, without the cofactor. A key of small order, under which anyone can sign, is no key."""
    a, r, base = map(point_of, (key, signature[:32], b"\x58" + b"\x66" * 31))
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or base is None or s >= ORDER or times(8, a) == (0, 1):
        return False
    k = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return times(s, base) == add(r, times(k, a))


def base64(text: Any, length: int) -> bytes:
    """Base64 of so many bytes, in its one canonical spelling."""
    data = b64decode(text) if isinstance(text, str) and re.fullmatch(f"(?:{SIX}{{4}})*{LAST}", text) else b""
    return bytes(need(len(data) == length and data, "base64 の値が違います", "a base64 value is not as it must be"))


def key_of(line: Any) -> tuple[str, str, bytes]:
    """A public key's line, `name+number+base64`, as (name, number, key)."""
    found = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+(.+)", line if isinstance(line, str) else "")
    found = need(found, "公開鍵の形ではありません（名前+番号+値）", "not a public key (name+number+value)")
    number = sha256(found[1].encode() + b"\n" + (data := base64(found[3], 33))).hexdigest()[:8]
    need(data[0] == 1 and number == found[2], "公開鍵の番号が合いません", "the public key's number does not fit it")
    need(times(8, point_of(data[1:]) or (0, 1)) != (0, 1), "公開鍵になりえない値です", "a value that no public key has")
    return found[1], number, data[1:]


def opened(text: str, keys: set[tuple[str, str, bytes]], due: Any = None) -> Checkpoint:
    """A signed note → its checkpoint. A key of the log's own name must have signed it (that of its time, where it is known), and rightly."""
    found, by = need(NOTE.fullmatch(text), *NO_NOTE), []
    for name, raw in ((line.split(" ")[1], b64decode(line.split(" ")[2])) for line in found[4].split("\n")[:-1]):
        for key in (each for each in keys if each[:2] == (name, raw[:4].hex())):
            right = len(raw) == 68 and signed(key[2], text[: found.start(4) - 1].encode(), raw[4:])
            by.append(need(right and key, "チェックポイントの署名が合いません", "the checkpoint's signature is wrong"))
    need(
        by,
        "チェックポイントは、知っている鍵で署名されていません",
        "the checkpoint is not signed with a key that is known here",
    )
    own = need([key for key in by if key[0] == found[1]], "チェックポイントは、別の名前の鍵だけで署名されています",
               "the checkpoint is signed by keys of another name than the log's alone")  # fmt: skip
    need(due in (None, *own), *RETIRED)
    return Checkpoint(found[1], int(found[2]), base64(found[3], 32), (due or own[0])[1])


def parsed(text: str) -> Any:
    """JSON of whole numbers and characters, nested within reason; of two equal names, readers disagree which counts."""
    try:
        value = json.loads(text, parse_int=lambda digits: int(digits[:20]), object_pairs_hook=lambda pairs: need(
            len(dict(pairs)) == len(pairs), "同じ名前が二度あります", "a name stands twice") and dict(pairs))  # fmt: skip
        canonical(value).encode()
    except (ValueError, RecursionError):
        raise WrongError("JSON として読めません", "not JSON that can be read here") from None
    return value


def canonical(value: Any, deep: int = 0) -> str:
    """RFC 8785: names in the order of their UTF-16 code units, no spaces; fractions are not needed, and refused."""
    fits = isinstance(value, (str, dict, list)) or (not isinstance(value, float) and abs(value or 0) < 2**53)
    need(fits and deep <= 64, "整数でない数か大きすぎる数か深さです", "a fraction, or too large a number or depth")
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name], deep + 1)}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(each, deep + 1) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def fields(value: Any, **kinds: type) -> dict[str, Any]:
    """An object of exactly these fields, each of its type."""
    fits = type(value) is dict and set(value) == {*kinds} and all(kinds[n] in (type(value[n]), object) for n in value)
    return dict(need(fits and value, f"項目は {', '.join(kinds)} です", f"the fields must be {', '.join(kinds)}"))


def at(value: Any, *names: str) -> Any:
    """The value at a path of names in a record, or None."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def standing(part: dict[str, Any], text: str, tree: Checkpoint) -> Any:
    """The canonical JSON that stands at its index in a tree; in a log, under the number and log that it names itself."""
    found, index, path = parsed(text), part["index"], [base64(each, 32) for each in part["path"]]
    need(canonical(found) == text, f"{index} 番は正準な JSON ではありません", f"number {index} is not canonical JSON")
    need(included(index, tree.size, sha256(b"\x00" + text.encode()).digest(), path, tree.root), f"記録がその木の {index} 番にありません", f"the record does not stand in its tree as number {index}")  # fmt: skip
    own = tree.origin in ("", at(found, "origin")) and (not tree.origin or repr(at(found, "seq")) == repr(index))
    need(own, "記録が名乗る番号かログの名が合いません", "the record gives itself another number or another log")
    return found


def of_record(bundle: dict[str, Any], tree: Checkpoint) -> list[tuple[Any, ...]]:
    """Verify the record of a bundle, the editions that it names, and what it cites of them."""
    need(bundle["size"] == tree.size, "大きさがチェックポイントと違います", "the size is not the checkpoint's")
    record, held = standing(bundle, bundle["record"], tree), {}
    for part in (fields(each, record=str, index=int, path=list, text=str) for each in bundle["editions"]):
        public, number = standing(part, part["record"], tree), sha256(part["text"].encode()).hexdigest()
        fits = (at(public, "kind"), at(public, "sha256")) == ("publication", number) and part["index"] < bundle["index"]
        need(fits, "版が、記録前の使用開始と合いません", "an edition is not one that was published before the record")
        held[at(public, "what"), number] = part["text"]
    kind, names = at(record, "kind"), [(what, at(record, "editions", what)) for what in ("list", "rules", "rulings")]
    need(kind not in ("decision", "batch") or held.keys() >= set(names), "版が足りません", "an edition is missing")
    if kind == "key" and at(record, "endorsed") and (old := key_of(at(record, "replaces")))[1] == tree.number:
        said = f"the next key\n{at(record, 'signer')}\n".encode()  # without its own signature, no key is replaced
        need(not signed(old[2], said, base64(record["endorsed"], 64)), *RETIRED)  # by this very record
    when = need(re.fullmatch("(.{19})([.][0-9]+)?Z", str(at(record, "recorded"))), "日時の形でない", "not a time")[1]
    report = [("記録", "record", record["seq"], kind),
              ("この記録のハッシュ", "hash of this record", sha256(b"\x00" + bundle["record"].encode()).hexdigest()),
              ("記録日時（日本時間）", "recorded (Japan time)", datetime.fromisoformat(when) + timedelta(hours=9))]  # fmt: skip
    report += of_decision(record, held[names[0]], held[names[1]]) if kind == "decision" else []
    if bundle["row"] is not None:
        row = fields(bundle["row"], leaf=str, index=int, size=int, path=list)
        need((kind, row["size"]) == ("batch", at(record, "rows")), "この一括の行ではありません", "no row of this batch")
        standing(row, row["leaf"], Checkpoint("", row["size"], bytes.fromhex(record["root"]), ""))
        report.append(("一括の行", "row of the batch", row["index"] + 1, row["leaf"]))
    return report


def of_decision(record: Any, listed: str, rules: str) -> list[tuple[Any, ...]]:
    """Find what a decision cites in the editions that it names: of a list, manifest and rows, or in the first logs the rows alone."""
    head, _, rest = listed.encode().partition(b"\n")
    size = int(head.split(b" ")[1]) if head.startswith(b"manifest.yaml ") else 0
    table = rest[size:].partition(b"\n")[2].decode() if size else listed
    for key, *label in re.findall(r"key: (\w+)[^{]*label: {ja: (.+?), en: (.+?)}", rest[:size].decode()):
        WORDS.setdefault(key, tuple(label))
    report = [("処理の日", "on", at(record, "on")),
              ("受付の書き方", "as given", *(at(record, "given", name) for name in ("division", "item", "channel"))),
              ("業務", "work", *(at(record, "request", name) for name in ("division", "item", "channel", "act"))),
              ("担当", "assignee", at(record, "decision", "assignee"), at(record, "decision", "certainty"))]  # fmt: skip
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(table.lstrip("\ufeff"), newline=""), strict=True)}
    for name in record["decision"]["rows"]:
        need(name in rows, f"{name} は一覧の版にありません", f"{name} is not in the edition of the list")
        report.append((f"一覧 {rows[name]['line']} 行目", f"line {rows[name]['line']} of the list", rows[name]["raw"]))
    for name in record["decision"]["rules"]:
        need(re.search(rf"^ *- id: {re.escape(name)}\r?$", rules, re.MULTILINE), f"{name} は規則の版にありません", f"{name} is not in the edition of the rules")  # fmt: skip
    return [*report, ("規則", "rules", *record["decision"]["rules"])]


def verified(text: str, own: str | None, held: Any) -> list[tuple[Any, ...]]:
    """Verify a bundle, also against what the auditor holds: the report's lines, or WrongError."""
    bundle = parsed(text)
    kinds = need(FORMATS.get(str(at(bundle, "format"))), "知らない形式です", "a format that is not known here")
    given = [key_of(line) for line in fields(bundle, **kinds)["keys"]]  # in the order of the log: the last one signs
    keys = set(held or given)
    tree = opened(bundle.get("checkpoint", bundle.get("to")), keys, need(given, *NO_KEY)[-1])
    old = opened(bundle["from"], keys & set(given)) if "from" in bundle else tree
    if "record" in bundle:
        report = of_record(bundle, tree)
    else:
        path = [base64(each, 32) for each in bundle["path"]]
        begins = old.origin == tree.origin and consistent(old.size, tree.size, old.root, tree.root, path)
        need(begins, "前のログは後のログの初めではありません", "the earlier log is not the beginning of the later one")
        report = [("初めの部分", "its beginning", old.size, old.root.hex())]
    if own is not None and (mine := opened(own, keys))[:3] not in (old[:3], tree[:3]):
        need(mine.origin != tree.origin or mine.size in (old.size, tree.size),
             f"お手元のチェックポイント（{mine.size} 件）とのつながりは示されていません。両者をつなぐ整合性の証拠が要ります",
             f"your checkpoint ({mine.size} records) is another one: a consistency bundle between the two is needed")  # fmt: skip
        raise WrongError("お手元のチェックポイントと食い違います", "it contradicts the checkpoint that you hold")
    end = [("チェックポイント", "checkpoint", tree.size, tree.root.hex()), ("鍵の番号", "key number", tree.number),
           *([] if own is None else [("お手元のチェックポイントと一致", "it agrees with the checkpoint that you hold")])]  # fmt: skip
    return [("ログ", "log", tree.origin), *report, *end, *([] if held else [CAUTION])]


def printed(line: tuple[Any, ...], lang: int) -> str:
    """A line of the report. Nothing that a record says reaches the terminal as a control character."""
    values = [WORDS.get(str(value), (str(value),) * 2)[lang] for value in line[2:] if value is not None]
    text = ": ".join([line[lang], " / ".join(values)] if values else [line[lang]])
    return "".join(c if c.isprintable() or c in "\t\u3000" else ascii(c)[1:-1] for c in text)


def main(argv: list[str] | None = None) -> int:
    """Verify, print, and say how it went."""
    argv, texts, code = sys.argv[1:] if argv is None else argv, {}, 2
    lang = int(re.search("(^| )--lang[= ]en( |$)", " ".join(argv)) is not None)  # before anything can be mistyped
    try:
        options, files = gnu_getopt(argv, "h", ["help", "checkpoint=", "key=", "lang="])
        own, given, said = ([b for a, b in options if a == name] for name in ("--checkpoint", "--key", "--lang"))
        text = str(__doc__).lstrip()
        if not {"-h", "--help"}.intersection(dict(options)):
            need(len(files) == 1 and len(own) < 2 and {"ja", "en"}.issuperset(said), *MISTYPED)
            for name in [*files, *own, *(key for key in given if "+" not in key or os.path.isfile(key))]:
                with Path(name).open("rb") as file:
                    texts[name] = file.read(LARGEST)  # one that is longer is cut, and so refused
            keys, code = [key_of(key) for key in given if key not in texts], 6
            read = {name: text_of(data, name) for name, data in texts.items()}
            keys += [key_of(read[key].removesuffix("\n")) for key in given if key in read]
            report = verified(read[files[0]], read[own[0]] if own else None, keys)
            text = "".join(f"{printed(line, lang)}\n" for line in [("検証できました", "verified"), *report])
        (sys.stdout or os.fdopen(1, "w")).buffer.write(text.encode())  # which fails where the shell has closed it
        sys.stdout.flush()
        return 0
    except (WrongError, GetoptError) as error:
        both = error.args if isinstance(error, WrongError) else [f"{text} ({error})" for text in MISTYPED]
        why = f"{('検証できません', 'not verified')[lang]}: {both[lang]}"
    except OSError as error:  # a file that cannot be read is no failed proof
        code, name, en = 1, error.filename, error.strerror
        ja, did, name = ("に書けません", "write", "stdout") if name is None else ("を開けません", "open", name)
        why = (f"`{name}` {ja}（{REASONS.get(error.errno or 0, en)}）", f"cannot {did} `{name}` ({en})")[lang]
    except Exception as error:  # noqa: BLE001  whatever a file holds, the auditor gets one line, and never "verified"
        why = f"{('検証できません: 読めない形です', 'not verified: unreadable')[lang]} ({type(error).__name__})"
    (sys.stderr or io.StringIO()).write(printed((why, why), lang) + "\n")
    return code


if __name__ == "__main__":
    os._exit(main())  # all is written: no second try at an output that has failed
