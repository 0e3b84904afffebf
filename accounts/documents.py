"""Files of drivers: what may be uploaded, and where it lies. Outside static files, never under an address."""

from pathlib import Path, PurePath
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage

MOST_BYTES: Final = 5 * 1024 * 1024
#: Ending -> how such a file begins; what it says of itself is not believed.
BEGINNINGS: Final = {
    ".pdf": b"%PDF-",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".png": b"\x89PNG\r\n\x1a\n",
}


class PrivateStorage(FileSystemStorage):
    """Files below FLEETSYNC_FILES_DIR, readable by this user alone; they have no address."""

    @property
    def base_location(self) -> str:
        """Return the folder; read anew each time, so that it may be moved."""
        return str(settings.FLEETSYNC_FILES_DIR)

    @property
    def location(self) -> str:
        """Return the folder as an absolute path."""
        return str(Path(self.base_location).resolve())

    @property
    def file_permissions_mode(self) -> int:
        """Return the mode of files."""
        return 0o600

    @property
    def directory_permissions_mode(self) -> int:
        """Return the mode of folders."""
        return 0o700

    def url(self, name: str | None) -> str:
        """Refuse: a private file is handed out by a view that asks who wants it."""
        raise ValueError("private files have no address")


def private_files() -> PrivateStorage:
    """Return the storage of private files."""
    return PrivateStorage()


def check_document(file: Any) -> None:
    """Refuse what is too large, or no PDF, JPEG or PNG by its own first bytes.

    Raises:
        ValidationError
    """
    if file.size > MOST_BYTES:
        raise ValidationError(
            f"At most {MOST_BYTES // 1024 // 1024} MB; this file has {file.size / 1024 / 1024:.1f} MB."
        )
    beginning = BEGINNINGS.get(PurePath(file.name).suffix.lower())
    if beginning is None:
        raise ValidationError("Only PDF, JPEG and PNG files.")
    file.seek(0)
    head = file.read(len(beginning))
    file.seek(0)
    if head != beginning:
        raise ValidationError("The file is not what its name says: only PDF, JPEG and PNG files.")
