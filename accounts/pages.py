"""The two pages that links in our mails open. What they do, they do over the API."""

from django.urls import path
from django.views.generic import TemplateView

PAGE = "pages/with_token.html"

urlpatterns = [
    path(
        "reset-password",
        TemplateView.as_view(
            template_name=PAGE,
            extra_context={
                "heading": "Set a new password",
                "send_to": "/api/v1/auth/password-reset/confirm",
                "password_field": "new_password",
                "button": "Set password",
                "done": "Your new password is set. Every earlier login has ended; please sign in.",
            },
        ),
        name="reset-password",
    ),
    path(
        "accept-invitation",
        TemplateView.as_view(
            template_name=PAGE,
            extra_context={
                "heading": "Welcome to FleetSync",
                "send_to": "/api/v1/invitations/accept",
                "password_field": "password",
                "new_account": True,
                "button": "Make my account",
                "done": "Your account is ready; please sign in.",
            },
        ),
        name="accept-invitation-page",
    ),
]
