"""Policies in the back office, and the page that tells why."""

import pytest
from django.urls import reverse

from dispatch.models import DispatchPolicy
from fleetsync.core import ids
from tests import factories
from tests.admin.test_actions import act, told, types

pytestmark = pytest.mark.django_db


class TestPolicies:
    def test_are_drafted_by_the_service(self, dispatcher_browser):
        zone = factories.ZoneFactory()
        url = reverse("admin:dispatch_dispatchpolicy_add")
        answer = dispatcher_browser.post(url, {"zone": zone.pk, "parameters": '{"max_batch": 2}', "note": "fewer"})
        assert answer.status_code == 302
        row = DispatchPolicy.objects.get()
        assert (row.version, row.status, row.parameters, row.note) == (1, "DRAFT", {"max_batch": 2}, "fewer")
        assert row.created_by.startswith("usr_")

    def test_tell_which_parameter_cannot_be(self, dispatcher_browser):
        zone = factories.ZoneFactory()
        url = reverse("admin:dispatch_dispatchpolicy_add")
        answer = dispatcher_browser.post(url, {"zone": zone.pk, "parameters": '{"max_batch": 99}', "note": ""})
        assert told(answer) == ["max_batch: expected 1 to 8, got 99"]
        assert not DispatchPolicy.objects.exists()

    def test_are_activated_once_rehearsed_and_rolled_back(self, dispatcher_browser):
        zone = factories.ZoneFactory(policy={})
        row = factories.DispatchPolicyFactory(zone=zone, parameters={"max_batch": 2})
        (refusal,) = told(act(dispatcher_browser, DispatchPolicy, "activate", row))
        assert refusal == "version 2: The policy was not rehearsed on recorded demand yet."
        assert types() == []
        DispatchPolicy.objects.filter(pk=row.pk).update(status="SIMULATED", simulation={"difference": {}})
        assert told(act(dispatcher_browser, DispatchPolicy, "activate", row)) == ["1 policies activated."]
        row.refresh_from_db()
        assert row.status == "ACTIVE"
        assert told(act(dispatcher_browser, DispatchPolicy, "roll_back", row)) == ["1 zones rolled back."]
        assert types() == ["policy.activated", "policy.activated"]
        assert DispatchPolicy.objects.get(status="ACTIVE").version == 1
        page = dispatcher_browser.get(reverse("admin:dispatch_dispatchpolicy_history", args=[row.pk]))
        assert "Activated." in page.content.decode()


class TestWhy:
    def test_answers_beside_the_delivery_under_our_own_policy_of_content(self, dispatcher_browser):
        delivery = factories.DeliveryFactory()
        factories.DispatchJobFactory(delivery=delivery)
        page = dispatcher_browser.get(reverse("admin:dispatch_delivery_why", args=[delivery.pk]))
        assert page.status_code == 200
        text = page.content.decode()
        assert "The next round decides about it, within seconds." in text
        assert delivery.order.code in text
        csp = page.headers["Content-Security-Policy"]
        assert "unsafe" not in csp
        assert "script-src 'self'" in csp
        assert " style=" not in text
        change = dispatcher_browser.get(reverse("admin:dispatch_delivery_change", args=[delivery.pk]))
        assert reverse("admin:dispatch_delivery_why", args=[delivery.pk]) in change.content.decode()

    def test_is_found_by_the_public_id(self, dispatcher_browser):
        delivery = factories.DeliveryFactory()
        key = ids.public("delivery_id", delivery.pk)
        assert dispatcher_browser.get(f"/admin/dispatch/delivery/{key}/why/").status_code == 200

    @pytest.mark.parametrize("key", ["dlv_1", "nonsense", "dlv_00000000000000000000000000"])
    def test_says_that_there_is_none(self, dispatcher_browser, key):
        assert dispatcher_browser.get(f"/admin/dispatch/delivery/{key}/why/").status_code == 404

    def test_is_for_dispatch_staff_alone(self, client):
        delivery = factories.DeliveryFactory()
        assert client.get(reverse("admin:dispatch_delivery_why", args=[delivery.pk])).status_code == 302
