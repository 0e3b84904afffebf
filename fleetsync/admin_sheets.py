"""CSV and XLSX as the back office reads and writes them: of a bounded size, and without formulas.

A spreadsheet runs a cell that begins with one of `RISKY`. On the way out such a cell gets an
apostrophe in front, on the way in it loses it again: what comes back is what went out.
"""

import re
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import tablib
from django.core.exceptions import ValidationError
from import_export.formats.base_formats import CSV, XLSX

MOST_ROWS: Final = 2_000
MOST_UNPACKED: Final = 20 * 1024 * 1024
#: More than any column of ours holds; one text of a spreadsheet may stand in thousands of its cells.
LONGEST_CELL: Final = 2_000
RISKY: Final = r"[=+\-@\t\r\n]"
_HIDDEN: Final = re.compile(rf"'*{RISKY}")
_SHOWN: Final = re.compile(rf"'+{RISKY}")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def without_formulas(table: tablib.Dataset) -> tablib.Dataset:
    """Return the table with an apostrophe before what a spreadsheet would run; phone numbers stay as they are."""
    return _mapped(table, lambda cell: f"'{cell}" if _HIDDEN.match(cell) and not _E164.fullmatch(cell) else cell)


def as_written(table: tablib.Dataset) -> tablib.Dataset:
    """Return the table without the apostrophes that `without_formulas` put in front."""
    return _mapped(table, lambda cell: cell[1:] if _SHOWN.match(cell) else cell)


def _mapped(table: tablib.Dataset, change: Any) -> tablib.Dataset:
    made = tablib.Dataset(headers=table.headers)
    for row in table:
        made.append([change(cell) if isinstance(cell, str) else cell for cell in row])
    return made


def _bounded(table: tablib.Dataset) -> tablib.Dataset:
    """Return the table as it was written.

    Raises:
        ValidationError: more rows, or longer cells, than a preview can show.
    """
    if len(table) > MOST_ROWS:
        raise ValidationError(f"The file has {len(table):,} rows; at most {MOST_ROWS:,} at once. Cut it in parts.")
    for number, row in enumerate(table, 1):
        if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in row):
            raise ValidationError(f"Row {number} has a cell of more than {LONGEST_CELL:,} characters.")
    return as_written(table)


class BoundedCSV(CSV):  # type: ignore[misc]
    """CSV to read."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> tablib.Dataset:
        """Return the table.

        Raises:
            ValidationError: it is too large.
        """
        return _bounded(super().create_dataset(in_stream, **kwargs))


class BoundedXLSX(XLSX):  # type: ignore[misc]
    """XLSX to read; it is an archive, and a small one may be large inside."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        """Return the table of the first sheet.

        Raises:
            ValidationError: it is none, or too large.
        """
        try:
            with ZipFile(BytesIO(in_stream)) as archive:
                size = sum(part.file_size for part in archive.infolist())  # nothing past it is ever unpacked
        except BadZipFile as error:
            raise ValidationError("This is no XLSX file.") from error
        if size > MOST_UNPACKED:
            raise ValidationError(f"The file holds more than {MOST_UNPACKED // 1024 // 1024} MB. Cut it in parts.")
        return _bounded(super().create_dataset(in_stream))


__all__ = ["BoundedCSV", "BoundedXLSX", "without_formulas"]
