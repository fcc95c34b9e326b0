import io

from hypothesis import given, settings
from hypothesis import strategies as st

from nodewright.events.encoding import Record
from nodewright.events.segments import Damage, Frame, encode_frames, read_frames

RECORDS = st.lists(
    st.tuples(
        st.text("abc.-", min_size=1, max_size=20),
        st.binary(max_size=300) | st.just(b"\xabNWF" * 5),
        st.none() | st.binary(max_size=40),
        st.none() | st.binary(max_size=40),
    ),
    min_size=1,
    max_size=12,
)


def read(data: bytes, start: int = 0) -> tuple[list[Record], list[Damage]]:
    items = list(read_frames(io.BytesIO(data), start, len(data)))
    frames = [item for item in items if isinstance(item, Frame)]
    damage = [item for item in items if isinstance(item, Damage)]
    # Frames and damage together cover the data, without gap or overlap.
    position = start
    for item in items:
        if isinstance(item, Damage):
            assert item.start == position
        assert item.end > position
        position = item.end
    assert position == len(data)
    return [frame.record for frame in frames], damage


@given(RECORDS)
def test_what_is_written_is_read(records: list[Record]) -> None:
    assert read(encode_frames(records)) == (records, [])


@given(RECORDS, st.data())
def test_torn_tail_costs_only_the_torn_frame(records: list[Record], data: st.DataObject) -> None:
    whole = encode_frames(records)
    cut = data.draw(st.integers(0, len(whole) - 1))
    found, damage = read(whole[:cut])
    assert found == records[: len(found)]
    assert len(encode_frames(records[: len(found) + 1])) > cut
    assert len(damage) <= 1


@given(RECORDS, st.data())
@settings(max_examples=300)
def test_flipped_bit_costs_only_its_frame(records: list[Record], data: st.DataObject) -> None:
    whole = bytearray(encode_frames(records))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    ends = [len(encode_frames(records[: n + 1])) for n in range(len(records))]
    hit = next(n for n, end in enumerate(ends) if bit // 8 < end)
    found, damage = read(bytes(whole))
    assert found == records[:hit] + records[hit + 1 :]
    assert len(damage) == 1


@given(st.binary(max_size=2000), RECORDS)
@settings(max_examples=200)
def test_garbage_is_passed_over(garbage: bytes, records: list[Record]) -> None:
    found, _ = read(garbage + encode_frames(records))
    assert found[-len(records) :] == records or garbage.rfind(b"\xabNWF") >= 0


def test_frames_larger_than_the_buffer() -> None:
    records: list[Record] = [("t", bytes([n]) * 3_000_000, b"k", None) for n in range(4)]
    assert read(encode_frames(records)) == (records, [])
