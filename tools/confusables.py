"""
Unicode's own tables → `data/confusables.txt`: which character passes for which.

    python tools/confusables.py CONFUSABLES.TXT UNIHAN_VARIANTS.TXT > data/confusables.txt

The first is https://www.unicode.org/Public/security/17.0.0/confusables.txt (UTS #39), the second Unihan_Variants.txt of
Unihan.zip (UAX #38). Kept are characters that pass for an ASCII letter or digit, for kana or for a kanji, and that NFKC
does not fold by itself; of Unihan, the other shapes (old, simplified) of the kanji that decisions are named with.
"""

import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

# The kanji of what decides: 決定, 認定, 処分, … Another shape of one of them is the same word to a reader.
DECIDES = "受理付拒否絶返戻審査決定裁支給認可却下許承棄撤回賦課更正減免猶予取消還納差止滞処分押質問文書提出命令開示施術所等指判断"
SHAPES = ("kSimplifiedVariant", "kTraditionalVariant", "kSemanticVariant", "kZVariant")
HEAD = """\
# Which character passes for which: a letter, digit, kana or kanji, then the code points that look like it.
# Made by tools/confusables.py, that is selected and rearranged, from
#   confusables.txt 17.0.0 (Unicode Security Mechanisms for UTS #39), © 2025 Unicode, Inc.
#   Unihan_Variants.txt 15.0.0 (UAX #38), © 2022 Unicode, Inc.
# Unicode and the Unicode Logo are registered trademarks of Unicode, Inc. The license is beside it, in confusables.LICENSE.
"""


def plain(text: str) -> bool:
    """ASCII letters and digits, kana, kanji."""
    return all((c.isascii() and c.isalnum()) or "\u3041" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" for c in text)


def _unihan(code: str) -> str:
    return chr(int(code.removeprefix("U+"), base=16))


def main(confusables: Path, variants: Path) -> None:
    """Write the table to stdout."""
    like: dict[str, set[str]] = defaultdict(set)
    for written in confusables.read_text("utf-8-sig").splitlines():
        fields = written.partition("#")[0].split(";")
        if len(fields) < 3:
            continue
        source, target = ("".join(chr(int(code, 16)) for code in field.split()) for field in fields[:2])
        folded = unicodedata.normalize("NFKC", source)
        if len(source) == len(folded) == 1 and plain(target) and folded != target:
            like[target].add(source)
    for written in variants.read_text("utf-8").splitlines():
        if not written or written.startswith("#"):
            continue
        code, field, others = written.split("\t")
        for other in others.split():
            pair = _unihan(code), _unihan(other.partition("<")[0])
            for one, two in (pair, pair[::-1]):
                if field in SHAPES and one in DECIDES and two not in DECIDES and one != two:
                    like[one].add(two)
    sys.stdout.write(HEAD)
    for target in sorted(like):
        sys.stdout.write(f"{target} {' '.join(f'{ord(source):04X}' for source in sorted(like[target]))}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
