"""From the first look at the wines to the page of the order, as the README promises it."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from lorikeet.models import Order
from shop.models import Merchant, Wine


def wine(sku):
    return Wine.objects.get(sku=sku)


def states(providers):
    return [payment["state"] for payment in providers.cards.list_since()]


def reasons(cart):
    return [(reason["code"], reason["field"]) for reason in cart["incomplete_reasons"]]


class TestJourney:
    def test_guest_buys_two_wines(self, shopper, providers):
        page = shopper.client.get("/")
        assert page.status_code == 200
        assert page.content.count(b'<article class="wine"') == 13
        assert reasons(shopper.cart()) == [
            ("not_set", "delivery_address"),
            ("not_set", "payment_method"),
            ("empty", "items"),
            ("not_set", "email"),
        ]

        assert shopper.add(wine("QH-RIES-23")).status_code == 201
        assert shopper.add(wine("LP-MOSC-24")).status_code == 201
        line = shopper.cart()["items"][0]
        assert shopper.send("PATCH", line["url"], {"data": {"quantity": 2}}).status_code == 200
        cart = shopper.cart()
        assert [(item["data"]["quantity"], item["total"]) for item in cart["items"]] == [(2, "52.00"), (1, "18.00")]
        assert (cart["subtotal"], cart["grand_total"]) == ("70.00", "82.00")

        assert shopper.give_address().status_code == 201
        assert shopper.give_email("joe@example.com").status_code == 200
        assert reasons(shopper.cart()) == [("not_set", "payment_method")]
        assert shopper.give_card("tok_visa").status_code == 201
        assert shopper.cart()["is_complete"] is True

        answer = shopper.check_out()
        assert answer.status_code == 200
        order = Order.objects.placed().get()
        assert answer.json()["id"] == order.pk
        page = shopper.client.get(answer.json()["url"], follow=True)
        assert page.status_code == 200
        assert b"Thank you for your order" in page.content
        assert b"$82.00" in page.content
        assert shopper.cart()["items"] == []
        (payment,) = providers.cards.list_since()
        assert (payment["state"], payment["amount"], payment["currency"]) == ("paid", 8200, "AUD")
        assert (payment["id"], payment["key"]) == (order.latest_charge.reference, str(order.payment_key))

    @pytest.mark.parametrize(
        "token, code, message",
        [
            ("tok_declined", "card_declined", "Your card was declined."),
            ("tok_insufficient_funds", "insufficient_funds", "Your card has insufficient funds."),
        ],
    )
    def test_declined_card_says_why_and_keeps_the_cart(self, shopper, providers, token, code, message):
        shopper.add(wine("QH-SHIR-21"))
        shopper.give_address()
        shopper.give_email("joe@example.com")
        shopper.give_card(token)
        before = shopper.cart()

        answer = shopper.check_out()

        assert answer.status_code == 422
        assert answer.json() == {
            "reason": "payment",
            "payment_method": "PretendCard",
            "info": {"message": message, "code": code},
        }
        assert {**shopper.cart(), "generated_at": 0} == {**before, "generated_at": 0}
        assert states(providers) == ["declined"]
        assert not Order.objects.placed().exists()

    def test_another_card_pays_after_a_declined_one(self, shopper, providers):
        shopper.add(wine("QH-SHIR-21"))
        shopper.give_address()
        shopper.give_email("joe@example.com")
        shopper.give_card("tok_declined")
        shopper.check_out()

        shopper.give_card("tok_mastercard")

        assert shopper.check_out().status_code == 200
        assert states(providers) == ["declined", "paid"]

    def test_lost_answer_is_asked_for_again_and_charged_once(self, shopper, providers):
        shopper.add(wine("QH-SHIR-21"))
        shopper.give_address()
        shopper.give_email("joe@example.com")
        shopper.give_card("tok_visa")
        etag = shopper.client.get("/_cart/")["ETag"]
        headers = {"Idempotency-Key": "3a6c", "If-Match": etag}

        first, second = shopper.check_out(**headers), shopper.check_out(**headers)

        assert first.json()["id"] == second.json()["id"]
        assert second["Idempotency-Replayed"] == "true"
        assert states(providers) == ["paid"]

    def test_price_that_changed_since_it_was_shown_is_not_charged(self, shopper, providers):
        shiraz = wine("QH-SHIR-21")
        shopper.add(shiraz)
        shopper.give_address()
        shopper.give_email("joe@example.com")
        shopper.give_card("tok_visa")
        etag = shopper.client.get("/_cart/")["ETag"]
        Wine.objects.filter(pk=shiraz.pk).update(unit_price=99)

        answer = shopper.check_out(**{"If-Match": etag})

        assert answer.status_code == 412
        assert states(providers) == []


class TestCart:
    def test_same_wine_twice_is_one_line(self, shopper):
        riesling = wine("QH-RIES-23")
        shopper.add(riesling)

        assert shopper.add(riesling, 2).status_code == 200

        assert [item["data"]["quantity"] for item in shopper.cart()["items"]] == [3]

    @pytest.mark.parametrize("quantity", [0, 61, -1])
    def test_quantity_out_of_range_is_refused(self, shopper, quantity):
        answer = shopper.add(wine("QH-RIES-23"), quantity)

        assert answer.status_code == 400
        assert list(answer.json()) == ["quantity"]
        assert shopper.cart()["items"] == []

    def test_line_shows_its_wine_in_full(self, shopper):
        riesling = wine("QH-RIES-23")
        shopper.add(riesling)

        assert shopper.cart()["items"][0]["data"]["wine"] == {
            "id": riesling.pk,
            "sku": "QH-RIES-23",
            "name": "Riesling",
            "vintage": 2023,
            "unit_price": "26.00",
            "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "12 %"},
            "options_text": "Bottle: 750 mL, Closure: Screw cap, Alcohol: 12 %",
            "in_stock": True,
            "stock_count": 48,
            "is_kept_in_cart": False,
            "images": {
                "url": "/pictures/wines/QH-RIES-23/large.svg",
                "medium_url": "/pictures/wines/QH-RIES-23/medium.svg",
                "thumb_url": "/pictures/wines/QH-RIES-23/thumb.svg",
            },
            "merchant": {
                "name": "Quandong Hill",
                "region": "Clare Valley, South Australia",
                "avatar": {
                    "url": "/pictures/merchants/quandong-hill/large.svg",
                    "medium_url": "/pictures/merchants/quandong-hill/medium.svg",
                    "thumb_url": "/pictures/merchants/quandong-hill/thumb.svg",
                },
            },
            "url": "/wines/QH-RIES-23/",
        }

    def test_wine_that_is_not_listed_cannot_be_added(self, shopper):
        Wine.objects.filter(sku="QH-RIES-23").update(is_listed=False)

        answer = shopper.add(wine("QH-RIES-23"))

        assert answer.status_code == 400
        assert list(answer.json()) == ["wine"]

    def test_coupon_takes_its_percentage_off_once(self, shopper):
        shopper.add(wine("LP-BRUT-NV"))
        body = {"type": "CouponAdjustment", "data": {"code": "tenoff"}}

        statuses = [shopper.send("POST", "/_cart/new-adjustment/", body).status_code for _ in range(2)]

        cart = shopper.cart()
        assert statuses == [201, 200]
        assert [(each["data"], each["total"]) for each in cart["adjustments"]] == [
            ({"code": "TENOFF", "percentage": 10}, "-4.60")
        ]
        assert cart["grand_total"] == "53.40"

    def test_unknown_coupon_is_refused(self, shopper):
        body = {"type": "CouponAdjustment", "data": {"code": "FREEWINE"}}

        answer = shopper.send("POST", "/_cart/new-adjustment/", body)

        assert answer.status_code == 400
        assert answer.json() == {"code": ["This code is not valid."]}

    def test_parcel_is_free_from_200_dollars(self, shopper):
        shopper.add(wine("OS-PINO-22"), 5)

        charges = {each["code"]: each["total"] for each in shopper.cart()["charges"]}

        assert charges == {"shipping": "0.00", "gst": "21.82"}

    def test_card_number_is_no_token(self, shopper):
        answer = shopper.give_card("4242424242424242")

        assert answer.status_code == 400
        assert shopper.cart()["payment_methods"] == []

    def test_card_shows_nothing_that_could_be_charged(self, shopper):
        shopper.give_card("tok_visa")

        assert shopper.cart()["payment_methods"][0]["data"] == {"brand": "Visa", "last4": "4242", "expiry": "12/35"}

    def test_postcode_has_four_digits(self, shopper):
        shopper.give_address()
        address = shopper.cart()["delivery_addresses"][0]

        answer = shopper.send("PATCH", address["url"], {"data": {"postcode": "50"}})

        assert answer.status_code == 400
        assert answer.json() == {"postcode": ["A postcode has four digits."]}
        assert shopper.cart()["delivery_addresses"] == [address]


class TestAccounts:
    def test_cart_comes_along_when_a_guest_signs_up(self, shopper):
        shopper.add(wine("QH-RIES-23"))
        shopper.client.get("/accounts/signup/")
        form = {
            "username": "joe",
            "email": "joe@example.com",
            "password1": "a long pass phrase",
            "password2": "a long pass phrase",
            "csrfmiddlewaretoken": shopper.client.cookies["csrftoken"].value,
        }

        answer = shopper.client.post("/accounts/signup/", form)

        assert answer.status_code == 302
        cart = shopper.cart()
        assert cart["is_authenticated"] is True
        assert [item["data"]["wine"]["sku"] for item in cart["items"]] == ["QH-RIES-23"]

    def test_orders_are_listed_for_who_made_them(self, shopper):
        user = get_user_model().objects.create_user("joe", "joe@example.com", "a long pass phrase")
        shopper.client.force_login(user)
        shopper.add(wine("QH-RIES-23"))
        shopper.give_address()
        shopper.give_card("tok_visa")
        number = shopper.check_out().json()["id"]

        page = shopper.client.get("/orders/")

        assert f"Order {number}" in page.content.decode()
        assert shopper.client.get(f"/orders/{number}/").status_code == 200

    def test_list_of_orders_asks_to_sign_in(self, shopper):
        assert shopper.client.get("/orders/")["Location"] == "/accounts/login/?next=/orders/"


class TestCatalogue:
    def test_loading_it_again_adds_nothing(self, catalogue):
        call_command("load_catalogue", verbosity=0)

        assert (Merchant.objects.count(), Wine.objects.count()) == (4, 13)

    @pytest.mark.parametrize("size, width", [("thumb", 96), ("medium", 400), ("large", 960)])
    def test_every_wine_is_drawn_in_three_sizes(self, catalogue, client, size, width):
        for each in Wine.objects.all():
            answer = client.get(f"/pictures/wines/{each.sku}/{size}.svg")

            assert answer["Content-Type"] == "image/svg+xml"
            assert f'width="{width}"' in answer.content.decode()

    def test_larger_picture_shows_more(self, catalogue, client):
        pictures = [client.get(f"/pictures/wines/QH-RIES-23/{size}.svg") for size in ("thumb", "medium", "large")]

        lengths = [len(picture.content) for picture in pictures]
        assert lengths == sorted(set(lengths))

    def test_names_are_escaped_in_pictures(self, catalogue, client):
        Wine.objects.filter(sku="QH-RIES-23").update(name="<script>")

        assert b"<script>" not in client.get("/pictures/wines/QH-RIES-23/large.svg").content

    @pytest.mark.parametrize(
        "url", ["/pictures/wines/QH-RIES-23/huge.svg", "/pictures/wines/NO/thumb.svg", "/wines/NO/"]
    )
    def test_missing_page_is_not_found(self, catalogue, client, url):
        assert client.get(url).status_code == 404

    def test_pages_let_no_other_scripts_in(self, catalogue, client):
        policy = client.get("/")["Content-Security-Policy"]

        assert "script-src 'self';" in policy
        assert "unsafe-inline" not in policy

    def test_each_wine_has_a_page(self, catalogue, client):
        for each in Wine.objects.all():
            assert client.get(each.get_absolute_url()).status_code == 200

    def test_catalogue_is_edited_in_the_admin(self, catalogue, admin_client):
        assert admin_client.get("/admin/shop/wine/").status_code == 200
        assert admin_client.get("/admin/shop/merchant/").status_code == 200
