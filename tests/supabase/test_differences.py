"""Where the client deliberately differs from PyPI `postgrest`, each with the reason. Elsewhere it does not."""

from decimal import Decimal
from enum import Enum

import pytest

from sistema_os.supabase import UnfilteredWrite, UsageError
from tests.supabase.recording import official, ours, table

pytestmark = pytest.mark.anyio
S = Enum("S", {"TI": "ti"}, type=str)
N = Enum("N", {"TWO": 2})
Kind = Enum("Kind", {"PLAIN": "plain", "MINIMAL": "minimal", "EXACT": "exact"}, type=str)


async def test_difference_an_unfiltered_update_or_delete_is_refused() -> None:
    """Reason: one forgotten filter would reach every row."""
    for build in (
        lambda c: table(c).update({"a": 1}),
        lambda c: table(c).delete(),
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


async def test_difference_no_value_of_a_filter_may_be_none_or_a_bare_text() -> None:
    """Reason: `like.None` compares with a text that nobody meant, and a text is a list of letters."""
    for build in (
        lambda c: table(c).select().like("a", None),
        lambda c: table(c).select().fts("a", None),
        lambda c: table(c).select().in_("a", None),
        lambda c: table(c).select().in_("a", "abc"),
        lambda c: table(c).select().contains("a", None),
        lambda c: table(c).select().sl("a", (1, None)),
        lambda c: c.rpc("f", {"a": None}, get=True),
    ):
        with pytest.raises(UsageError):
            await ours(build)


async def test_difference_an_order_or_a_limit_on_a_write_is_refused() -> None:
    """Reason: PostgREST 13 and later ignore them, and every matching row is written."""
    for build in (
        lambda c: table(c).update({"a": 1}).eq("a", 2).limit(1),
        lambda c: table(c).delete().eq("a", 2).order("a"),
        lambda c: table(c).delete().eq("a", 2).range(0, 4),
        lambda c: table(c).insert({"a": 1}).offset(1),
    ):
        with pytest.raises(UsageError, match="PostgREST 13"):
            await ours(build)


async def test_difference_maybe_single_on_a_write_lets_the_server_count() -> None:
    """Reason: the official client counts the rows when they are written already."""
    single = "application/vnd.pgrst.object+json"
    for build in (lambda c: table(c).delete().eq("a", 1).maybe_single(), lambda c: c.rpc("f", {}).maybe_single()):
        assert dict((await ours(build)).headers)["accept"] == single


async def test_difference_a_column_with_a_parameters_name_is_quoted() -> None:
    """Reason: `columns=eq.1` is no filter for PostgREST, and a delete would take every row."""
    names = ("select", "columns", "on_conflict", "order", "limit", "offset", "and", "or", "not")
    for name in names:
        sent = await ours(lambda c, name=name: table(c).select().eq(name, 1).eq(f"guests.{name}", 2))
        assert set(sent.query) >= {(f'"{name}"', "eq.1"), (f'guests."{name}"', "eq.2")}


async def test_difference_an_enum_member_stands_for_its_value() -> None:
    """Reason: the official client sends the member's name, `S.TI`, which matches nothing."""

    sent = await ours(
        lambda c: (
            table(c)
            .select(S.TI)
            .eq(S.TI, S.TI)
            .neq("n", N.TWO)
            .in_("l", [S.TI, N.TWO])
            .contains("t", [S.TI])
            .contains("j", {"k": S.TI, "n": N.TWO})
            .like("p", S.TI)
            .or_([("a", "eq", S.TI), ("b", "in", [S.TI, "x,y"]), ("c", "not.is", None)])
        )
    )
    assert set(sent.query) == {
        ("select", "ti"),
        ("ti", "eq.ti"),
        ("n", "neq.2"),
        ("l", "in.(ti,2)"),
        ("t", "cs.{ti}"),
        ("j", 'cs.{"k": "ti", "n": 2}'),
        ("p", "like.ti"),
        ("or", '(a.eq.ti,b.in.(ti,"x,y"),c.not.is.null)'),
    }
    assert (await ours(lambda c: table(c).insert({"a": S.TI, "b": [N.TWO], "c": 2**70}))).body == {
        "a": "ti",
        "b": [2],
        "c": 2**70,
    }
    assert (await ours(lambda c: c.rpc("f", {"a": N.TWO, S.TI: [S.TI]}, get=True))).query == (
        ("a", "2"),
        ("ti", "{ti}"),
    )
    assert (await ours(lambda c: table(c.schema(S.TI)).select().limit(1, foreign_table=S.TI))).query == (
        ("select", "*"),
        ("ti.limit", "1"),
    )
    assert ("ti.order", "a.asc") in (await ours(lambda c: table(c).select().order("a", foreign_table=S.TI))).query
    assert ("a", "plfts(ti).x") in (
        await ours(lambda c: table(c).select().text_search("a", "x", {"type": Kind.PLAIN, "config": S.TI}))
    ).query
    sent = await ours(
        lambda c: table(c).upsert([{S.TI: 1}], on_conflict=S.TI, returning=Kind.MINIMAL, count=Kind.EXACT)
    )
    assert set(sent.query) == {("columns", '"ti"'), ("on_conflict", "ti")}
    assert dict(sent.headers)["prefer"] == "count=exact,resolution=merge-duplicates,return=minimal"
    with pytest.raises(UsageError):
        await ours(lambda c: table(c).insert([{N.TWO: 1}]))


async def test_difference_not_null_is_sent_in_the_form_every_version_accepts() -> None:
    """Reason: PostgREST knows `is.not_null` from version 13 on."""
    assert ("a", "not.is.null") in (await ours(lambda c: table(c).select().is_("a", "not_null"))).query
    assert ("a", "is.null") in (await ours(lambda c: table(c).select().not_.is_("a", "not_null"))).query


async def test_difference_nan_is_refused() -> None:
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
