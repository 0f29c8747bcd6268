"""
Many answers: a file of requests → the same file with its answers.

    options                    what a run is told           columns     which column is which field
    files                      copies, whole outputs        recognise   what a file is that is none of ours
    csv_in  json_in  kinds     a file → a `source` (frame)  join        frame → answers
    arrow                      types that no engine knows
    csv_out  cp932             cells of CSV, their bytes    json_lines  line → line with its answer
    pipeline                   the whole of it              read_back   what a written file says
    spark                      the same files as frames of Spark
"""

from __future__ import annotations

from .csv_out import unguarded
from .options import ENCODINGS, ENDINGS, Listener, Options, encoding_of, ending, format_of, need
from .pipeline import run
from .read_back import SAID, said

__all__ = [
    "ENCODINGS", "ENDINGS", "SAID", "Listener", "Options", "encoding_of", "ending", "format_of", "need", "run", "said",
    "unguarded",
]  # fmt: skip
