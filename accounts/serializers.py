"""Shapes of accounts in and out."""

from typing import Any

from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers

from accounts.models import User
from accounts.states import Role, Vehicle
from fleetsync.core.api import PublicIdField, StrictSerializer


class PasswordField(serializers.CharField):
    """Up to 128 characters, spaces included; write only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, write_only=True, **kwargs)


class UserSerializer(serializers.Serializer[Any]):
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


class PasswordChangeInput(StrictSerializer):
    """The present and the new password."""

    current_password = PasswordField()
    new_password = PasswordField()


class ResetInput(StrictSerializer):
    """Whose password was forgotten."""

    email = serializers.EmailField(max_length=254)


class ResetConfirmInput(StrictSerializer):
    """What the mail's link holds, and the new password."""

    uid = serializers.CharField(max_length=40)
    token = serializers.CharField(max_length=120)
    new_password = PasswordField()


class DriverSerializer(serializers.Serializer[Any]):
    """A driver profile, for that driver and for ops."""

    id = PublicIdField("driver_id", source="pk", read_only=True)
    user_id = PublicIdField("user_id", read_only=True)
    name = serializers.CharField(source="user.get_full_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    phone = serializers.CharField(source="user.phone", read_only=True)
    vehicle = serializers.ChoiceField(choices=Vehicle.choices, read_only=True)
    capacity = serializers.IntegerField(read_only=True)
    plate = serializers.CharField(read_only=True)
    approved_at = serializers.DateTimeField(read_only=True, allow_null=True)
    suspended_at = serializers.DateTimeField(read_only=True, allow_null=True)


class DriverInput(StrictSerializer):
    """What drivers say of themselves."""

    vehicle = serializers.ChoiceField(choices=Vehicle.choices, required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=20, required=False)
    plate = serializers.CharField(max_length=16, required=False, allow_blank=True)


class SuspendInput(StrictSerializer):
    """Why, in a word or two for the log; no names."""

    reason = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class InvitationSerializer(serializers.Serializer[Any]):
    """An invitation; its token is only in the mail."""

    id = PublicIdField("invitation_id", source="pk", read_only=True)
    email = serializers.EmailField(read_only=True)
    role = serializers.CharField(read_only=True)
    restaurant_id = PublicIdField("restaurant_id", read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)
    accepted_at = serializers.DateTimeField(read_only=True, allow_null=True)


class InvitationInput(StrictSerializer):
    """Whom to invite as what; `restaurant_id` for restaurant staff."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=[choice for choice in Role.choices if choice[0] != Role.CUSTOMER])
    restaurant_id = PublicIdField("restaurant_id", required=False, allow_null=True)


class AcceptInput(StrictSerializer):
    """The token of the mail and what makes an account; vehicle and capacity for drivers."""

    token = serializers.CharField(max_length=120)
    password = PasswordField()
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    phone = PhoneNumberField(required=False, allow_blank=True, default="")
    vehicle = serializers.ChoiceField(choices=Vehicle.choices, required=False, default=Vehicle.SCOOTER)
    capacity = serializers.IntegerField(min_value=1, max_value=20, required=False, default=2)
