"""Request bodies: what is read, and what is refused by the name of its field before other code sees it."""

import json
import math
from io import BytesIO

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError, ValidationError

from lorikeet.http.json_parser import BodyTooLarge, RowParser, StrictJSONParser

FINITE = ["A number must be finite."]
NO_NULL = ["Null characters are not allowed."]
NO_SURROGATES = ["Lone surrogates are not allowed."]
NO_CARDS = ["Card numbers are not accepted here."]
TOO_DEEP = ["This is nested too deeply."]
CARD = "4242424242424242"


def parse(body):
    return StrictJSONParser().parse(BytesIO(body.encode() if isinstance(body, str) else body))


def refusal(body):
    """Return the messages of what is refused, by the path of the field."""
    with pytest.raises(ValidationError) as error:
        parse(body)
    path, detail = [], error.value.detail
    while isinstance(detail, dict):
        ((name, detail),) = detail.items()
        path.append(name)
    return {".".join(path): detail}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"a": [1, -2, 1.5, 1e3, true, false, null, "x"]}', {"a": [1, -2, 1.5, 1000.0, True, False, None, "x"]}),
        ('"Zo\\u00eb \\ud83c\\udf77"', "Zoë 🍷"),
        (" 5 ", 5),
        ("-0", 0),
        ("[]", []),
        ('{"": 1}', {"": 1}),
    ],
)
def test_json_is_read(body, value):
    assert parse(body) == value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(-(10.0**11), 10.0**11)
    | st.text("abcß🍷", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, database=None)
@given(json_values)
def test_any_rendered_json_is_read_as_it_was(value):
    assert parse(json.dumps(value)) == value


@pytest.mark.parametrize(
    "body",
    ["", "{", "{'a': 1}", "[1,]", "undefined", '"\n"', "\ufeff{}", "1 2", "01", ".5", "+1", "--1", '{"a" 1}'],
)
def test_text_that_is_no_json_is_refused(body):
    with pytest.raises(ParseError) as error:
        parse(body)

    assert str(error.value.detail).startswith("This is not JSON: ")


@pytest.mark.parametrize("body", [b'"\xff"', b'"\xed\xa0\x80"', '{"a": 1}'.encode("utf-16")])
def test_a_body_that_is_no_utf_8_is_refused(body):
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_that_is_nested_too_deeply_to_be_read_is_refused(opening):
    with override_settings(LORIKEET_MAX_BODY_BYTES=10**7), pytest.raises((ParseError, ValidationError)) as error:
        parse(opening * 200_000 + "1" + {"[": "]", '{"a":': "}"}[opening] * 200_000)

    assert "nested too deeply" in str(error.value.detail)


@override_settings(LORIKEET_MAX_BODY_DEPTH=3)
def test_the_depth_is_a_setting_and_the_refusal_names_the_field():
    assert parse('{"data": {"a": 1}}') == {"data": {"a": 1}}
    assert parse("[[1]]") == [[1]]
    assert refusal('{"data": {"a": {"b": 1}}}') == {"data.a.b": TOO_DEEP}
    assert refusal('{"data": {"a": [[]]}}') == {"data.a": TOO_DEEP}
    assert refusal("[[[1]]]") == {"non_field_errors": TOO_DEEP}


@override_settings(LORIKEET_MAX_BODY_VALUES=4)
def test_the_number_of_values_is_a_setting_and_the_refusal_names_the_field():
    many = ["A request holds at most 4 values."]

    assert parse('{"data": {"a": [1]}}') == {"data": {"a": [1]}}
    assert refusal('{"data": {"a": [1, 2]}}') == {"data.a": many}
    assert refusal('{"a": 1, "b": 2, "c": 3, "d": 4}') == {"non_field_errors": many}


@override_settings(LORIKEET_MAX_BODY_BYTES=10)
def test_a_body_is_read_up_to_its_limit_and_no_further():
    stream = BytesIO(b'"' + b"x" * 100 + b'"')

    assert parse('"' + "x" * 8 + '"') == "x" * 8
    with pytest.raises(BodyTooLarge) as error:
        StrictJSONParser().parse(stream)

    assert (error.value.status_code, str(error.value.detail)) == (413, "The request is larger than 10 bytes.")
    assert stream.tell() == 11


@pytest.mark.parametrize(
    ("body", "field"),
    [('{"a": 1, "a": 2}', "a"), ('{"data": {"b": 1, "c": 2, "b": 1}}', "b"), ('[{"a": 1, "a": 1}]', "a")],
)
def test_a_key_that_occurs_twice_is_named(body, field):
    assert refusal(body) == {field: ["This key occurs twice."]}


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 401, "-" + "9" * 401, "1." + "0" * 400]
)
def test_a_number_is_finite_and_of_sane_length(number):
    assert refusal(f'{{"quantity": {number}}}') == {"quantity": FINITE}


def test_a_number_as_long_as_the_longest_is_read():
    assert parse("9" * 400) == int("9" * 400)
    assert parse("-" + "9" * 399) == -int("9" * 399)
    assert math.isclose(parse("0." + "3" * 398), 1 / 3)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"a": "x\\u0000"}', {"a": NO_NULL}),
        ('{"a": "\\ud800"}', {"a": NO_SURROGATES}),
        ('{"a": "\\udfff x"}', {"a": NO_SURROGATES}),
        ('{"a": ["x", {"b": "\\u0000"}]}', {"a.b": NO_NULL}),
        ('{"data": {"a": "\\u0000"}}', {"data.a": NO_NULL}),
        ('{"data": {"a": {"b": "\\u0000"}}}', {"data.a.b": NO_NULL}),
        ('{"data": "\\u0000"}', {"data": NO_NULL}),
        ('{"x": {"a": "\\u0000"}}', {"x.a": NO_NULL}),
        ('"\\u0000"', {"non_field_errors": NO_NULL}),
        ('["\\ud800"]', {"non_field_errors": NO_SURROGATES}),
        ('{"a\\u0000": 1}', {"a\x00": NO_NULL}),
        ('{"data": {"\\ud800": 1}}', {"data.\\ud800": NO_SURROGATES}),
        ('{"Zo\\u00eb": "\\u0000"}', {"Zo\\xeb": NO_NULL}),
    ],
)
def test_text_that_no_database_holds_is_refused_by_its_field(body, detail):
    assert refusal(body) == detail


def test_the_name_of_a_field_is_cut_to_what_fits_in_a_header():
    assert list(refusal('{"%s": NaN}' % ("x" * 5000))) == ["x" * 100]


@pytest.mark.parametrize("text", [CARD, "4242/4242/4242/4242", f"card {CARD}, please"])
def test_text_that_holds_a_card_number_is_refused_and_not_repeated(text):
    assert refusal(f'{{"data": {{"name": "{text}"}}}}') == {"data.name": NO_CARDS}


def test_a_key_that_is_a_card_number_is_refused_and_not_repeated():
    assert refusal(f'{{"data": {{"name": {{"{CARD}": 1}}}}}}') == {"data.name": NO_CARDS}
    assert refusal(f'{{"{CARD}": 1}}') == {"non_field_errors": NO_CARDS}


@pytest.mark.parametrize("number", [CARD, f"-{CARD}", f"{CARD}.0", "4.242424242424242e15"])
def test_a_number_is_no_card_number(number):
    """It may be a key, or an amount in a small currency."""
    assert parse(f'{{"n": [{number}]}}') == {"n": [float(number)]}


@override_settings(LORIKEET_REFUSE_CARD_NUMBERS=False)
def test_a_shop_may_take_card_numbers():
    assert parse(f'{{"{CARD}": "{CARD}"}}') == {CARD: CARD}


def test_where_fields_are_known_they_say_what_they_take():
    body = f'{{"data": {{"name": "{CARD}"}}}}'

    assert RowParser().parse(BytesIO(body.encode())) == {"data": {"name": CARD}}


def test_there_too_a_key_is_none():
    with pytest.raises(ValidationError):
        RowParser().parse(BytesIO(f'{{"{CARD}": 1}}'.encode()))


def test_only_json_is_read():
    assert StrictJSONParser.media_type == "application/json"
