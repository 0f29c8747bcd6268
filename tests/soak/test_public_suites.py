"""
Cases after public suites, small enough to be made by hand; and the suites themselves where a folder has them.

`python -m tests.soak.public_suites` says where they come from.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assign.errors import RuleFileError
from assign.yaml_nodes import parse

from .public_suites import Suite, csv_cases, json_cases, parquet_cases, run, signature_cases, yaml_cases

# After JSONTestSuite: y must be taken, n refused, i either.
JSON: list[tuple[str, bytes]] = [
    *((f"y_{at}", text) for at, text in enumerate([
        b"0", b"-0", b"-1", b"1.50", b"0.1", b"1e2", b"1E+2", b"1e-2", b"0e1", b"20e1", b"123e65", b"-123.4e+5", b"123456789012345678901234567890",
        b'""', b'" "', b'"\\u0061"', b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', b'"\\ud83d\\ude00"', '"é あ 😀"'.encode(), b'"\\u0000"', b'"\x7f"',
        '"\u2028\u2029\ufeff"'.encode(), b'"\\uFFFF"', b'"/*"', b"[]", b"[ ]", b"[[]]", b"[1,2]", b"[1 , 2]", b"[null,true,false]", b"{}",
        b'{"a":1}', b'{ "a" : [ ] }', b'{"":0}', b'{"a":{"a":{"a":1}}}', b'{"\\u0061b":1}', b'{"a\\u0000b":1}', b"true", b"false", b"null",
        b"[" * 100 + b"]" * 100,
    ])),
    *((f"n_{at}", text) for at, text in enumerate([
        b"", b" ", b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"[NaN]", b'{"a":-Infinity}', b"nul", b"True", b"tru", b"nan", b"'a'", b"a", b"01",
        b"-01", b"00", b"1.", b".5", b"-", b"--1", b"+1", b"1e", b"1e+", b"1.e1", b"0x1", b"0b1", b"1_000", b"1 2", b"1a", b"1\xc2\xa0",
        "\uff11".encode(), b"[1,]", b"[,1]", b"[1,,2]", b"[1", b"1]", b"[1}", b"[1 2]", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{,"a":1}', b'{"a" 1}',
        b"{a:1}", b"{1:1}", b"{'a':1}", b'{"a":1 "b":2}', b'{"a":1}}', b'{"a"::1}', b'{"a":/*c*/1}', b"1//", b"#", b'"', b'"a', b'"\\x00"', b'"\\u12"',
        b'"\\u12g4"', b'"\\"', b'"\\a"', b'"\x01"', b'"\t"', b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"a" "b"', b"\xef\xbb\xbf1", b"[" * 100_000,
        b'{"a":' * 5_000, b"1\x00", b"\x0c1", b"\xe2\x81\xa01", b"<null>", b"(1)",
    ])),
    *((f"i_{at}", text) for at, text in enumerate([
        b"1e400", b"-1e+9999", b"1e-400", b"9" * 5_000, b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud800\\u0061"', b'{"\\ud800":1}', b"[" * 2_000 + b"]" * 2_000,
        b"-" + b"9" * 400,
    ])),
]  # fmt: skip
CSV: list[tuple[str, bytes, list[dict[str, str]]]] = [
    ("simple", b"a,b,c\n1,2,3", [{"a": "1", "b": "2", "c": "3"}]),
    ("simple_crlf", b"a,b,c\r\n1,2,3", [{"a": "1", "b": "2", "c": "3"}]),
    ("comma_in_quotes", b'first,address\nJohn,"120 any st., Anytown, WW"', [{"first": "John", "address": "120 any st., Anytown, WW"}]),
    ("empty", b'a,b,c\n1,"",""\n2,3,4', [{"a": "1", "b": "", "c": ""}, {"a": "2", "b": "3", "c": "4"}]),
    ("empty_crlf", b'a,b,c\r\n1,"",""\r\n2,3,4', [{"a": "1", "b": "", "c": ""}, {"a": "2", "b": "3", "c": "4"}]),
    ("escaped_quotes", b'a,b\n1,"ha ""ha"" ha"\n3,4\n', [{"a": "1", "b": 'ha "ha" ha'}, {"a": "3", "b": "4"}]),
    ("json", b'key,val\n1,"{""type"": ""Point"", ""coordinates"": [102.0, 0.5]}"\n', [{"key": "1", "val": '{"type": "Point", "coordinates": [102.0, 0.5]}'}]),
    ("newlines", b'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n', [
        {"a": "1", "b": "2", "c": "3"}, {"a": "Once upon \na time", "b": "5", "c": "6"}, {"a": "7", "b": "8", "c": "9"}]),
    ("newlines_crlf", b'a,b\r\n"Once upon \r\na time",5\r\n7,8\r\n', [{"a": "Once upon \r\na time", "b": "5"}, {"a": "7", "b": "8"}]),
    ("quotes_and_newlines", b'a,b\n1,"ha \n""ha"" \nha"\n3,4\n', [{"a": "1", "b": 'ha \n"ha" \nha'}, {"a": "3", "b": "4"}]),
    ("utf8", "a,b,c\n1,2,3\n4,5,ʤ\n".encode(), [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "ʤ"}]),
    ("spaces", b"a,b\n 1 , 2 \n", [{"a": " 1 ", "b": " 2 "}]),
    ("one_column", b'a\n""\n1\n', [{"a": ""}, {"a": "1"}]),
]  # fmt: skip
# After the YAML test suite, as its events are written; None: no YAML.
YAML: list[tuple[str, str, str | None]] = [
    ("map", "a: b\n", "+DOC\n+MAP\n=VAL :a\n=VAL :b\n-MAP"),
    ("seq", "- a\n- [b, c]\n", "+DOC\n+SEQ\n=VAL :a\n+SEQ []\n=VAL :b\n=VAL :c\n-SEQ\n-SEQ"),
    ("quoted", "a: \"b\\tc\"\nd: 'e''f'\n", "+DOC\n+MAP\n=VAL :a\n=VAL \"b\\tc\n=VAL :d\n=VAL 'e'f\n-MAP"),
    ("folded", "a: >\n  b\n  c\n", "+DOC\n+MAP\n=VAL :a\n=VAL >b c\\n\n-MAP"),
    ("literal", "a: |-\n  b\n  c\n", "+DOC\n+MAP\n=VAL :a\n=VAL |b\\nc\n-MAP"),
    ("no_comment", "a: b#c\n", "+DOC\n+MAP\n=VAL :a\n=VAL :b#c\n-MAP"),
    ("question_mark", "a: b?\n?c: d\n", "+DOC\n+MAP\n=VAL :a\n=VAL :b?\n=VAL :?c\n=VAL :d\n-MAP"),
    ("question_in_flow", "{a: b?, c?: d}\n", "+DOC\n+MAP {}\n=VAL :a\n=VAL :b?\n=VAL :c?\n=VAL :d\n-MAP"),
    ("question_opens_in_flow", "{?a: b}\n", "+DOC\n+MAP {}\n=VAL :?a\n=VAL :b\n-MAP"),
    ("anchor", "a: &x b\nc: *x\n", "+DOC\n+MAP\n=VAL :a\n=VAL &x :b\n=VAL :c\n=ALI *x\n-MAP"),
    ("tag", "a: !!str b\n", "+DOC\n+MAP\n=VAL :a\n=VAL <tag:yaml.org,2002:str> :b\n-MAP"),
    ("two_documents", "a\n---\nb\n", "+DOC\n=VAL :a\n-DOC\n+DOC\n=VAL :b\n-DOC"),
    ("twice", "a: b\na: c\n", "+DOC\n+MAP\n=VAL :a\n=VAL :b\n=VAL :a\n=VAL :c\n-MAP"),
    ("tab", "a:\n\tb: c\n", None),
    ("open", "a: [b\n", None),
    ("touching", 'a: "b"#c\n', None),
    ("touching_flow", "[a]#b\n", None),
    ("quote", 'a: "b\n', None),
    ("indent", "a:\n  b: c\n d: e\n", None),
]  # fmt: skip


def holds(suite: Suite) -> None:
    """Everything does."""
    assert suite.outcomes.total(), "no case was tried"
    assert not suite.wrong, str(suite)


@pytest.mark.long
def test_json_is_taken_or_refused_as_everybody_does() -> None:
    """What is no JSON would be read otherwise elsewhere, or not at all."""
    holds(json_cases(JSON))


@pytest.mark.slow
def test_csv_says_what_everybody_reads_in_it() -> None:
    """Quotes, line ends and separators within cells."""
    holds(csv_cases(CSV, ("csv",)))


def test_yaml_is_read_as_its_events_say_or_refused() -> None:
    """A rule that was meant otherwise than it is read would decide otherwise."""
    holds(yaml_cases(YAML))


@pytest.mark.parametrize("text", ["{?a: b}\n", "[?a]\n", "a: {b: c, ?d: e}\n"])
def test_a_question_mark_is_never_dropped(text: str) -> None:
    """libyaml drops one that opens a plain value within brackets; YAML 1.2 keeps it."""
    with pytest.raises(RuleFileError, match="quote a value that begins with"):
        parse("x.yaml", text.encode())


@pytest.mark.parametrize("text", ['a: "b"#c\n', "a: 'b'#c\n", "[a]#b\n", "a: {b: c}#d\n"])
def test_a_number_sign_that_touches_a_value_opens_no_comment(text: str) -> None:
    """libyaml drops the rest of the line; YAML 1.2 has no comment there."""
    with pytest.raises(RuleFileError, match="a space is needed before `#`"):
        parse("x.yaml", text.encode())


@pytest.mark.long
def test_both_verifiers_of_signatures_agree() -> None:
    """After Wycheproof: every bit of a signature and of its key counts, and there is one spelling."""
    order = 2**252 + 27742317777372353535851937790883648493
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw()
    cases: list[tuple[str, bytes, bytes, bytes, bool | None]] = []
    for message in (b"", b"x", bytes(1_000)):
        right = key.sign(message)
        cases.append((f"{len(message)} bytes", public, message, right, True))
        s = int.from_bytes(right[32:], "little")
        wrong = [
            right[:-1], right + b"\0", b"", right[:32], bytes(64), right[:32] + (s + order).to_bytes(32, "little"), right[32:] + right[:32],
            right[:32] + bytes(32), right[:32] + order.to_bytes(32, "little"), b"\xff" * 64, b"\1" + bytes(31) + right[32:],
        ]  # fmt: skip
        cases += [(f"{len(message)} bytes, {at}", public, message, each, False) for at, each in enumerate(wrong)]
        for bit in range(0, 512, 37):
            turned = bytearray(right)
            turned[bit // 8] ^= 1 << bit % 8
            cases.append((f"bit {bit}", public, message, bytes(turned), False))
        cases.append(("another key", sha256(public).digest(), message, right, False))
    holds(signature_cases(cases, "Ed25519"))


@pytest.mark.slow
def test_parquet_of_every_type_goes_out_whole_or_is_refused_in_a_line(tmp_path: Path) -> None:
    """A type that the output cannot hold is no reason for a stack trace."""
    pl = pytest.importorskip("polars")
    from .odd_words import typed_columns

    columns = {
        str(kind): pl.Series([values[0], values[-1], None], dtype=kind) for kind, values in typed_columns().items()
    }
    alone = [name for name in columns if name.startswith(("Binary", "List", "Struct", "Null"))]
    files = []
    for names in ([name for name in columns if name not in alone], *([name] for name in alone)):
        pl.DataFrame({name: columns[name] for name in names}).write_parquet(tmp_path / "x.parquet")
        files.append((", ".join(names), (tmp_path / "x.parquet").read_bytes()))
    holds(parquet_cases(files))


@pytest.mark.soak
@pytest.mark.skipif("ASSIGN_SUITES" not in os.environ, reason="ASSIGN_SUITES names no folder of public suites")
def test_the_public_suites_hold() -> None:
    """The suites themselves, wherever they were unpacked (`os.pathsep` between folders)."""
    suites = run(Path(name) for name in os.environ["ASSIGN_SUITES"].split(os.pathsep))
    for suite in suites:
        print(f"\n{suite}")
    assert suites
    assert not [case for suite in suites for case in suite.wrong]
