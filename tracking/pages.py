"""Pages for people: the entrance. What stands behind it are the apps' own pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


def home(request: HttpRequest) -> HttpResponse:
    """Show where everything is."""
    return render(request, "tracking/home.html")


urlpatterns = [path("", home, name="home")]
