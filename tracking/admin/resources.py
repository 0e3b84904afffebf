"""Drivers as CSV or XLSX: who is new is invited, who is known is changed; both by the services."""

import re
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from import_export import fields, resources
from import_export.results import RowResult

from accounts import selectors, services
from accounts.models import Driver, User
from accounts.states import Role, Vehicle
from fleetsync.core import clock, ids
from fleetsync.core.errors import DomainError

COLUMNS: Final = ("email", "name", "phone", "vehicle", "capacity", "plate")


#: What a cell about the person is checked by.
PERSON: Final[dict[str, Any]] = {name: User._meta.get_field(name) for name in ("name", "phone")}


class DriverResource(resources.ModelResource):  # type: ignore[misc]
    """A row a driver, known by e-mail. All rows or none: one that cannot be used keeps the others out, too.

    An unknown address is invited as a driver (the mail goes out after the import is confirmed and
    committed) and fills in the rest himself, so the row must not say more than the address. A known
    driver's name, phone, vehicle, capacity and plate become what the row says; empty cells change nothing.
    """

    email = fields.Field(attribute="user__email", column_name="email")
    name = fields.Field(attribute="user__name", column_name="name")
    phone = fields.Field(attribute="user__phone", column_name="phone")

    class Meta:
        model = Driver
        fields = COLUMNS
        export_order = COLUMNS
        import_id_fields = ("email",)
        use_transactions = True
        report_skipped = True

    def __init__(self, staff: User | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.staff = staff
        self.seen: set[str] = set()

    def get_export_queryset(self) -> Any:
        """Fetch people with their profiles."""
        return Driver.objects.select_related("user").order_by("user__email", "pk")

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Refuse a file that says more or less than we read.

        Raises:
            ValidationError
        """
        headers = {str(header or "").strip().lower() for header in dataset.headers or ()}
        if "email" not in headers:
            raise ValidationError("The file needs a column `email`; it may have " + ", ".join(COLUMNS[1:]) + ".")
        if unknown := sorted(headers - set(COLUMNS) - {""}):
            raise ValidationError(f"Unknown column: {', '.join(unknown)}. Known are {', '.join(COLUMNS)}.")
        self.seen.clear()

    def import_row(self, row: Any, instance_loader: Any, **kwargs: Any) -> RowResult:
        """Invite or change one driver; what is wrong is said at the row."""
        result = self.get_row_result_class()()
        values = {
            str(key).strip().lower(): str(value if value is not None else "").strip() for key, value in row.items()
        }
        result.row_values, result.diff = values, [values.get(name, "") for name in COLUMNS]
        try:
            for name, value in values.items():
                if "\0" in value:
                    raise ValidationError({name: "This cell holds a character that no text has."})
            result.import_type = self._take(values, result)
        except ValidationError as error:
            result.import_type = RowResult.IMPORT_TYPE_INVALID
            result.validation_error = error
        except DomainError as error:
            result.import_type = RowResult.IMPORT_TYPE_INVALID
            result.validation_error = ValidationError({error.attr or "email": error.detail})
        return result

    def _take(self, values: dict[str, str], result: RowResult) -> str:
        email = values.get("email", "").lower()
        if not any(values.values()):
            return str(RowResult.IMPORT_TYPE_SKIP)
        try:
            validate_email(email)
        except ValidationError as error:
            raise ValidationError({"email": "This is no e-mail address."}) from error
        if email in self.seen:
            raise ValidationError({"email": "This address stands in the file twice."})
        self.seen.add(email)
        user = selectors.user_by_email(email=email)
        if user is None:
            return self._invite(email, values, result)
        driver = Driver.objects.select_related("user").filter(user=user).first()
        if driver is None or user.role != Role.DRIVER:
            raise ValidationError({"email": "This address belongs to somebody who is no driver."})
        result.object_id, result.object_repr, result.instance = driver.pk, str(driver), driver
        return self._change(driver, values)

    def _invite(self, email: str, values: dict[str, str], result: RowResult) -> str:
        if said := [name for name in COLUMNS[1:] if values.get(name)]:
            raise ValidationError(
                {
                    said[
                        0
                    ]: "A new driver fills this in himself with the invitation; leave it empty, or check the address."
                }
            )
        if self.staff is None:
            raise ValidationError("Only staff invite drivers.")
        result.instance = services.invite(
            email=email, role=Role.DRIVER, inviter=self.staff, now=clock.now(), real_now=clock.real_now()
        )
        return str(RowResult.IMPORT_TYPE_NEW)

    def _change(self, driver: Driver, values: dict[str, str]) -> str:
        now, actor = clock.now(), ids.encode("usr", self.staff.pk) if self.staff else "system"
        person = {name: values[name] for name in ("name", "phone") if values.get(name)}
        person = {name: value for name, value in person.items() if str(getattr(driver.user, name)) != value}
        vehicle = self._vehicle(values)
        vehicle = {name: value for name, value in vehicle.items() if getattr(driver, name) != value}
        if not person and not vehicle:
            return str(RowResult.IMPORT_TYPE_SKIP)
        for name, value in person.items():
            PERSON[name].run_validators(PERSON[name].to_python(value))
        services.update_profile(user=driver.user, changes=person, now=now, actor=actor)
        services.update_driver(driver=driver, changes=vehicle, now=now, actor=actor)
        return str(RowResult.IMPORT_TYPE_UPDATE)

    def _vehicle(self, values: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if vehicle := values.get("vehicle", "").upper():
            if vehicle not in Vehicle.values:
                raise ValidationError({"vehicle": f"Expected one of {', '.join(Vehicle.values)}."})
            found["vehicle"] = vehicle
        if capacity := values.get("capacity"):
            if not re.fullmatch(r"[0-9]{1,3}", capacity) or not 1 <= int(capacity) <= 20:
                raise ValidationError({"capacity": "Expected a whole number from 1 to 20."})
            found["capacity"] = int(capacity)
        if plate := values.get("plate"):
            if len(plate) > 16:
                raise ValidationError({"plate": "At most 16 characters."})
            found["plate"] = plate
        return found

    def get_diff_headers(self) -> list[str]:
        """Return the columns of the preview."""
        return list(COLUMNS)

    def get_user_visible_headers(self) -> list[str]:
        """Return the columns of the preview."""
        return list(COLUMNS)
