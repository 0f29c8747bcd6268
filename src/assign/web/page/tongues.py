"""
HTML → the same, in which Japanese within English is marked as such (`lang="ja"`), so that a screen reader speaks it as Japanese.

Names of the list, of desks and of statutes have no English, and stand in the middle of English sentences; no template can mark them all.
"""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r"(<[^>]*>)")  # our templates escape every `<` and `>` of a value, also within attributes
_NAME: Final = re.compile(r"<(/?)([a-z0-9]+)")
_LANG: Final = re.compile(r'\slang="([a-z]+)"')
_LETTER: Final = (
    r"\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff\uff10-\uff3a\uff41-\uff5a\uff66-\uff9f"
)
_RUN: Final = re.compile(f"[「『]?[{_LETTER}](?:[{_LETTER}・／、。「」『』（）〔〕　]*[{_LETTER}」』）〕])?")
_EMPTY: Final = frozenset(("meta", "link", "input", "br", "hr", "img"))
_TEXT_ALONE: Final = frozenset(("title", "option", "script", "style", "textarea"))  # no element may stand within


def marked(html: str, lang: str) -> str:
    """
    A page or a part of one, with its Japanese marked.

    Args:
        html: As our templates write it: lower case, attributes in double quotes.
        lang: The language around it.

    >>> marked('<p>the desk at 国保年金課 (<b lang="ja">年金</b>)</p>', "en")
    '<p>the desk at <span lang="ja">国保年金課</span> (<b lang="ja">年金</b>)</p>'
    """
    spoken = [lang]
    found = []
    name = ""
    for at, part in enumerate(_TAG.split(html)):
        if at % 2:
            told = _NAME.match(part)
            if told and told[1]:
                spoken.pop()
                name = ""
            elif told and told[2] not in _EMPTY:
                name = told[2]
                own = _LANG.search(part)
                spoken.append(own[1] if own else spoken[-1])
            found.append(part)
        elif part and spoken[-1] == "en" and name not in _TEXT_ALONE:
            found.append(_RUN.sub(r'<span lang="ja">\g<0></span>', part))
        else:
            found.append(part)
    return "".join(found)
