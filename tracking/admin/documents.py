"""Drivers' documents: on the driver's page, and all of them by expiry."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts import services as accounts
from accounts.models import Driver, DriverDocument, User
from accounts.states import DocumentKind
from fleetsync.admin_base import OpsAdmin, RowsInline, actor_of
from fleetsync.core import clock

SOON: Final = timedelta(days=30)
DASH: Final = "–"  # noqa: RUF001 (an en dash, as everywhere on our pages)


class Papers(admin.SimpleListFilter):
    """Whose documents need a look."""

    title = "documents"
    parameter_name = "papers"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the kinds of trouble."""
        return [("expired", "one expired"), ("soon", "one expires within 30 days"), ("none", "none on file")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the drivers, or the documents, with that trouble."""
        today, documents = clock.now().date(), queryset.model is DriverDocument
        rows = DriverDocument.objects.all() if documents else DriverDocument.objects.filter(driver=OuterRef("pk"))
        found = {
            "expired": rows.filter(expires_on__lt=today),
            "soon": rows.filter(expires_on__gte=today, expires_on__lte=today + SOON),
            "none": rows,
        }.get(self.value() or "")
        if found is None:
            return queryset
        if documents:
            return queryset.filter(pk__in=found.values("pk"))
        return queryset.filter(~Exists(found) if self.value() == "none" else Exists(found))


class DocumentForm(forms.ModelForm[DriverDocument]):
    """A document; the file of one that is kept stays as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" in self.fields and not self.instance._state.adding:
            self.fields["file"].widget.attrs["disabled"] = True

    def clean_file(self) -> Any:
        """Return the file.

        Raises:
            ValidationError: it would take the place of another one.
        """
        if "file" in self.changed_data and not self.instance._state.adding:
            raise ValidationError("Add another document instead of replacing a file.")
        return self.cleaned_data["file"]


class DocumentInline(RowsInline):
    """Licence, insurance and the like; a file once kept is not replaced, another one is added."""

    model = DriverDocument
    form = DocumentForm
    fields = ["kind", "number", "expires_on", "file", "download"]
    readonly_fields = ["download"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Leave the upload out for those who look only."""
        may = self.has_change_permission(request, obj)
        return [name for name in self.fields if may or name != "file"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use a plain file input: a private file has no address that a link could lead to."""
        if db_field.name == "file":
            kwargs["widget"] = forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="on file")
    def download(self, obj: DriverDocument) -> str:
        """Return the link to the file."""
        return download_link(obj)


def download_link(document: DriverDocument) -> str:
    """Return a link to a document's file, a dash where there is none yet."""
    if document._state.adding:
        return DASH
    return format_html('<a href="{}">Open</a>', reverse("admin:accounts_driverdocument_file", args=[document.pk]))


@admin.register(DriverDocument)
class DriverDocumentAdmin(OpsAdmin):
    """Documents of all drivers, those that expire first on top; added on the driver's page."""

    id_kind = "document_id"
    id_searches = {"drv": "driver_id"}
    list_display = ["driver", "kind", "number", "expires_on", "added_at", "download"]
    list_select_related = ["driver__user"]
    search_fields = ["driver__user__name", "driver__user__email", "number"]
    list_filter = [Papers, "kind"]
    ordering = ["expires_on", "id"]
    fields = ["public_id", "driver", "kind", "number", "expires_on", "download", "added_at", "added_by"]
    readonly_fields = ["public_id", "driver", "download", "added_at", "added_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Documents are added on the driver's page."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the way to the file."""
        file = path("<uuid:pk>/file", self.admin_site.admin_view(self.file), name="accounts_driverdocument_file")
        return [file, *super().get_urls()]

    def file(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Hand out a file to those who may see documents, as a download that no browser runs."""
        document = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, document):
            raise PermissionDenied
        try:
            stored = document.file.open("rb")
        except FileNotFoundError as error:
            raise Http404("the file is gone") from error
        name = f"{document.kind.lower()}-{document.pk}{document.file.name[document.file.name.rindex('.') :]}"
        answer = FileResponse(stored, as_attachment=True, filename=name)
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["Cache-Control"] = "private, no-store"
        return answer  # type: ignore[return-value]

    @admin.display(description="file")
    def download(self, obj: DriverDocument) -> str:
        """Return the link to the file."""
        return download_link(obj)

    def save_model(
        self, request: HttpRequest, obj: DriverDocument, form: forms.ModelForm[DriverDocument], change: bool
    ) -> None:
        """Save through the service."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        accounts.change_document(document=obj, changes=changes, now=clock.now(), actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: DriverDocument) -> None:
        """Drop it with its file."""
        accounts.drop_document(document=obj, now=clock.now(), actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DriverDocument]) -> None:
        """Drop them through the service, one by one."""
        self.run(request, queryset, "documents dropped", lambda row: self.delete_model(request, row))


def keep(request: HttpRequest, driver: Driver, row: DriverDocument) -> None:
    """Keep an uploaded document through the service."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    accounts.keep_document(
        driver=driver,
        kind=DocumentKind(row.kind),
        number=row.number,
        expires_on=row.expires_on,
        file=row.file.file,
        staff=request.user,
        now=clock.now(),
    )
