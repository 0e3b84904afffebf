"""Addresses of the accounts app, under /api/v1/."""

from django.urls import path

from accounts import views

ONE_DRIVER = "drivers/<driver_id:driver_id>"

urlpatterns = [
    path("auth/register", views.RegisterView.as_view(), name="register"),
    path("auth/login", views.LoginView.as_view(), name="login"),
    path("auth/refresh", views.RefreshView.as_view(), name="refresh"),
    path("auth/logout", views.LogoutView.as_view(), name="logout"),
    path("auth/me", views.MeView.as_view(), name="me"),
    path("auth/password", views.PasswordView.as_view(), name="password"),
    path("auth/password-reset", views.PasswordResetView.as_view(), name="password-reset"),
    path("auth/password-reset/confirm", views.PasswordResetConfirmView.as_view(), name="password-reset-confirm"),
    path("auth/socket-ticket", views.SocketTicketView.as_view(), name="socket-ticket"),
    path("invitations", views.InvitationsView.as_view(), name="invitations"),
    path("invitations/accept", views.AcceptInvitationView.as_view(), name="accept-invitation"),
    path("drivers", views.DriversView.as_view(), name="drivers"),
    path("drivers/me", views.MyDriverView.as_view(), name="my-driver"),
    path(ONE_DRIVER, views.DriverView.as_view(), name="driver"),
    path(f"{ONE_DRIVER}/approve", views.ApproveDriverView.as_view(), name="approve-driver"),
    path(f"{ONE_DRIVER}/suspend", views.SuspendDriverView.as_view(), name="suspend-driver"),
    path(f"{ONE_DRIVER}/reinstate", views.ReinstateDriverView.as_view(), name="reinstate-driver"),
]
