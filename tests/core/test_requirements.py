"""Every dependency that is installed to run is used somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What a distribution is called in code, where that is not its name with underscores.
CODE_NAMES = {
    "argon2-cffi": "Argon2",
    "channels-redis": "channels_redis",
    "django": "django",
    "django-cors-headers": "corsheaders",
    "django-environ": "environ",
    "django-filter": "django_filters",
    "django-phonenumber-field": "phonenumber_field",
    "django-axes": "axes",
    "django-unfold": "unfold",
    "django-import-export": "import_export",
    "django-simple-history": "simple_history",
    "djangorestframework": "rest_framework",
    "djangorestframework-simplejwt": "rest_framework_simplejwt",
    "drf-spectacular": "drf_spectacular",
    "openpyxl": "XLSX",  # import-export writes tables with it
    "opening-hours-py": "opening_hours",
    "pyjwt": "jwt",
}


def test_every_requirement_is_used():
    names = re.findall(r"^([A-Za-z0-9-]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    folders = [ROOT / each for each in ("fleetsync", "accounts", "restaurants", "orders", "dispatch", "tracking")]
    folders += [ROOT / "simulation"]
    code = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    unused = [
        name
        for name in names
        if not re.search(rf"\b{CODE_NAMES.get(name.lower(), name.replace('-', '_').lower())}", code)
    ]
    assert unused == []


def test_every_requirement_says_why_it_is_here():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert [line for line in lines if "#" not in line] == []
