"""Where the client deliberately differs from PyPI `postgrest`, each with the reason. Elsewhere it does not."""

from decimal import Decimal

import pytest

from sistema_os.supabase import UnfilteredWrite, UsageError
from tests.supabase.recording import official, ours, table

pytestmark = pytest.mark.anyio


async def test_difference_an_unfiltered_update_or_delete_is_refused() -> None:
    """Reason: one forgotten filter would reach every row."""
    for build in (
        lambda c: table(c).update({"a": 1}),
        lambda c: table(c).delete(),
        lambda c: table(c).delete().limit(1),
    ):
        with pytest.raises(UnfilteredWrite):
            await ours(build)


async def test_difference_an_upsert_of_rows_with_different_columns_is_refused() -> None:
    """Reason: `columns=` would overwrite stored values with NULL and answer 200."""
    for build in (
        lambda c: table(c).upsert([{"id": 1, "a": 1}, {"id": 2, "b": 2}]),
        lambda c: table(c).insert([{"id": 1, "a": 1}, {"id": 2, "b": 2}], upsert=True),
    ):
        with pytest.raises(UsageError, match="upsert_many"):
            await ours(build)


async def test_difference_a_comparison_with_none_is_refused() -> None:
    """Reason: `eq.null` compares with the text 'null', so nothing matches, silently."""
    for build in (
        lambda c: table(c).select().eq("a", None),
        lambda c: table(c).select().in_("a", [1, None]),
        lambda c: table(c).select().match({"a": None}),
    ):
        with pytest.raises(UsageError, match="is_"):
            await ours(build)


async def test_difference_nan_is_refused_by_name() -> None:
    """Reason: the official client's ValueError comes from deep inside json; ours says what would be lost."""
    with pytest.raises(UsageError, match="NaN"):
        await ours(lambda c: table(c).insert({"a": {"b": [float("nan")]}}))


async def test_difference_an_empty_or_padded_value_in_a_list_is_quoted() -> None:
    """Reason: `in.()` is the empty list, and PostgREST drops the blanks before an unquoted value."""
    sent = await ours(lambda c: table(c).select().in_("a", ["", " x"]))
    assert ("a", 'in.(""," x")') in sent.query


async def test_difference_a_repeated_value_of_a_list_is_sent_once() -> None:
    """Reason: a long list is split over requests, and a value in two of them would double its rows."""
    sent = await ours(lambda c: table(c).select().in_("a", [1, 2, 1]))
    assert ("a", "in.(1,2)") in sent.query


async def test_difference_a_column_already_in_quotes_stays_as_it_is() -> None:
    """Reason: the official client has no way to name a column with a dot."""
    sent = await ours(lambda c: table(c).select().eq('"a.b"', 1))
    assert ('"a.b"', "eq.1") in sent.query


async def test_difference_the_last_limit_offset_or_select_counts() -> None:
    """Reason: sent twice, which one the server takes is not defined."""
    sent = await ours(lambda c: table(c).select("a").limit(1).limit(2).offset(3).range(4, 5).select("b"))
    assert dict(sent.query) == {"limit": "2", "offset": "4", "select": "b"}
    assert len(sent.query) == 3


async def test_difference_delete_has_no_body() -> None:
    """Reason: the official client sends `{}`, which has no meaning and which some gateways refuse."""
    mine, theirs = [await side(lambda c: table(c).delete().eq("id", 1)) for side in (ours, official)]
    assert (mine.body, theirs.body) == (None, {})
    assert mine[:3] == theirs[:3]


async def test_difference_an_integer_beyond_64_bits_and_a_decimal_are_written() -> None:
    """Reason: `numeric` columns hold them; the official client refuses a Decimal."""
    sent = await ours(lambda c: table(c).insert({"a": 2**70, "b": Decimal("0.10")}))
    assert sent.body == {"a": 2**70, "b": "0.10"}
