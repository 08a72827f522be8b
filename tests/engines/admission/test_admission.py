"""How many are let in, who is within, and what was used last."""

from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.admission import Buckets, Recent, Within


def test_a_bucket_is_full_at_first_and_fills_at_its_rate():
    buckets = Buckets()
    assert [buckets.take("a", 2, 3, 0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take("a", 2, 3, 0.5) for _ in range(2)] == [True, False]
    assert [buckets.take("a", 2, 3, 100) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 2, 3, 0)
    assert not buckets.take("none", 0, 0, 0)


def test_a_clock_that_goes_back_fills_nothing():
    buckets = Buckets()
    assert [buckets.take("a", 1, 1, 10), buckets.take("a", 1, 1, 5), buckets.take("a", 1, 1, 6)] == [True, False, True]


@given(st.lists(st.floats(0, 3), max_size=60), st.floats(0.1, 5), st.integers(1, 5))
def test_no_more_are_let_in_than_the_burst_and_what_the_rate_gives(pauses, rate, burst):
    buckets, now, admitted = Buckets(), 0.0, 0
    for pause in pauses:
        now += pause
        admitted += buckets.take("a", rate, burst, now)
        assert admitted <= burst + rate * now + 1e-6


def test_who_comes_again_is_known_until_gone_or_lost():
    within = Within(60)
    first = within.begin("a", 0, object)
    assert within.begin("a", 59, object) is first
    within.begin("b", 59, object)
    within.end("b")
    within.end("never came")
    within.begin("c", 60, object)
    assert within.begin("a", 60, object) is not first


def test_what_was_not_used_for_long_is_forgotten_first():
    recent = Recent(2)
    recent.keep("a", 1)
    recent.keep("b", 2)
    assert recent.get("a") == 1
    recent.keep("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
    recent.keep("a", 4)
    assert recent.get("a") == 4
