"""Metrics: what services measure is gathered, written, and neither lost nor counted twice."""

import msgspec
import pytest

from glasshouse.core.metrics import VALUES, Measures, Metrics
from glasshouse.core.store import Store

DIMENSIONS = {"QueueName": "orders", "Account": "1"}


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def metrics(store):
    return Metrics(store)


def measure(metrics: Metrics, value: float, now: float = 90.0, dimensions=None):
    metrics.add("1", "eu-west-1", "AWS/SQS", "Sent", "Count", dimensions or DIMENSIONS, now, value)


def written(store: Store) -> list[tuple]:
    return store.read("SELECT start, period, count, total, least, most, frequencies FROM metric_data").fetchall()


def test_values_of_one_minute_are_one_row(metrics, store):
    for value in (1.0, 4.0, 1.0):
        measure(metrics, value)
    metrics.flush()
    ((start, period, count, total, least, most, frequencies),) = written(store)
    assert (start, period, count, total, least, most) == (60, 60, 3.0, 6.0, 1.0, 4.0)
    assert msgspec.json.decode(frequencies) == {"1.0": 2, "4.0": 1}


def test_what_comes_later_in_the_minute_is_added(metrics, store):
    measure(metrics, 1.0)
    metrics.flush()
    measure(metrics, 3.0, now=119.9)
    measure(metrics, 5.0, now=120.0)
    metrics.flush()
    assert [(row[0], row[2], row[3]) for row in written(store)] == [(60, 2.0, 4.0), (120, 1.0, 5.0)]


def test_the_order_of_dimensions_does_not_matter(metrics, store):
    measure(metrics, 1.0)
    measure(metrics, 2.0, dimensions=dict(reversed(DIMENSIONS.items())))
    metrics.flush()
    assert [row[3] for row in written(store)] == [3.0]


def test_a_flush_that_is_rolled_back_loses_and_doubles_nothing(metrics, store):
    measure(metrics, 1.0)
    metrics.flush()
    measure(metrics, 2.0)
    with pytest.raises(ZeroDivisionError), store.transaction():
        metrics.flush()
        raise ZeroDivisionError
    assert [row[3] for row in written(store)] == [1.0]
    metrics.flush()
    assert [row[3] for row in written(store)] == [3.0]


def test_many_different_values_are_kept_by_their_first_digits():
    measures = Measures()
    for value in range(1, 1001):
        measures.add(value)
    assert measures.count == 1000
    assert measures.total == 500500
    assert (measures.least, measures.most) == (1, 1000)
    assert len(measures.frequencies) <= VALUES
    assert sum(measures.frequencies.values()) == 1000
