"""Tables in and out: of a bounded size, without formulas, and what went out comes back as it was."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
import tablib
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Driver, Invitation
from fleetsync import admin_sheets
from fleetsync.admin_sheets import BoundedCSV, BoundedXLSX, as_written, without_formulas
from fleetsync.core.models import Event
from restaurants.models import MenuItem
from tests import factories
from tracking.admin.resources import DriverResource

FORMATS = {"csv": (0, BoundedCSV), "xlsx": (1, BoundedXLSX)}
KINDS = pytest.mark.parametrize("kind", list(FORMATS))


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.FLEETSYNC_FILES_DIR = str(tmp_path)


def table(*cells: str, header: str = "name") -> tablib.Dataset:
    return tablib.Dataset(*[[cell] for cell in cells], headers=[header])


def content_of(data: tablib.Dataset, kind: str) -> bytes:
    content = data.export(kind)
    return content.encode() if isinstance(content, str) else content


def read(data: tablib.Dataset, kind: str) -> tablib.Dataset:
    return FORMATS[kind][1]().create_dataset(data.export(kind))


def upload(browser, page: str, content: bytes, kind: str):
    file = SimpleUploadedFile(f"rows.{kind}", content)
    return browser.post(reverse(f"admin:{page}_import"), {"import_file": file, "format": FORMATS[kind][0]})


def bomb() -> bytes:
    """Return a few kilobytes that are a spreadsheet of thirty megabytes."""
    plain, packed = BytesIO(), BytesIO()
    openpyxl.Workbook().save(plain)
    with ZipFile(plain) as source, ZipFile(packed, "w", ZIP_DEFLATED) as made:
        for name in source.namelist():
            body = b" " * 30 * 1024 * 1024 if name == "xl/worksheets/sheet1.xml" else source.read(name)
            made.writestr(name, body)
    return packed.getvalue()


class TestWithoutFormulas:
    @pytest.mark.parametrize(
        "cell", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "+0123456", "+1 415"]
    )
    def test_puts_an_apostrophe_before_what_would_run(self, cell):
        assert without_formulas(table(cell)).dict == [{"name": f"'{cell}"}]

    @pytest.mark.parametrize("cell", ["+14155552671", "Soup", "'n Bowl", "", "3=3", "a@b.example"])
    def test_leaves_everything_else_alone(self, cell):
        assert without_formulas(table(cell)).dict == [{"name": cell}]

    @given(st.text("'=+-@\t\r\nab1", max_size=6))
    def test_is_undone_on_the_way_in(self, cell):
        assert as_written(without_formulas(table(cell))).dict == [{"name": cell}]

    def test_leaves_numbers_numbers(self):
        data = tablib.Dataset([-5, None, 1.5], headers=["a", "b", "c"])
        assert without_formulas(data)[0] == (-5, None, 1.5)


class TestBounds:
    @KINDS
    def test_are_two_thousand_rows(self, kind):
        assert len(read(table(*["x"] * 2000), kind)) == 2000
        with pytest.raises(ValidationError, match="The file has 2,001 rows; at most 2,000 at once"):
            read(table(*["x"] * 2001), kind)

    @KINDS
    def test_are_cells_that_a_page_can_show(self, kind):
        with pytest.raises(ValidationError, match="Row 2 has a cell of more than 2,000 characters"):
            read(table("x", "x" * 2001), kind)

    def test_are_what_an_archive_holds_unpacked(self):
        assert len(bomb()) < 100_000
        with pytest.raises(ValidationError, match="The file holds more than 20 MB"):
            BoundedXLSX().create_dataset(bomb())

    def test_take_no_archive_for_what_is_none(self):
        with pytest.raises(ValidationError, match="This is no XLSX file"):
            BoundedXLSX().create_dataset(b"name\nSoup\n")


@pytest.mark.django_db
class TestUpload:
    @pytest.mark.parametrize("page", ["accounts_driver", "restaurants_menuitem"])
    def test_says_in_the_form_why_a_file_is_not_read(self, dispatcher_browser, page, monkeypatch):
        monkeypatch.setattr(admin_sheets, "MOST_ROWS", 1)
        long = content_of(table("a@x.example", "b@x.example", header="email"), "csv")
        for content, kind, said in ((bomb(), "xlsx", "more than 20 MB"), (long, "csv", "The file has 2 rows")):
            answer = upload(dispatcher_browser, page, content, kind)
            assert (answer.status_code, said in answer.content.decode()) == (200, True)
            assert "confirm_form" not in answer.context
        assert (Invitation.objects.count(), MenuItem.objects.count(), Event.objects.count()) == (0, 0, 0)

    def test_that_is_confirmed_as_something_else_is_asked_for_again(self, dispatcher_browser):
        content = content_of(table("new@fleetsync.example", header="email"), "csv")
        form = upload(dispatcher_browser, "accounts_driver", content, "csv").context["confirm_form"]
        url = reverse("admin:accounts_driver_process_import")
        answer = dispatcher_browser.post(url, form.initial | {"format": 1}, follow=True)
        assert "This is no XLSX file." in answer.content.decode()
        assert not Invitation.objects.exists()

    @KINDS
    @pytest.mark.parametrize("name", ["=1+1", "-2 Lions", "@home", "'=quoted"])
    def test_of_what_was_exported_changes_nothing(self, admin_browser, kind, name):
        driver = factories.DriverFactory(user__name=name, user__phone="+14155552671", plate="+AB 1")
        url = reverse("admin:accounts_driver_export")
        out = admin_browser.post(url, {"format": FORMATS[kind][0], "resource": 0}).content
        row = tablib.Dataset().load(out.decode() if kind == "csv" else BytesIO(out), format=kind).dict[0]
        assert (row["name"], row["phone"], row["plate"]) == (f"'{name}", "+14155552671", "'+AB 1")
        preview = upload(admin_browser, "accounts_driver", out, kind)
        assert [each.import_type for each in preview.context["result"].rows] == ["skip"]
        admin_browser.post(reverse("admin:accounts_driver_process_import"), preview.context["confirm_form"].initial)
        driver = Driver.objects.select_related("user").get()
        assert (driver.user.name, driver.plate, Event.objects.count()) == (name, "+AB 1", 0)

    def test_of_a_menu_brings_names_back_as_they_were(self, dispatcher_browser):
        item = factories.MenuItemFactory(name="=Soup", price_minor=500)
        url = reverse("admin:restaurants_menuitem_export")
        out = dispatcher_browser.post(url, {"format": 0, "resource": 0}).content
        assert b",'=Soup,,500," in out
        form = upload(dispatcher_browser, "restaurants_menuitem", out.replace(b",500,", b",650,"), "csv")
        dispatcher_browser.post(
            reverse("admin:restaurants_menuitem_process_import"), form.context["confirm_form"].initial
        )
        item.refresh_from_db()
        assert (item.name, item.price_minor) == ("=Soup", 650)


@pytest.mark.django_db
class TestDriverRows:
    @pytest.mark.parametrize(
        ("column", "cell", "said"),
        [
            ("capacity", "²", "Expected a whole number from 1 to 20."),
            ("capacity", "٣", "Expected a whole number from 1 to 20."),
            ("capacity", "9" * 1000, "Expected a whole number from 1 to 20."),
            ("name", "a\0b", "This cell holds a character that no text has."),
            ("email", "a\0b@x.example", "This cell holds a character that no text has."),
        ],
    )
    def test_say_what_no_row_may_hold(self, dispatcher_browser, column, cell, said):
        driver = factories.DriverFactory()
        row = {"email": driver.user.email} | {column: cell}
        data = tablib.Dataset(list(row.values()), headers=list(row))
        (wrong,) = DriverResource().import_data(data, dry_run=True).invalid_rows
        assert wrong.error_dict == {column: [said]}
        answer = upload(dispatcher_browser, "accounts_driver", content_of(data, "csv"), "csv")
        assert (answer.status_code, said in answer.content.decode()) == (200, True)
        assert not Event.objects.exists()

    def test_of_a_menu_say_so_too(self, dispatcher_browser):
        item = factories.MenuItemFactory()
        row = {"id": item.pk, "restaurant": item.restaurant_id, "category": item.category_id, "name": "a\0b"}
        data = tablib.Dataset([*row.values(), 5], headers=[*row, "price_minor"])
        answer = upload(dispatcher_browser, "restaurants_menuitem", content_of(data, "csv"), "csv")
        assert (answer.status_code, "confirm_form" in answer.context) == (200, False)
        assert not Event.objects.exists()
