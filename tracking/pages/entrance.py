"""The entrance: home, signing in and out."""

from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.models import User
from accounts.states import Role
from fleetsync.core import clock
from orders.models import Order
from orders.states import OrderStatus
from restaurants.models import Zone
from tracking.selectors import figures

#: Where somebody lands after signing in.
HOMES: Final = {
    Role.DISPATCHER: "/ops",
    Role.ADMIN: "/admin/",
    Role.DRIVER: "/driver",
    Role.RESTAURANT: "/restaurant",
    Role.CUSTOMER: "/",
}
#: The demo's ready logins: icon, words, role, what one sees, login.
EYES: Final = (
    ("map", "Dispatcher", "DISPATCHER", "The whole city, worst trouble first", "dispatcher@fleetsync.example"),
    ("bike", "Driver", "DRIVER", "Offers, the road, the day’s pay", "driver@fleetsync.example"),  # noqa: RUF001
    ("store", "Restaurant", "RESTAURANT", "Tickets, cooking time, the menu", "restaurant@fleetsync.example"),
    ("bag", "Customer", "CUSTOMER", "One meal, from pan to door", "customer@fleetsync.example"),
    ("gear", "Admin", "ADMIN", "Figures, people, settings", "admin@fleetsync.example"),
)


def is_demo() -> bool:
    """Say whether this is the demo, where logins stand on the screen."""
    return bool(settings.FLEETSYNC_ENV == "demo")


@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Show what this is, the demo's logins, links to everything, and how it goes."""
    zone = Zone.objects.filter(active=True).order_by("id").first()
    context = {
        "figures": figures(now=clock.now()),
        "demo": is_demo(),
        "eyes": EYES,
        "zone": zone,
        "scale": clock.scale(),
    }
    return render(request, "pages/home.html", context)


def home_figures(request: HttpRequest) -> HttpResponse:
    """Return the live counters of the home page, a fragment."""
    return render(request, "pages/home_figures.html", {"figures": figures(now=clock.now())})


class SignIn(LoginView):
    """Log in with e-mail and password; the password guard of the back office counts here too."""

    template_name = "pages/login.html"
    authentication_form = AuthenticationForm
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        """Return the page of the role."""
        user = self.request.user
        return HOMES[Role(user.role)] if isinstance(user, User) else "/"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo's logins."""
        return super().get_context_data(**kwargs) | {"demo": is_demo(), "eyes": EYES}


class SignOut(LogoutView):
    """Log out and go home."""

    next_page = "/"


class DemoSignIn(View):
    """One click into somebody's eyes; exists in the demo alone."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Log in as the ready login of a role."""
        login_of = {role: email for _, _, role, _, email in EYES}
        email = login_of.get(request.POST.get("role", ""))
        user = User.objects.filter(email=email, is_active=True).first() if is_demo() and email else None
        if user is None:
            raise Http404
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        if user.role == Role.CUSTOMER:
            return redirect(_an_order_to_follow() or "/")
        return redirect(HOMES[Role(user.role)])


def _an_order_to_follow() -> str | None:
    """Return the tracking page of an order that is under way, the later its step the better."""
    from orders.links import tracking_token

    for status in (OrderStatus.PICKED_UP, OrderStatus.READY, OrderStatus.PREPARING, OrderStatus.ACCEPTED):
        order = Order.objects.filter(status=status).order_by("-id").first()
        if order is not None:
            return f"/track/{tracking_token(order.pk)}"
    return None
