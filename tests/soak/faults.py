"""
Faults put back from outside, as controls: what the command did once, done again between the file and the command.

Each stands where it survives any rewriting of the command: the bytes that it is given, and the bytes that it gives.
"""

from __future__ import annotations

from dataclasses import replace

from .differential import Runner
from .judge import Result
from .odd_files import ASKED, File

STRANGE = "zzz"  # a name that looks like none of ours


class DropsNearMiss(Runner):
    """A name of ours that is written otherwise (`act `) passes as somebody else's column, and the answer turns round."""

    def run(self, file: File) -> Result:
        form = file.form
        names = {name: written for name, written in form.names.items() if name in ASKED[3:]}
        if not names:
            return super().run(file)
        strange = {name: STRANGE + name.swapcase() for name in names}
        result = self.given(file, replace(file, form=replace(form, names={**form.names, **strange})).data)
        out = result.out
        for name, written in names.items():
            out = out and out.replace(strange[name].encode(), written.encode())
        return replace(result, out=out)


class OpensTwice(Runner):
    """A pipe is opened to look at its beginning, and opened again to be read: the beginning is gone."""

    def run(self, file: File) -> Result:
        if file.form.via == "file" or file.form.source == "parquet":
            return super().run(file)
        head = 1 if file.form.source == "csv" else 0
        lines = file.data.splitlines(keepends=True)
        return self.given(file, b"".join(lines[:head] + lines[head + len(lines) // 3 :]))


class TwoHeaderReaders(Runner):
    """The reader of the header takes all up to a line feed, or a quote that closes, for the header: there are no rows."""

    def run(self, file: File) -> Result:
        form = file.form
        if form.source != "csv" or not (form.end == "\r" or (form.raw_header and form.raw_header[1].count('"') % 2)):
            return super().run(file)
        return self.given(file, replace(file, form=replace(form, end="\n", raw_header=None), rows=()).data)


class LosesARow(Runner):
    """The last row is not written."""

    def run(self, file: File) -> Result:
        result = super().run(file)
        if not result.out or file.form.target == "parquet":
            return result
        return replace(result, out=result.out[: result.out.rstrip(b"\r\n").rfind(b"\n") + 1])


class ChangesANumber(Runner):
    """`1.50` becomes `1.5`."""

    def run(self, file: File) -> Result:
        result = super().run(file)
        return replace(result, out=result.out and result.out.replace(b"1.50", b"1.5"))


class AnswersOtherwise(Runner):
    """What is city staff's work goes to the contractor."""

    def run(self, file: File) -> Result:
        result = super().run(file)
        return replace(result, out=result.out and result.out.replace(b"city_staff", b"contractor", 1))


class LeavesACopy(Runner):
    """What was half written stays beside the output."""

    def run(self, file: File) -> Result:
        return replace(super().run(file), left=(".assign-1.part",))
