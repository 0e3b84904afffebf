"""Tables in and out of the back office: a preview with what is wrong at each row, then all of it or nothing."""

import re
import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import tablib
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX
from import_export.results import Result
from import_export.tmp_storages import BaseStorage
from import_export.widgets import IntegerWidget
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from fleetsync.admin_history import write_export
from fleetsync.admin_sheets import BoundedCSV, BoundedXLSX, without_formulas

KEPT_S: Final = 3600.0
MOST_BYTES: Final = 5 * 1024 * 1024


class WholeNumber(IntegerWidget):  # type: ignore[misc]
    """A whole number or nothing; `12.50` is no price in minor units, and must not become 12."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        """Return the number.

        Raises:
            ValueError: says what the cell holds.
        """
        if self.is_empty(value):
            return None
        text = str(value).strip()
        if not re.fullmatch(r"[+-]?\d{1,18}(\.0+)?", text):  # a spreadsheet writes 12 as 12.0
            raise ValueError(f"Expected a whole number, got “{text[:40]}”.")
        return int(text.partition(".")[0])


class PrivateUploads(BaseStorage):  # type: ignore[misc]
    """Uploads between preview and confirmation: in our private folder, for an hour at most."""

    def save(self, data: Any) -> None:
        """Keep an upload under a name nobody can guess; forget those nobody confirmed."""
        folder = self._folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.stat().st_mtime < time.time() - KEPT_S:
                old.unlink(missing_ok=True)
        self.name = uuid4().hex
        self._path().touch(mode=0o600)
        if isinstance(data, bytes):
            self._path().write_bytes(data)
        else:
            self._path().write_text(data, encoding=self.encoding or "utf-8")

    def read(self) -> Any:
        """Return the upload as it came."""
        if "b" in self.read_mode:
            return self._path().read_bytes()
        with self._path().open(encoding=self.encoding or "utf-8", newline="") as upload:
            return upload.read()

    def remove(self) -> None:
        """Forget the upload."""
        self._path().unlink(missing_ok=True)

    def _folder(self) -> Path:
        return Path(settings.FLEETSYNC_FILES_DIR) / "imports"

    def _path(self) -> Path:
        if not re.fullmatch(r"[0-9a-f]{32}", self.name or ""):
            raise FileNotFoundError("no such upload")
        return self._folder() / self.name


class SheetForm(ImportForm):  # type: ignore[misc]
    """The upload, of a size that a preview can show."""

    def clean_import_file(self) -> Any:
        """Refuse files that are too large."""
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            self.add_error("import_file", f"At most {MOST_BYTES // 1024 // 1024} MB.")
        return file


class SheetsAdmin(ImportExportModelAdmin):  # type: ignore[misc]
    """Base of pages with import and export as CSV and XLSX. Who takes data out is written down."""

    export_formats = [CSV, XLSX]
    import_formats = [BoundedCSV, BoundedXLSX]
    import_form_class = SheetForm
    export_form_class = ExportForm
    tmp_storage_class = PrivateUploads
    show_change_form_export = False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let those import who may change such rows."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Let those export who see such rows."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}"))

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Roll everything back where one row cannot be used."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        """Say what is wrong with the file, where we know it."""
        if isinstance(e, ValidationError):
            form.add_error("import_file", e)
        else:
            super().add_data_read_fail_error_to_form(form, e)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Import what was confirmed; an upload that is gone, or was none of ours, is asked for again."""
        try:
            answer: HttpResponse = super().process_import(request, **kwargs)
        except FileNotFoundError:
            messages.error(
                request, "The upload is gone: an hour has passed, or it was imported already. Upload it again."
            )
            return HttpResponseRedirect(self._address("import"))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(self._address("import"))
        return answer

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """Say how it went; where something changed since the preview, nothing was written."""
        if result.has_errors() or result.has_validation_errors():
            rows = ", ".join(str(row.number) for row in [*result.error_rows, *result.invalid_rows][:10])
            messages.error(
                request, f"Nothing was imported: something changed since the preview. Look at row {rows or 1}."
            )
            return HttpResponseRedirect(self._address("import"))
        answer: HttpResponse = super().process_result(result, request)
        return answer

    def get_data_for_export(self, request: HttpRequest, queryset: Any, **kwargs: Any) -> tablib.Dataset:
        """Return the table, without what a spreadsheet would run."""
        return without_formulas(super().get_data_for_export(request, queryset, **kwargs))

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        """Write down who takes how many rows out."""
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        write_export(request, self.model, f"{queryset.count()} rows taken out as {file_format.get_title().upper()}")
        return data

    def _address(self, page: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}")


__all__ = ["PrivateUploads", "SheetsAdmin"]
