"""Which words are reported as hard to read, and which are not."""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "words.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the commands of the checkout are not here")


@pytest.fixture
def look(tmp_path, monkeypatch, capsys):
    """Return a function that looks for words in a text, and returns the exit status and what is printed."""
    monkeypatch.chdir(tmp_path)
    main = runpy.run_path(str(SCRIPT))["main"]

    def look(text):
        Path("prose.rst").write_text(text, encoding="utf-8")
        return main(["prose.rst"]), capsys.readouterr().out

    return look


def test_a_word_of_the_list_is_reported_with_its_line_and_what_to_write_instead(look):
    status, printed = look("The shopper pays.\nThen he waits, and Nobody is asked.\n")

    assert status == 1
    assert printed == (
        "prose.rst:2: 'Nobody': name the role: shopper, worker, provider, staff, caller, host, client\n"
        "prose.rst:2: 'he': they, their, or the role\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "The shopper pays, then they wait.",
        "``NO_ONE`` and ``for_anybody`` are names, as is ``NO_CART``.",
        "See https://shop.example/nobody?by=whoever and docs/he/his.rst.",
        "A stand-in for the theme of this shop.",
    ],
    ids=["plain", "identifier", "address", "part of a word"],
)
def test_what_is_not_prose_is_not_reported(look, text):
    assert look(text) == (0, "The words are plain.\n")


def test_words_that_people_search_for_must_be_in_the_documentation():
    missing = runpy.run_path(str(SCRIPT))["missing"]

    reported = missing(["variant, VAT, fulfilment, webhook, currency", "3-D Secure, idempotency, refund"])

    assert reported == ["docs: 'guest checkout' is nowhere; people search for it"]
