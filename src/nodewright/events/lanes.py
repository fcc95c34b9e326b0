"""Producer lanes: each is one librdkafka producer and one thread.

``BatchLane`` sends groups of records one after the other. librdkafka then reports only failures to
Python, which is what makes a batch cheap: a group is delivered when nothing is outstanding.
``SingleLane`` sends awaited single records without lingering; its thread gathers acknowledgements.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from nodewright.events.broker import Setting
from nodewright.events.encoding import Record, kafka_headers
from nodewright.events.errors import ClosedError
from nodewright.events.producer import ClosedProducer, KafkaProducer, make_producer
from nodewright.events.undelivered import (
    BYSTANDER,
    FATAL,
    REFUSALS,
    Failure,
    Message,
    failure_of,
    match,
)
from nodewright.logs import get_logger

_log = get_logger(__name__, "events")

_SLICE = 1000  # records between two looks at acknowledgements
_GROUP = 100_000  # records that are sent as one group at most, if more than one call waits
_OUTSTANDING = 200_000  # records in librdkafka at most
_POLL = 0.1  # seconds
_WATCH = 0.01  # seconds between two looks at a group on its way


class Shipment:
    """Records on their way. ``settle`` is called once, when each was delivered or failed."""

    __slots__ = ("_keys", "failures", "records")

    def __init__(self, records: Sequence[Record]) -> None:
        self.records: Sequence[Record] = records
        self.failures: list[Failure] = []
        self._keys: set[bytes | None] | None = None

    @property
    def withdrawn(self) -> bool:
        """Whether the caller has given up: what is not yet sent is not sent then."""
        return False

    @property
    def keys(self) -> set[bytes | None]:
        """The keys of the records."""
        if self._keys is None:
            self._keys = {record[2] for record in self.records}
        return self._keys


class _Lane[S: Shipment]:
    def __init__(
        self, name: str, settings: dict[str, Setting], settle: Callable[[list[S]], None]
    ) -> None:
        self._settle = settle
        self._settings = settings
        self._producer: KafkaProducer = make_producer(settings)
        self._swap = threading.Lock()  # held to produce from outside the lane's thread
        self._lock = threading.Condition()
        self._closing = False
        self._abandon = False
        self.progressed: float = time.monotonic()  # when the broker last answered
        self._thread = threading.Thread(target=self._run, name=f"kafka-{name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        raise NotImplementedError

    @property
    def busy(self) -> bool:
        """Whether anything is on its way here."""
        raise NotImplementedError

    def _note_progress(self) -> None:
        self.progressed = time.monotonic()

    def _renew(self) -> None:
        """Replace a producer that failed for good."""
        _log.error("events.producer.replaced", {"reason": "it failed for good"})
        fresh = make_producer(self._settings)
        with self._swap:
            old, self._producer = self._producer, fresh
        old.purge()
        old.flush(0.2)

    def close(self, *, abandon: bool) -> None:
        """Finish what is outstanding, or abandon it, and stop the thread."""
        with self._lock:
            self._closing = True
            self._abandon = self._abandon or abandon
            self._lock.notify()
        self._thread.join()
        # The producer ends here, and not when garbage is collected: that may be in a forked child.
        with self._swap:
            self._producer = ClosedProducer()


class BatchLane[S: Shipment](_Lane[S]):
    """Groups of records, one group after the other, with refused records isolated."""

    def __init__(
        self, name: str, settings: dict[str, Setting], settle: Callable[[list[S]], None]
    ) -> None:
        self._pending: deque[S] = deque()
        self._sending: list[S] = []
        self._errors: list[tuple[object, Message]] = []
        super().__init__(name, settings | {"delivery.report.only.error": True}, settle)

    def submit(self, shipment: S) -> None:
        """Queue ``shipment``; any thread.

        Raises:
            ClosedError: after ``close``.
        """
        with self._lock:
            if self._closing:
                raise ClosedError("this producer is closed")
            if not self._pending and not self._sending:
                self._note_progress()
            self._pending.append(shipment)
            self._lock.notify()

    @property
    def busy(self) -> bool:
        """Whether anything is on its way here."""
        return bool(self._pending or self._sending)

    def holds(self, key: bytes | None) -> bool:
        """Whether a record with ``key`` is on its way here."""
        with self._lock:
            return any(key in shipment.keys for shipment in (*self._sending, *self._pending))

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._pending and not self._closing:
                    self._lock.wait()
                if not self._pending:
                    break
                group, unwanted = self._take()
            if unwanted:
                self._settle(unwanted)
            if not group:
                continue
            records: Sequence[Record] = group[0].records
            if len(group) > 1:
                records = [record for shipment in group for record in shipment.records]
            failures = self._deliver(records)
            _assign(failures, group)
            if any(failure.code == FATAL for failure in failures):
                self._renew()
            with self._lock:
                self._sending = []
            self._settle(group)
        self._producer.purge()
        self._producer.flush(0.2)

    def _take(self) -> tuple[list[S], list[S]]:
        """The shipments to send now, and those that nobody wants any more."""
        group: list[S] = []
        unwanted: list[S] = []
        size = 0
        while self._pending and (not group or size + len(self._pending[0].records) <= _GROUP):
            shipment = self._pending.popleft()
            if shipment.withdrawn:
                reason = "the caller gave up"
                shipment.failures += [Failure(r, "_WITHDRAWN", reason) for r in shipment.records]
                unwanted.append(shipment)
            else:
                size += len(shipment.records)
                group.append(shipment)
        self._sending = group
        return group, unwanted

    def _deliver(self, records: Sequence[Record]) -> list[Failure]:
        """Send ``records``; send again, in ever smaller groups, those that a refusal took along."""
        failures = self._send(records)
        if len(records) == 1 or self._abandon:
            return failures
        final: list[Failure] = []
        bystanders: list[Record] = []
        suspects: list[Record] = []
        for failure in failures:
            if failure.code == BYSTANDER:
                bystanders.append(failure.record)
            elif failure.code in REFUSALS:
                # One culprit makes librdkafka accuse all of its request, two only themselves.
                suspects.append(failure.record)
            else:
                final.append(failure)
        if not suspects:
            suspects, bystanders = bystanders, []
        if bystanders:
            final += self._deliver(bystanders)
        middle = len(suspects) // 2
        for some in (suspects[:middle], suspects[middle:]):
            if some:
                final += self._deliver(some)
        return final

    def _send(self, records: Sequence[Record]) -> list[Failure]:
        """Hand ``records`` to librdkafka and wait until none is outstanding."""
        if self._abandon:
            return [
                Failure(record, "_PURGE_QUEUE", "the producer was closed") for record in records
            ]
        producer, failures = self._producer, []
        produce, on_delivery = producer.produce, self._on_delivery
        self._errors = []
        for start in range(0, len(records), _SLICE):
            for record in records[start : start + _SLICE]:
                topic, value, key, meta = record
                headers = None if meta is None else kafka_headers(record)
                try:
                    produce(topic, value, key, -1, on_delivery, None, 0, headers)
                except BufferError:
                    self._wait_for_room()
                    produce(topic, value, key, -1, on_delivery, None, 0, headers)
                except Exception as error:  # noqa: BLE001 - the record's fault: it alone fails
                    failures.append(failure_of(record, error))
            producer.poll(0)
            self._note_progress()
            if len(producer) > _OUTSTANDING:
                self._wait_for_room()
        outstanding = len(producer)
        while outstanding and not self._abandon:
            left = producer.flush(_WATCH)
            if left < outstanding:
                self._note_progress()
            outstanding = left
        if outstanding:
            producer.purge()
            producer.flush(1.0)
        return failures + match(self._errors, records)

    def _wait_for_room(self) -> None:
        limit = _OUTSTANDING // 2
        outstanding = len(self._producer)
        while outstanding > limit and not self._abandon:
            self._producer.poll(_WATCH)
            if len(self._producer) < outstanding:
                self._note_progress()
            outstanding = len(self._producer)

    def _on_delivery(self, error: object, message: Message) -> None:
        self._errors.append((error, message))


class SingleLane[S: Shipment](_Lane[S]):
    """Awaited single records: produced by the caller's thread, acknowledged by this one's."""

    def __init__(
        self, name: str, settings: dict[str, Setting], settle: Callable[[list[S]], None]
    ) -> None:
        self._acknowledged: deque[S] = deque()
        self._keys: dict[bytes | None, int] = {}
        self._keys_lock = threading.Lock()
        self._failed_for_good = False
        super().__init__(name, settings | {"linger.ms": 0}, settle)

    def submit(self, shipment: S) -> None:
        """Produce the records of ``shipment`` now; any thread.

        Raises:
            ClosedError: after ``close``.
        """
        if self._closing:
            raise ClosedError("this producer is closed")
        if not self._keys:
            self._note_progress()
        waiting = _Waiting(shipment, len(shipment.records))
        with self._keys_lock:
            for record in shipment.records:
                self._keys[record[2]] = self._keys.get(record[2], 0) + 1
        for record in shipment.records:
            topic, value, key, _ = record
            report = partial(self._report, waiting, record)
            try:
                with self._swap:
                    self._producer.produce(
                        topic, value, key, -1, report, None, 0, kafka_headers(record)
                    )
            except Exception as error:  # noqa: BLE001 - the record's fault, or a full queue
                if self._settles(waiting, record, error):
                    self._settle([shipment])

    @property
    def busy(self) -> bool:
        """Whether anything is on its way here."""
        return bool(self._keys)

    def holds(self, key: bytes | None) -> bool:
        """Whether a record with ``key`` is on its way here."""
        return key in self._keys

    def _report(
        self, waiting: "_Waiting[S]", record: Record, error: object, _message: object
    ) -> None:
        if self._settles(waiting, record, error):
            self._acknowledged.append(waiting.shipment)

    def _settles(self, waiting: "_Waiting[S]", record: Record, error: object) -> bool:
        """Note what became of ``record``; whether it was the last of its shipment."""
        if error is not None:
            failure = failure_of(record, error)
            waiting.shipment.failures.append(failure)
            self._failed_for_good = self._failed_for_good or failure.code == FATAL
        with self._keys_lock:
            left = self._keys[record[2]] - 1
            if left:
                self._keys[record[2]] = left
            else:
                del self._keys[record[2]]
            waiting.left -= 1
            return waiting.left == 0

    def _run(self) -> None:
        while True:
            self._producer.poll(_POLL)
            if self._acknowledged:
                self._note_progress()
                self._settle([self._acknowledged.popleft() for _ in range(len(self._acknowledged))])
            if self._failed_for_good:
                self._failed_for_good = False
                self._renew()
            if self._closing and (self._abandon or not len(self._producer)):
                break
        self._producer.purge()
        self._producer.flush(0.2)
        if self._acknowledged:
            self._settle(list(self._acknowledged))


class _Waiting[S: Shipment]:
    """How many records of a shipment are not yet accounted for."""

    __slots__ = ("left", "shipment")

    def __init__(self, shipment: S, left: int) -> None:
        self.shipment = shipment
        self.left = left


def _assign(failures: Sequence[Failure], shipments: Sequence[Shipment]) -> None:
    """Give each failure to the shipment whose record it is."""
    if not failures:
        return
    owner = {id(record): shipment for shipment in shipments for record in shipment.records}
    for failure in failures:
        owner[id(failure.record)].failures.append(failure)
