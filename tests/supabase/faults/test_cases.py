"""Each fault against a read, an upsert and an insert: the error, the retries, leaked connections and tasks."""

import pytest

from sistema_os.supabase import ResponseError, TransportError
from tests.supabase.faults.cases import CASES, Case
from tests.supabase.faults.exchange import assert_keeps_quiet
from tests.supabase.faults.play import CALLS, played

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("call", CALLS)
async def test_each_fault_raises_its_error_is_retried_only_if_safe_and_leaks_nothing(case: Case, call: str) -> None:
    seen = await played(case, call)
    assert (type(seen.error) if seen.error else None, seen.requests) == case.expected[list(CALLS).index(call)]
    assert seen.leaked == 0
    assert seen.in_time
    if seen.error:
        assert isinstance(seen.error, TransportError | ResponseError)
        assert_keeps_quiet(seen.error)
        assert (seen.error.table, seen.error.operation) == ("hospedes", call)
        assert seen.error.attempt == seen.requests
    if case.lasts:
        assert seen.seconds >= case.deadline
        assert isinstance(seen.error, TimeoutError)
