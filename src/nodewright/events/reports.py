"""What became of calls: told to the caller, to the circuit breaker and to the counts."""

import asyncio
from collections import Counter

from nodewright.events.breaker import CircuitBreaker, CircuitState
from nodewright.events.errors import PublishTimeoutError
from nodewright.events.publisher import Call
from nodewright.events.relay import Relay


class Reports:
    """Reports of one optimizer's calls.

    Args:
        breaker: is told what says something about the broker. An ``era`` below is its answer when
            the call was admitted; None: the call went past it, to the spool.
        timeout: seconds that a call without the spool waits.
    """

    def __init__(self, breaker: CircuitBreaker, timeout: float) -> None:
        self.counts: Counter[str] = Counter()
        self._breaker = breaker
        self._timeout = timeout

    def conclude(self, call: Call, era: int | None) -> None:
        """Report a call without the spool; raise what went wrong."""
        if call.problem is not None:
            raise call.problem
        if not call.expired:
            self._report(call, era)
            if call.failures and (error := call.error) is not None:
                raise error
            return
        self.counts["failed"] += len(call.records)
        if era is not None:
            self._breaker.failed(era)
        raise PublishTimeoutError(
            f"no acknowledgement of {len(call.records)} event(s) from Kafka in "
            f"{self._timeout:g} s; they may still arrive, under the same "
            "ids; set durable=True to keep events that the broker cannot take now"
        )

    def conclude_durable(self, relay: Relay, call: Call, era: int | None) -> None:
        """Report a call whose events are safe in the spool; raise what the broker refused."""
        if call.problem is not None:
            raise call.problem
        if not call.handed_on:
            self.counts["spooled"] += len(call.records)
            self.forget(era)
        elif not call.expired:
            self._report(call, era)
            if call.failures and (refusal := call.refusal) is not None:
                raise refusal
        else:
            relay.divert()
            self.counts["spooled"] += len(call.records)
            self._judge_later(call, era)

    def _judge_later(self, call: Call, era: int | None) -> None:
        """Tell the breaker later about a call that its caller does not wait for."""
        if era is None:
            return
        if self._breaker.state is CircuitState.CLOSED:
            asyncio.get_running_loop().call_later(self._timeout, self._judge, call, era)
        else:
            self._breaker.failed(era)  # a probe has to answer at once

    def forget(self, era: int | None) -> None:
        """A call says nothing about the broker: it was cancelled, or its own fault."""
        if era is not None:
            self._breaker.forget(era)

    def _judge(self, call: Call, era: int) -> None:
        """Tell the breaker what became of a call whose caller did not wait so long."""
        if call.left:
            self._breaker.failed(era)
        else:
            self._report(call, era)

    def _report(self, call: Call, era: int | None) -> None:
        """Tell breaker and counts what became of a settled call."""
        if not call.failures:
            self.counts["published"] += len(call.records)
            if era is not None:
                self._breaker.succeeded(era)
            return
        refused, broken = len(call.refused), len(call.broken)
        self.counts["refused"] += refused
        self.counts["failed"] += broken
        self.counts["published"] += len(call.records) - refused - broken
        if era is None:
            return
        if broken:
            self._breaker.failed(era)
        else:
            self._breaker.forget(era)
