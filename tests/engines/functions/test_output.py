"""Output as events: lines and frames, however the bytes come."""

from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.functions.output import LONGEST_BYTES, Line, Output


def frame(text: str, moment: float = 5.0) -> bytes:
    data = text.encode()
    return b"\xa5\x5a\x00\x03" + len(data).to_bytes(4) + int(moment * 1e6).to_bytes(8) + data


def test_lines_are_events():
    output = Output()
    assert output.feed(b"one\ntw", 1.0) == [Line(1.0, "one\n")]
    assert output.feed(b"o\n\n", 2.0) == [Line(2.0, "two\n"), Line(2.0, "\n")]
    assert output.flush(3.0) == []


def test_what_has_no_newline_is_an_event_at_the_end():
    output = Output()
    assert output.feed(b"half", 1.0) == []
    assert output.flush(2.0) == [Line(2.0, "half\n")] and output.flush(3.0) == []


def test_a_frame_is_one_event_with_a_time_of_its_own():
    output = Output()
    assert output.feed(b"before" + frame("a\nb\n", 7.5) + b"after\n", 8.0) == [
        Line(8.0, "before\n"), Line(8.0, "a\nb\n"), Line(8.0, "after\n"),
    ]  # fmt: skip
    assert output.feed(frame("later", 9.25), 10.0) == [Line(9.25, "later\n")]


def test_a_frame_may_come_in_pieces():
    output, whole = Output(), frame("a\nb")
    for byte in whole[:-1]:
        assert output.feed(bytes([byte]), 1.0) == []
    assert output.feed(whole[-1:], 1.0) == [Line(5.0, "a\nb\n")]


def test_an_endless_line_is_cut():
    output = Output()
    lines = output.feed(b"x" * (2 * LONGEST_BYTES + 10), 1.0) + output.flush(1.0)
    assert [len(line.text) for line in lines] == [LONGEST_BYTES + 1, LONGEST_BYTES + 1, 11]


def test_what_is_no_text_is_replaced():
    assert Output().feed(b"\xff\n", 1.0) == [Line(1.0, "\ufffd\n")]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(st.booleans(), texts), max_size=12), st.integers(1, 9))
def test_however_the_bytes_are_cut_the_events_are_the_same(messages, size):
    data = b"".join(frame(text) if framed else f"{text}\n".encode() for framed, text in messages)
    whole, pieces = Output(), Output()
    expected = [line.text for line in whole.feed(data, 1.0)]
    found = []
    for start in range(0, len(data), size):
        found += [line.text for line in pieces.feed(data[start : start + size], 1.0)]
    assert found == expected == [f"{text}\n" for _, text in messages]
