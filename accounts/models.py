"""Users, driver profiles, invitations, and the rows behind tokens."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from phonenumber_field.modelfields import PhoneNumberField
from simple_history.models import HistoricalRecords

from accounts.documents import check_document, private_files
from accounts.states import OPS, DocumentKind, Role, Vehicle
from fleetsync.core.models import PublicModel


class UserManager(BaseUserManager["User"]):
    """Creates users; e-mail addresses are compared without case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user, a CUSTOMER unless `role` says otherwise; no password means none can log in."""
        user = self.model(email=self.normalize_email(email).strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an ADMIN who may do everything in the back office."""
        defaults = {"role": Role.ADMIN, "is_staff": True, "is_superuser": True}
        return self.create_user(email, password, **defaults | fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by e-mail, whatever its case, by the index on its lower case."""
        return self.alias(lowered=Lower("email")).get(lowered=(username or "").strip().lower())


class User(PublicModel, AbstractBaseUser, PermissionsMixin):
    """Somebody who can log in."""

    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    phone = PhoneNumberField(blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.CUSTOMER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May enter the back office.")
    token_version = models.PositiveIntegerField(
        default=0, help_text="Counting up ends every access token and open socket of this user."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a page's session is checked against: it ends with the tokens."""
        value = f"{self.password}|{self.token_version}"
        return salted_hmac("accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_ops(self) -> bool:
        """Say whether this is dispatch staff: DISPATCHER or ADMIN."""
        return self.role in OPS

    def get_full_name(self) -> str:
        """Return the name people see."""
        return self.name or self.email.partition("@")[0]

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.get_full_name().partition(" ")[0]


class Driver(PublicModel):
    """A user who delivers: vehicle and how much fits on it."""

    user = models.OneToOneField(User, models.CASCADE, related_name="driver")
    vehicle = models.CharField(max_length=16, choices=Vehicle.choices, default=Vehicle.SCOOTER)
    capacity = models.PositiveSmallIntegerField(default=2, help_text="Deliveries carried at once.")
    plate = models.CharField(max_length=16, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True, help_text="Empty: may not go online yet.")
    suspended_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(capacity__gte=1, capacity__lte=20), name="driver_capacity")]
        permissions = [
            ("operate_driver", "Can approve, suspend and reinstate drivers"),
            ("export_driver", "Can take drivers' personal data out"),
        ]

    def __str__(self) -> str:
        return self.user.get_full_name()


def path_of_document(document: DriverDocument, filename: str) -> str:
    """Return where a document's file lies: by ids alone, whatever it was called."""
    return f"drivers/{document.driver_id}/{document.pk}{PurePath(filename).suffix.lower()}"


class DriverDocument(PublicModel):
    """A licence, an insurance: a private file, handed out by the back office alone."""

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=16, choices=DocumentKind.choices)
    number = models.CharField(max_length=40, blank=True)
    expires_on = models.DateField(null=True, blank=True, help_text="Empty: it does not expire.")
    file = models.FileField(storage=private_files, upload_to=path_of_document, validators=[check_document])
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["expires_on"], name="document_expiry")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.driver}"


class Invitation(PublicModel):
    """An invitation of ops by e-mail: whoever holds its token gets the role."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    restaurant_id = models.UUIDField(null=True, blank=True, help_text="For RESTAURANT: the one to join.")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Machine time.")
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class TokenFamily(PublicModel):
    """One login: all refresh tokens that descend from it. Reuse of a spent one ends the family."""

    user = models.ForeignKey(User, models.CASCADE, related_name="token_families")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"login of {self.user_id} at {self.created_at:%Y-%m-%d %H:%M}"


class RefreshToken(PublicModel):
    """One refresh token (its id is the `jti`), spent once by conditional UPDATE."""

    family = models.ForeignKey(TokenFamily, models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)


class SocketTicket(models.Model):
    """A one-use ticket of 30 s that opens a socket."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"ticket of {self.user_id}"
