"""Shapes of accounts in and out."""

from typing import Any

from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers

from accounts.models import User
from fleetsync.core.api import PublicIdField, StrictSerializer


class PasswordField(serializers.CharField):
    """Up to 128 characters, spaces included; write only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, write_only=True, **kwargs)


class UserSerializer(serializers.Serializer[User]):
    """A user, for that user and for ops."""

    id = PublicIdField("user_id", source="pk", read_only=True)
    email = serializers.EmailField(read_only=True)
    name = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True)
    role = serializers.CharField(read_only=True)
    driver_id = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(read_only=True)

    def get_driver_id(self, user: User) -> str | None:
        """Return the public id of the driver profile, if there is one."""
        profile = getattr(user, "driver", None)
        return PublicIdField("driver_id").to_representation(profile.pk) if profile is not None else None


class LoginAnswer(serializers.Serializer[Any]):
    """A user and the two tokens."""

    user = UserSerializer(read_only=True)
    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class TokenPair(serializers.Serializer[Any]):
    """The two tokens."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class RegisterInput(StrictSerializer):
    """A new customer. `role` is taken and ignored: registering makes a CUSTOMER."""

    email = serializers.EmailField(max_length=254)
    password = PasswordField()
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    phone = PhoneNumberField(required=False, allow_blank=True, default="")
    role = serializers.CharField(required=False, write_only=True, help_text="Ignored: always CUSTOMER.")


class LoginInput(StrictSerializer):
    """E-mail and password."""

    email = serializers.EmailField(max_length=254)
    password = PasswordField()


class RefreshInput(StrictSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=2048)


class ProfileInput(StrictSerializer):
    """What people change of their own."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    phone = PhoneNumberField(required=False, allow_blank=True)


class TicketAnswer(serializers.Serializer[Any]):
    """A one-use ticket that opens a socket."""

    ticket = serializers.CharField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)
