"""A driver's page: documents, shifts, his day on the map, his share; and drivers in and out as tables."""

from datetime import timedelta
from io import BytesIO

import pytest
import tablib
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from accounts.documents import MOST_BYTES
from accounts.models import Driver, DriverDocument, Invitation
from dispatch.models import Shift
from dispatch.selectors.shares import driver_share
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync.core import clock
from fleetsync.core.models import Event
from tests import factories
from tests.admin.conftest import log_in
from tests.factories import CITY
from tracking.admin.resources import DriverResource

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a licence"


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.FLEETSYNC_FILES_DIR = str(tmp_path)


def page_of(driver) -> str:
    return reverse("admin:accounts_driver_change", args=[driver.pk])


def body_of(driver, **changes) -> dict:
    body = {"vehicle": driver.vehicle, "capacity": driver.capacity, "plate": driver.plate}
    for prefix in ("documents", "shifts"):
        body |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return body | changes


def document(name: str = "licence.pdf", content: bytes = PDF, **more) -> dict:
    return {
        "documents-TOTAL_FORMS": 1,
        "documents-0-kind": "LICENCE",
        "documents-0-number": "B 12",
        "documents-0-expires_on": (clock.now().date() + timedelta(days=10)).isoformat(),
        "documents-0-file": SimpleUploadedFile(name, content),
    } | more


class TestDocuments:
    def test_are_kept_privately_and_handed_out_to_staff_alone(self, dispatcher_browser, tmp_path):
        driver = factories.DriverFactory()
        assert dispatcher_browser.post(page_of(driver), body_of(driver, **document())).status_code == 302
        row = DriverDocument.objects.get()
        stored = tmp_path / "drivers" / str(driver.pk) / f"{row.pk}.pdf"
        assert stored.read_bytes() == PDF
        assert stored.stat().st_mode & 0o777 == 0o600
        assert [event.type for event in Event.objects.all()] == ["driver.document_kept"]
        url = reverse("admin:accounts_driverdocument_file", args=[row.pk])
        answer = dispatcher_browser.get(url)
        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert log_in(driver.user).get(url).status_code == 302

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("licence.exe", PDF, "Only PDF, JPEG and PNG files."),
            ("licence.png", PDF, "not what its name says"),
            ("licence.pdf", b"<html>", "not what its name says"),
            ("licence.pdf", PDF + b"x" * MOST_BYTES, "At most 5 MB"),
        ],
    )
    def test_are_refused_by_type_and_size(self, dispatcher_browser, tmp_path, name, content, said):
        driver = factories.DriverFactory()
        answer = dispatcher_browser.post(page_of(driver), body_of(driver, **document(name, content)))
        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert not DriverDocument.objects.exists()
        assert not Event.objects.exists()

    def test_keep_their_file(self, dispatcher_browser, tmp_path):
        driver = factories.DriverFactory()
        dispatcher_browser.post(page_of(driver), body_of(driver, **document()))
        row = DriverDocument.objects.get()
        known = {"documents-INITIAL_FORMS": 1, "documents-0-id": row.pk, "documents-0-driver": driver.pk}
        body = body_of(driver, **document(content=PDF + b" of another"), **known)
        answer = dispatcher_browser.post(page_of(driver), body)
        assert "Add another document instead of replacing a file." in answer.content.decode()
        assert (tmp_path / "drivers" / str(driver.pk) / f"{row.pk}.pdf").read_bytes() == PDF
        assert Event.objects.count() == 1
        del body["documents-0-file"]
        assert dispatcher_browser.post(page_of(driver), body | {"documents-0-number": "C 7"}).status_code == 302
        row.refresh_from_db()
        assert (row.number, row.file.read()) == ("C 7", PDF)

    def test_go_with_their_file(self, dispatcher_browser, tmp_path, django_capture_on_commit_callbacks):
        driver = factories.DriverFactory()
        dispatcher_browser.post(page_of(driver), body_of(driver, **document()))
        row = DriverDocument.objects.get()
        with django_capture_on_commit_callbacks(execute=True):
            dispatcher_browser.post(reverse("admin:accounts_driverdocument_delete", args=[row.pk]), {"post": "yes"})
        assert not DriverDocument.objects.exists()
        assert list((tmp_path / "drivers" / str(driver.pk)).iterdir()) == []

    def test_that_expire_soon_are_found(self, dispatcher_browser):
        soon, late, fine = (factories.DriverFactory(plate=plate) for plate in ("SOON 1", "LATE 1", "FINE 1"))
        staff = factories.DispatcherFactory()
        for driver, days in ((soon, 10), (late, -1), (fine, 300)):
            DriverDocument.objects.create(
                driver=driver, kind="LICENCE", file="x.pdf", added_by=staff,
                expires_on=clock.now().date() + timedelta(days=days),
            )  # fmt: skip
        url = reverse("admin:accounts_driver_changelist")
        for value, plate in (("soon", "SOON 1"), ("expired", "LATE 1")):
            page = dispatcher_browser.get(url, {"papers": value}).content.decode()
            assert [each for each in ("SOON 1", "LATE 1", "FINE 1") if each in page] == [plate]


class TestShifts:
    def shifts(self, *spans) -> dict:
        body = {"shifts-TOTAL_FORMS": len(spans)}
        for number, (start, end) in enumerate(spans):
            for name, moment in (("starts_at", start), ("ends_at", end)):
                body |= {
                    f"shifts-{number}-{name}_0": moment.date().isoformat(),
                    f"shifts-{number}-{name}_1": f"{moment:%H:%M:%S}",
                }
        return body

    def test_are_planned_on_the_drivers_page(self, dispatcher_browser):
        driver, start = factories.DriverFactory(), (clock.now() + timedelta(days=1)).replace(microsecond=0)
        body = body_of(driver, **self.shifts((start, start + timedelta(hours=4))))
        assert dispatcher_browser.post(page_of(driver), body).status_code == 302
        assert Shift.objects.get().starts_at == start

    def test_of_more_than_a_day_are_refused_beside_the_row(self, dispatcher_browser):
        driver, start = factories.DriverFactory(), (clock.now() + timedelta(days=1)).replace(microsecond=0)
        body = body_of(driver, **self.shifts((start, start.replace(year=9999))))
        assert "A shift lasts 24 hours at most." in dispatcher_browser.post(page_of(driver), body).content.decode()
        assert not Shift.objects.exists()

    def test_that_overlap_are_refused_beside_the_row(self, dispatcher_browser):
        driver, start = factories.DriverFactory(), (clock.now() + timedelta(days=1)).replace(microsecond=0)
        factories.ShiftFactory(driver=driver, starts_at=start, ends_at=start + timedelta(hours=4))
        body = body_of(driver, **self.shifts((start + timedelta(hours=1), start + timedelta(hours=2))))
        body["shifts-INITIAL_FORMS"] = 0
        answer = dispatcher_browser.post(page_of(driver), body)
        assert answer.status_code == 200
        assert f"Overlaps the shift {start:%Y-%m-%d %H:%M}" in answer.content.decode()
        assert Shift.objects.count() == 1

    def test_of_one_page_do_not_overlap_each_other(self, dispatcher_browser):
        driver, start = factories.DriverFactory(), (clock.now() + timedelta(days=1)).replace(microsecond=0)
        hour = timedelta(hours=1)
        body = body_of(driver, **self.shifts((start, start + 3 * hour), (start + hour, start + 2 * hour)))
        assert "Overlaps the shift" in dispatcher_browser.post(page_of(driver), body).content.decode()
        assert not Shift.objects.exists()


class TestDay:
    def test_is_drawn_for_those_who_act_on_drivers(self, dispatcher_browser):
        session = factories.DriverSessionFactory()
        now = clock.now()
        with connection.cursor() as cursor:
            for seconds in (3, 2, 1):
                cursor.execute(
                    "INSERT INTO tracking_positiontrail (driver_id, point, status, at) VALUES (%s, %s::geometry, '', %s)",
                    [session.driver.pk, CITY.ewkt, now - timedelta(seconds=seconds)],
                )
        page = dispatcher_browser.get(page_of(session.driver)).content.decode()
        assert 'data-fs-map="trail"' in page
        assert page.count("39.29, -76.61") == 3

    def test_share_is_compared_with_the_typical_driver_of_the_zone(self):
        now = clock.now()
        zone = factories.ZoneFactory()
        sessions = [
            factories.DriverSessionFactory(zone=zone, started_at=now - timedelta(hours=2), idle_since=now)
            for _ in range(3)
        ]
        for number, session in enumerate(sessions):
            for _ in range(number):
                order = factories.OrderFactory(taken=True, restaurant=factories.RestaurantFactory(zone=zone))
                delivery = factories.DeliveryFactory(
                    order=order, driver=session.driver, status=DeliveryStatus.DELIVERED, delivered_at=now
                )
                factories.OfferFactory(
                    delivery=delivery, session=session, status=OfferStatus.ACCEPTED, pay_minor=600, offered_at=now
                )
        share = driver_share(driver_id=sessions[2].driver_id, now=now)
        assert (share.deliveries, share.pay_minor, share.offers, share.taken, share.drivers) == (2, 1200, 2, 2, 3)
        assert share.hours == pytest.approx(2.0)
        assert share.an_hour(share.pay_minor) == pytest.approx(600.0)
        assert share.typical_pay_minor == pytest.approx(300.0)
        assert share.currency == zone.currency

    def test_share_names_its_currency(self, admin_browser):
        session = factories.DriverSessionFactory(started_at=clock.now() - timedelta(hours=2))
        page = admin_browser.get(page_of(session.driver)).content.decode()
        assert '<th scope="row">Pay</th><td>0.00 USD</td><td>0.00 USD</td><td>0.00 USD</td>' in page


def sheet(*rows: dict) -> tablib.Dataset:
    data = tablib.Dataset(headers=["email", "name", "phone", "vehicle", "capacity", "plate"])
    for row in rows:
        data.append([row.get(name, "") for name in data.headers])
    return data


class TestImport:
    URL = "admin:accounts_driver_import"

    def upload(self, browser, data: tablib.Dataset, kind: str = "csv"):
        content = data.export(kind)
        file = SimpleUploadedFile(f"drivers.{kind}", content.encode() if isinstance(content, str) else content)
        return browser.post(reverse(self.URL), {"import_file": file, "format": 0 if kind == "csv" else 1})

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_shows_first_and_writes_after_the_confirmation(self, dispatcher_browser, kind):
        driver = factories.DriverFactory()
        data = sheet({"email": driver.user.email, "vehicle": "car", "capacity": 4}, {"email": "new@fleetsync.example"})
        preview = self.upload(dispatcher_browser, data, kind)
        assert (Invitation.objects.count(), Event.objects.count()) == (0, 0)
        form = preview.context["confirm_form"]
        answer = dispatcher_browser.post(reverse("admin:accounts_driver_process_import"), form.initial)
        assert answer.status_code == 302
        driver.refresh_from_db()
        assert (driver.vehicle, driver.capacity) == ("CAR", 4)
        invitation = Invitation.objects.get()
        assert (invitation.email, invitation.role) == ("new@fleetsync.example", "DRIVER")
        assert not Driver.objects.filter(user__email="new@fleetsync.example").exists()

    def test_says_at_each_row_what_is_wrong_and_offers_no_confirmation(self, dispatcher_browser):
        driver, customer = factories.DriverFactory(), factories.UserFactory()
        data = sheet(
            {"email": driver.user.email, "vehicle": "ROCKET"},
            {"email": customer.email},
            {"email": "nobody"},
            {"email": "new@fleetsync.example", "plate": "AB 1"},
            {"email": driver.user.email},
        )
        preview = self.upload(dispatcher_browser, data)
        page = preview.content.decode()
        for words in (
            "Expected one of BICYCLE, SCOOTER, CAR.",
            "somebody who is no driver",
            "This is no e-mail address.",
            "fills this in himself",
            "stands in the file twice",
        ):
            assert words in page
        assert "confirm_form" not in preview.context
        assert Invitation.objects.count() == 0

    def test_writes_nothing_where_one_row_became_wrong_since_the_preview(self, dispatcher_browser):
        driver = factories.DriverFactory()
        data = sheet({"email": driver.user.email, "capacity": 9}, {"email": "new@fleetsync.example"})
        form = self.upload(dispatcher_browser, data).context["confirm_form"]
        factories.UserFactory(email="new@fleetsync.example")
        url = reverse("admin:accounts_driver_process_import")
        answer = dispatcher_browser.post(url, form.initial, follow=True)
        assert "Nothing was imported" in answer.content.decode()
        driver.refresh_from_db()
        assert driver.capacity == 2

    def test_takes_no_file_of_another_name(self, dispatcher_browser):
        body = {"import_file_name": "../../etc/passwd", "original_file_name": "x.csv", "format": 0, "resource": ""}
        answer = dispatcher_browser.post(reverse("admin:accounts_driver_process_import"), body, follow=True)
        assert "The upload is gone" in answer.content.decode()

    def test_names_an_unknown_column(self):
        data = tablib.Dataset(["a@fleetsync.example", 1], headers=["email", "salary"])
        result = DriverResource().import_data(data, dry_run=True)
        assert "Unknown column: salary" in str(result.base_errors[0].error)

    def test_is_not_for_those_who_look_only(self, client):
        assert client.get(reverse(self.URL)).status_code == 302


class TestExport:
    def test_is_for_admins_and_written_down(self, admin_browser, dispatcher_browser):
        driver = factories.DriverFactory(plate="=1+1")
        url = reverse("admin:accounts_driver_export")
        assert dispatcher_browser.get(url).status_code == 403
        fields = {f"driverresource_{name}": "on" for name in ("email", "plate")}
        answer = admin_browser.post(url, {"format": 0, "resource": 0, **fields})
        assert driver.user.email in answer.content.decode()
        assert f"{driver.user.email},Dan Driver,,SCOOTER,2,'=1+1" in answer.content.decode()
        assert LogEntry.objects.get().change_message == "1 rows taken out as CSV"
        assert BytesIO(answer.content).read(5) == b"email"
