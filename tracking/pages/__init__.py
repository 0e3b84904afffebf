"""Pages for people: who sees which, and with what they start. Data comes over the API and the socket."""

from django.urls import path

from tracking.pages.entrance import DemoSignIn, SignIn, SignOut, home, home_figures
from tracking.pages.screens import driver, ops, restaurant, track

urlpatterns = [
    path("", home, name="home"),
    path("figures", home_figures, name="home-figures"),
    path("login", SignIn.as_view(), name="login"),
    path("login/demo", DemoSignIn.as_view(), name="login-demo"),
    path("logout", SignOut.as_view(), name="logout"),
    path("ops", ops, name="ops"),
    path("driver", driver, name="driver"),
    path("restaurant", restaurant, name="restaurant"),
    path("track/<str:token>", track, name="track"),
]
