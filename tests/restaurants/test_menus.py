"""The cached menu: an edit is seen by the next GET, and a 304 is never stale."""

import pytest
from django.db import connection, transaction

from fleetsync.core import ids, redis
from fleetsync.core.models import Event
from restaurants import selectors
from restaurants.models import MenuItem, Restaurant
from tests.factories import (
    DispatcherFactory,
    MenuCategoryFactory,
    MenuItemFactory,
    OptionFactory,
    OptionGroupFactory,
    RestaurantFactory,
    RestaurantStaffFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
API = "/api/v1"


def rst(restaurant):
    return f"{API}/restaurants/{ids.encode('rst', restaurant.pk)}"


@pytest.fixture
def kitchen():
    """A restaurant with one item, one group and one option, and a user who works there."""
    staff = RestaurantStaffFactory()
    item = MenuItemFactory(category=MenuCategoryFactory(restaurant=staff.restaurant), name="Soup")
    OptionFactory(group=OptionGroupFactory(item=item))
    return staff.restaurant, staff.user, item


class TestMenu:
    def test_has_everything_in_order(self, anyone, kitchen):
        restaurant, _, item = kitchen
        MenuItemFactory(category=item.category, name="Starter", position=0)
        MenuItem.objects.filter(pk=item.pk).update(position=1)
        body = anyone.get(f"{rst(restaurant)}/menu").json()
        assert set(body) == {"restaurant_id", "version", "currency", "categories"}
        (category,) = body["categories"]
        assert [row["name"] for row in category["items"]] == ["Starter", "Soup"]
        (group,) = category["items"][1]["option_groups"]
        assert (group["least"], group["most"], len(group["options"])) == (0, 1, 1)
        assert set(category["items"][1]) == {
            "id",
            "name",
            "description",
            "price_minor",
            "available",
            "option_groups",
        }

    def test_is_not_modified_until_an_edit_and_then_at_once(self, anyone, acting, kitchen):
        restaurant, user, item = kitchen
        url = f"{rst(restaurant)}/menu"
        first = anyone.get(url)
        assert first["Cache-Control"] == "public, no-cache"
        same = anyone.get(url, HTTP_IF_NONE_MATCH=f'"other", W/{first["ETag"]}')
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
        path = f"{rst(restaurant)}/items/{ids.encode('itm', item.pk)}"
        assert acting(user).patch(path, {"price_minor": 1250}).status_code == 200
        fresh = anyone.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
        assert fresh.status_code == 200
        assert fresh["ETag"] != first["ETag"]
        assert fresh.json()["categories"][0]["items"][0]["price_minor"] == 1250

    def test_changes_its_etag_with_every_kind_of_edit(self, anyone, acting, kitchen):
        restaurant, user, item = kitchen
        client = acting(user)
        base, group = rst(restaurant), item.option_groups.get()
        option = group.options.get()
        itm, grp, opt = ids.encode("itm", item.pk), ids.encode("grp", group.pk), ids.encode("opt", option.pk)
        cat = ids.encode("cat", item.category_id)
        edits = [
            ("post", f"{base}/categories", {"name": "Sweets", "position": 3}),
            ("patch", f"{base}/categories/{cat}", {"name": "Soups"}),
            ("post", f"{base}/items", {"category_id": cat, "name": "Bread", "price_minor": 200}),
            ("patch", f"{base}/items/{itm}", {"available": False}),
            ("post", f"{API}/items/{itm}/option-groups", {"name": "Size", "least": 1, "most": 1}),
            ("patch", f"{API}/items/{itm}/option-groups/{grp}", {"most": 2}),
            ("post", f"{API}/option-groups/{grp}/options", {"name": "Cheese", "price_minor": 150}),
            ("patch", f"{API}/option-groups/{grp}/options/{opt}", {"available": False}),
            ("delete", f"{API}/option-groups/{grp}/options/{opt}", None),
            ("delete", f"{API}/items/{itm}/option-groups/{grp}", None),
            ("delete", f"{base}/items/{itm}", None),
            ("delete", f"{base}/categories/{cat}", None),
        ]
        seen = {anyone.get(f"{base}/menu")["ETag"]}
        for verb, path, body in edits:
            answer = getattr(client, verb)(path, body)
            assert answer.status_code == {"post": 201, "patch": 200, "delete": 204}[verb], (path, answer.content)
            seen.add(anyone.get(f"{base}/menu")["ETag"])
        assert len(seen) == len(edits) + 1
        events = Event.objects.filter(type="menu.changed").order_by("seq")
        assert [row.payload["menu_version"] for row in events] == list(range(2, len(edits) + 2))
        assert {row.stream for row in events} == {f"menu:{ids.encode('rst', restaurant.pk)}"}

    def test_comes_from_redis_the_second_time(self, anyone, kitchen, django_assert_num_queries):
        url = f"{rst(kitchen[0])}/menu"
        first = anyone.get(url)
        with django_assert_num_queries(1):
            assert anyone.get(url).content == first.content
        with django_assert_num_queries(1):
            assert anyone.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304

    def test_is_read_from_the_tables_without_redis(self, anyone, kitchen, monkeypatch):
        def down(_command):
            raise redis.RedisDown

        url = f"{rst(kitchen[0])}/menu"
        first = anyone.get(url)
        monkeypatch.setattr(redis, "call", down)
        assert anyone.get(url).content == first.content
        assert anyone.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304

    def test_an_edit_that_is_rolled_back_changes_nothing(self, anyone, acting, kitchen):
        restaurant, user, item = kitchen
        url = f"{rst(restaurant)}/menu"
        first = anyone.get(url)
        group = item.option_groups.get()
        path = f"{API}/items/{ids.encode('itm', item.pk)}/option-groups/{ids.encode('grp', group.pk)}"
        answer = acting(user).patch(path, {"least": 5, "most": 2})
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "most")
        assert anyone.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
        assert not Event.objects.exists()

    def test_is_not_cached_when_an_edit_came_in_between(self, kitchen, monkeypatch):
        restaurant, user, item = kitchen
        head = selectors.menu_head(restaurant_id=restaurant.pk, user=user)
        Restaurant.objects.filter(pk=restaurant.pk).update(menu_version=head.version + 1)
        MenuItem.objects.filter(pk=item.pk).update(name="Newer")
        selectors.menu_bytes(head=head)
        assert redis.call(lambda client: client.keys(redis.key("menu", "*"))) == []

    def test_of_an_unpublished_restaurant_is_its_staff_s(self, anyone, acting, kitchen):
        restaurant, user, _ = kitchen
        Restaurant.objects.filter(pk=restaurant.pk).update(published=False)
        url = f"{rst(restaurant)}/menu"
        assert anyone.get(url).status_code == 404
        assert acting(UserFactory()).get(url).status_code == 404
        own = acting(user).get(url)
        assert (own.status_code, own["Cache-Control"]) == (200, "private, no-cache")


class TestEditing:
    def test_keeps_the_old_value_in_the_history_with_who_did_it(self, acting, kitchen):
        restaurant, user, item = kitchen
        path = f"{rst(restaurant)}/items/{ids.encode('itm', item.pk)}"
        acting(user).patch(path, {"price_minor": 1})
        newest, before = item.history.all()
        assert (newest.price_minor, before.price_minor) == (1, 1000)
        assert Event.objects.get().actor == ids.encode("usr", user.pk)

    @pytest.mark.parametrize(
        "body",
        [
            {"price_minor": -1},
            {"price_minor": 10.5},
            {"price_minor": "1e9"},
            {"name": ""},
            {"name": "x" * 121},
            {"restaurant_id": "rst_00000000000000000000000001"},
            {"id": "itm_00000000000000000000000001"},
            {"category_id": "cat_zz"},
        ],
        ids=str,
    )
    def test_refuses_what_is_wrong_or_not_to_be_written(self, acting, kitchen, body):
        restaurant, user, item = kitchen
        answer = acting(user).patch(f"{rst(restaurant)}/items/{ids.encode('itm', item.pk)}", body)
        assert answer.status_code == 400
        assert not Event.objects.exists()

    def test_takes_no_category_of_another_restaurant(self, acting, kitchen):
        restaurant, user, item = kitchen
        foreign = ids.encode("cat", MenuCategoryFactory().pk)
        client = acting(user)
        body = {"category_id": foreign, "name": "Bread", "price_minor": 1}
        assert client.post(f"{rst(restaurant)}/items", body).status_code == 404
        path = f"{rst(restaurant)}/items/{ids.encode('itm', item.pk)}"
        assert client.patch(path, {"category_id": foreign}).status_code == 404
        assert MenuItem.objects.count() == 1

    def test_stops_at_the_limit(self, acting, kitchen, monkeypatch):
        from restaurants import services

        restaurant, user, _ = kitchen
        monkeypatch.setattr("restaurants.services.menu.conf.MAX_CATEGORIES", 1)
        assert services.CATEGORIES.most == 100
        client = acting(user)
        for n in range(99):
            MenuCategoryFactory(restaurant=restaurant, name=str(n))
        answer = client.post(f"{rst(restaurant)}/categories", {"name": "One more"})
        assert (answer.status_code, answer.json()["code"]) == (422, "limit-reached")

    def test_lists_rows_without_a_query_a_row(self, acting, kitchen, django_assert_max_num_queries):
        restaurant, user, item = kitchen
        for _ in range(5):
            OptionGroupFactory(item=MenuItemFactory(category=item.category))
        client = acting(user)
        with django_assert_max_num_queries(7):
            assert len(client.get(f"{rst(restaurant)}/items").json()) == 6


class TestForeignObjects:
    """Everything below another restaurant is 404 for everybody but its staff and ops."""

    def paths(self, restaurant, item):
        base, group = rst(restaurant), item.option_groups.get()
        itm, grp = ids.encode("itm", item.pk), ids.encode("grp", group.pk)
        opt, cat = ids.encode("opt", group.options.get().pk), ids.encode("cat", item.category_id)
        return [
            ("get", f"{base}/categories"),
            ("post", f"{base}/categories"),
            ("get", f"{base}/items/{itm}"),
            ("patch", f"{base}/items/{itm}"),
            ("delete", f"{base}/items/{itm}"),
            ("delete", f"{base}/categories/{cat}"),
            ("get", f"{API}/items/{itm}/option-groups"),
            ("post", f"{API}/items/{itm}/option-groups"),
            ("patch", f"{API}/items/{itm}/option-groups/{grp}"),
            ("get", f"{API}/option-groups/{grp}/options"),
            ("delete", f"{API}/option-groups/{grp}/options/{opt}"),
        ]

    def test_are_hidden_from_peers_and_customers(self, acting, anyone, kitchen):
        restaurant, _, item = kitchen
        peer, customer = acting(RestaurantStaffFactory().user), acting(UserFactory())
        for verb, path in self.paths(restaurant, item):
            for client in (peer, customer):
                answer = getattr(client, verb)(path, {"name": "Mine now"})
                assert answer.status_code == 404, (verb, path)
            assert getattr(anyone, verb)(path).status_code == 401
        assert not Event.objects.exists()

    def test_cannot_be_reached_through_one_s_own_restaurant(self, acting, kitchen):
        _, _, item = kitchen
        own = RestaurantStaffFactory()
        itm = ids.encode("itm", item.pk)
        assert acting(own.user).patch(f"{rst(own.restaurant)}/items/{itm}", {"name": "x"}).status_code == 404

    def test_are_open_to_ops(self, acting, kitchen):
        restaurant, _, item = kitchen
        path = f"{rst(restaurant)}/items/{ids.encode('itm', item.pk)}"
        assert acting(DispatcherFactory()).patch(path, {"available": False}).status_code == 200


@pytest.mark.django_db(transaction=True)
class TestTwoEditors:
    def test_count_the_version_up_twice(self):
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        from fleetsync.core import clock
        from restaurants import services

        restaurant = RestaurantFactory()
        start = Barrier(4)

        def edit(n):
            try:
                start.wait()
                services.add_to_menu(
                    kind=services.CATEGORIES,
                    restaurant=Restaurant.objects.get(pk=restaurant.pk),
                    parent=restaurant,
                    values={"name": str(n)},
                    now=clock.now(),
                    actor="test",
                )
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(edit, range(4)))
        restaurant.refresh_from_db()
        assert restaurant.menu_version == 5
        versions = (
            Event.objects.filter(type="menu.changed").order_by("seq").values_list("payload__menu_version", flat=True)
        )
        assert list(versions) == [2, 3, 4, 5]

    def test_a_reader_beside_an_open_edit_sees_the_committed_menu(self, anyone):
        item = MenuItemFactory(name="Old")
        url = f"{rst(item.restaurant)}/menu"
        with transaction.atomic():
            from restaurants.services import bump_menu

            bump_menu(restaurant=item.restaurant)
            MenuItem.objects.filter(pk=item.pk).update(name="New")
            from threading import Thread

            seen = []

            def read():
                seen.append(anyone.get(url))
                connection.close()

            reader = Thread(target=read)
            reader.start()
            reader.join(5)
        assert seen[0].json()["categories"][0]["items"][0]["name"] == "Old"
        after = anyone.get(url, HTTP_IF_NONE_MATCH=seen[0]["ETag"])
        assert after.json()["categories"][0]["items"][0]["name"] == "New"
