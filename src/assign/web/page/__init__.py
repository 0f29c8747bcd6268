"""
The page: server-rendered HTML over the same desk as the API; it works without JavaScript, and better with it.

    shell     what every page has: the language, the words of the address that are carried on, source and hashes, errors as pages
    tongues   Japanese within English, marked as such
    counter   `/`: what was typed → candidates        row      `/row/…`: the answer        prints   `/event/…`, `/slip/…`, `/card/…`
    sheets    `/matrix`, `/questions`                 trail    `/audit`: the log           manual   `/docs`: the API

Scripts: `static/search.js`, one of our own. htmx 4.0.1 compiles its triggers by `AsyncFunction`, which a policy without `unsafe-eval` refuses,
and a trigger is where an unfinished word of an input method would be held back; for what is left (one fetch) 37 kB are too much.
"""

from .addresses import add_to

__all__ = ["add_to"]
