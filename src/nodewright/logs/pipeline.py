"""The way of each entry in this process: whether it is kept, how it is cleaned, where it goes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from nodewright.logs.output import Output, StderrOutput
from nodewright.logs.redaction import Redaction, Redactor

if TYPE_CHECKING:
    from nodewright.logs.sampling import Sampler


class Pipeline:
    """What `configure_logging` sets, in the form in which an entry needs it.

    Each change replaces one object by another, so threads that log meanwhile need no lock.

    Attributes:
        redactor: takes the secrets out.
        safe_keys: the redactor's; an entry asks for them most.
        sampler: says which entries are left out; None keeps all.
        with_locals: whether the frames of exceptions show local variables.
        special: whether something is set that the fast way of an entry does not know.
        output: where entries go.
        write: its method.
        own_handlers: how many handlers of the root logger of `logging` are this room's own.
        clock: the last millisecond seen, in nanoseconds since 1970, and how its entries start.
    """

    __slots__ = (
        "_second",
        "clock",
        "output",
        "own_handlers",
        "redactor",
        "safe_keys",
        "sampler",
        "special",
        "with_locals",
        "write",
    )

    def __init__(self) -> None:
        self.redactor: Redactor = Redactor()
        self.safe_keys: set[str] = self.redactor.safe_keys
        self.sampler: Sampler | None = None
        self.with_locals: bool = False
        self.special: bool = False
        self.output: Output = StderrOutput()
        self.write: Callable[[bytes], None] = self.output.write
        self.own_handlers: int = 0
        self.clock: tuple[int, bytes] = (-1_000_000, b"")
        self._second = (-1, "")

    def send_to(self, output: Output) -> Output:
        """Send entries to ``output`` from now on; gives back what was used before."""
        before, self.output, self.write = self.output, output, output.write
        return before

    def clean_by(self, rules: Redaction) -> None:
        """Use other rules of redaction from now on."""
        self.redactor = Redactor(rules)
        self.safe_keys = self.redactor.safe_keys
        self._weigh()

    def sample_by(self, sampler: "Sampler | None") -> None:
        """Ask ``sampler`` about each entry from now on; None admits all."""
        self.sampler = sampler
        self._weigh()

    def tick(self, moment: int) -> tuple[int, bytes]:
        """The millisecond of ``moment`` and how its entries start, kept for its other entries."""
        millis = moment // 1_000_000
        second, text = self._second
        if millis // 1000 != second:
            second = millis // 1000
            text = datetime.fromtimestamp(second, UTC).isoformat()[:19]
            self._second = (second, text)
        start = f'{{"timestamp":"{text}.{millis % 1000:03d}'.encode()
        self.clock = clock = (millis * 1_000_000, start)
        return clock

    def _weigh(self) -> None:
        self.special = self.sampler is not None or not self.redactor.usual


# A process has one, as it has one standard error.
PIPELINE: Final = Pipeline()
