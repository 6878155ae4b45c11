"""What a record refuses: counters that are written by saving, and products that cannot be."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError

from lorikeet.extensions.stock.models import StockRecord
from tests.extensions.goods.factories import make_bottle
from tests.extensions.goods.models import Bottle

pytestmark = pytest.mark.django_db


def test_a_record_begins_with_nothing(unchanged):
    with unchanged(), pytest.raises(TypeError, match="adjust"):
        StockRecord.objects.create(on_hand=5)


def test_a_counter_is_not_written_by_saving(stock, unchanged):
    stock.on_hand = 99

    with unchanged(), pytest.raises(TypeError, match="adjust"):
        stock.save(update_fields=["on_hand"])


@pytest.mark.parametrize(
    ("type_of", "object_id"),
    [(None, "1"), (Bottle, ""), (Bottle, None), (Bottle, "abc")],
    ids=["no type", "empty key", "no key", "no such key"],
)
def test_half_a_product_is_refused(type_of, object_id):
    content_type = type_of and ContentType.objects.get_for_model(type_of)
    record = StockRecord(name="Moscato", content_type=content_type, object_id=object_id)

    with pytest.raises(ValidationError) as refused:
        record.full_clean()

    assert set(refused.value.message_dict) == {"object_id"}


def test_a_type_that_has_gone_is_refused():
    record = StockRecord(content_type=ContentType.objects.create(app_label="gone", model="gone"), object_id="1")

    with pytest.raises(ValidationError) as refused:
        record.full_clean()

    assert set(refused.value.message_dict) == {"content_type"}


def test_a_record_may_name_a_product():
    record = StockRecord(product=make_bottle())

    record.full_clean()

    assert record.object_id == str(record.product.pk)


def test_a_record_may_name_none():
    record = StockRecord(name="Moscato", object_id="")

    record.full_clean()

    assert record.object_id is None
