"""The file format of spool and dead letters: frames, each with its own CRC.

A frame is ``MAGIC``, the CRC-32 of all that follows in it, the body's length, and the body:
lengths of topic, key and meta, then topic, key, meta and value (see ``encoding.Record``). A
reader that meets a broken frame finds the next whole one by its magic and its CRC.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from nodewright.events.encoding import Record
from nodewright.events.errors import EventEncodingError

MAGIC = b"\xabNWF"
_PREFIX = struct.Struct("<4sII")  # magic, crc, length of the body
_LENGTH = struct.Struct("<I")
_BODY = struct.Struct("<HHH")  # lengths of topic, key, meta
_CHECK = struct.Struct("<4sI")  # magic, crc
_CHECKED = struct.Struct("<IHHH")  # length of the body, and the body's beginning
_NONE = 0xFFFF
MAX_BODY = 16 * 1024 * 1024  # a length beyond this is a broken frame, not a large event
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame: where it ends in the file, and its record."""

    end: int
    record: Record


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes ``start`` to ``end`` of a file that are no frames."""

    start: int
    end: int


def encode_frames(records: Iterable[Record]) -> bytes:
    """``records`` as frames.

    Raises:
        EventEncodingError: when a topic, key or record is longer than a frame takes.
    """
    parts: list[bytes] = []
    append, crc32, pack_check, pack = parts.append, zlib.crc32, _CHECK.pack, _CHECKED.pack
    topic_before, name = "", b""
    for topic, value, maybe_key, maybe_meta in records:
        if topic is not topic_before:
            topic_before, name = topic, topic.encode()
        key, meta = maybe_key or b"", maybe_meta or b""
        key_size = _NONE if maybe_key is None else len(key)
        meta_size = _NONE if maybe_meta is None else len(meta)
        size = _BODY.size + len(name) + len(key) + len(meta) + len(value)
        if size > MAX_BODY or len(name) >= _NONE or len(key) >= _NONE or len(meta) >= _NONE:
            raise EventEncodingError(
                f"an event for topic {topic[:100]!r} is too large for the spool: {size:,} bytes in "
                f"all, {len(key):,} of them the key; at most {MAX_BODY:,} and {_NONE - 1:,}"
            )
        checked = b"".join((pack(size, len(name), key_size, meta_size), name, key, meta, value))
        append(pack_check(MAGIC, crc32(checked)))
        append(checked)
    return b"".join(parts)


def read_frames(file: BinaryIO, start: int, end: int) -> Iterator[Frame | Damage]:
    """Frames and damage between two offsets of ``file``, in order, in constant memory.

    What is cut off by ``end`` is damage too: a torn tail.
    """
    buffer, base, position = b"", start, 0  # buffer holds the file from offset base
    damaged_from: int | None = None
    while base + position < end:
        need = _PREFIX.size
        if len(buffer) - position >= need:
            magic, _, length = _PREFIX.unpack_from(buffer, position)
            if magic == MAGIC and _BODY.size <= length <= MAX_BODY:
                need += length
        if len(buffer) - position < need and base + len(buffer) < end:
            buffer = buffer[position:]
            base, position = base + position, 0
            file.seek(base + len(buffer))
            more = file.read(min(max(_CHUNK, need - len(buffer)), end - base - len(buffer)))
            if more:
                buffer += more
                continue
            end = base + len(buffer)  # the file is shorter than promised
        frame = _parse(buffer, position, base)
        if frame is not None:
            if damaged_from is not None:
                yield Damage(damaged_from, base + position)
                damaged_from = None
            position = frame.end - base
            yield frame
            continue
        if damaged_from is None:
            damaged_from = base + position
        following = buffer.find(MAGIC, position + 1)
        tail = max(position + 1, len(buffer) - len(MAGIC) + 1)
        position = following if following >= 0 else tail
    if damaged_from is not None:
        yield Damage(damaged_from, end)


def _parse(buffer: bytes, position: int, base: int) -> Frame | None:
    body_at = position + _PREFIX.size
    if len(buffer) < body_at:
        return None
    magic, crc, length = _PREFIX.unpack_from(buffer, position)
    stop = body_at + length
    if magic != MAGIC or length < _BODY.size or len(buffer) < stop:
        return None
    if zlib.crc32(memoryview(buffer)[body_at - _LENGTH.size : stop]) != crc:
        return None
    topic_size, key_size, meta_size = _BODY.unpack_from(buffer, body_at)
    key_at = body_at + _BODY.size + topic_size
    meta_at = key_at + (0 if key_size == _NONE else key_size)
    value_at = meta_at + (0 if meta_size == _NONE else meta_size)
    if value_at > stop:
        return None
    try:
        topic = buffer[body_at + _BODY.size : key_at].decode()
    except UnicodeDecodeError:
        return None
    key = None if key_size == _NONE else buffer[key_at:meta_at]
    meta = None if meta_size == _NONE else buffer[meta_at:value_at]
    return Frame(base + stop, (topic, buffer[value_at:stop], key, meta))
