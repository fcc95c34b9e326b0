"""The order of calls that share keys while some of them wait to be handed over."""

import asyncio
from collections.abc import Callable, Iterable

Keys = Callable[[], Iterable[bytes | None]]


class Turns:
    """The calls of one event loop that are not yet handed over to a producer or to the spool.

    A call that is handed over at once needs no turn, as long as none is open.
    """

    def __init__(self) -> None:
        self.open: int = 0
        self._last: dict[bytes, Turn] = {}  # key -> the last turn that has it
        self._alone: Turn | None = None  # nobody has asked for its keys yet

    def begin(self, keys: Keys) -> "Turn":
        """A turn behind all earlier ones that share a key with it.

        Args:
            keys: gives the keys of the call; it is asked only if another call comes meanwhile,
                since the keys of a large batch take long to collect.
        """
        turn = Turn(self, keys)
        self.open += 1
        if self.open == 1:
            self._alone = turn
        else:
            if self._alone is not None:
                self._place(self._alone)
                self._alone = None
            self._place(turn)
        return turn

    def _place(self, turn: "Turn") -> None:
        turn.placed = {key for key in turn.ask_keys() if key is not None}
        for key in turn.placed:
            earlier = self._last.get(key)
            if earlier is not None:
                turn.before[earlier] = None
            self._last[key] = turn

    def end(self, turn: "Turn") -> None:
        """Forget ``turn``."""
        self.open -= 1
        if self._alone is turn:
            self._alone = None
        for key in turn.placed:
            if self._last[key] is turn:
                del self._last[key]


class Turn:
    """The place of one call: it comes when all earlier calls with one of its keys have left."""

    def __init__(self, turns: Turns, keys: Keys) -> None:
        self.ask_keys: Keys = keys
        self.placed: set[bytes] = set()
        self.before: dict[Turn, None] = {}
        self._turns = turns
        self._left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handing: asyncio.Future[None] | None = None

    async def come(self) -> None:
        """Wait until no earlier call stands before this one."""
        for earlier in self.before:
            if not earlier._left.done():  # noqa: SLF001 - of the same class
                # Whoever is cancelled while waiting must not cancel what others wait for.
                await asyncio.shield(earlier._left)  # noqa: SLF001

    def leave_with(self, handing: "asyncio.Future[None]") -> None:
        """Leave when ``handing``, which another thread does, is done; not before."""
        self._handing = handing
        handing.add_done_callback(lambda _: self.leave())

    def leave(self) -> None:
        """The call is handed over, or given up: those behind it may come."""
        if self._left.done() or (self._handing is not None and not self._handing.done()):
            return
        for earlier in self.before:
            if not earlier._left.done():  # noqa: SLF001
                # Given up while it waited: those behind it must not pass those before it.
                earlier._left.add_done_callback(lambda _: self.leave())  # noqa: SLF001
                return
        self.before.clear()
        self._turns.end(self)
        self._left.set_result(None)
