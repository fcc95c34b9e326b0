import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nodewright.events import (
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitOpenError,
    CircuitState,
    EventEncodingError,
)

CONFIG = CircuitBreakerConfig(failure_threshold=3, recovery_timeout_ms=1000, success_threshold=2)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def works(value: int = 1, *, twice: bool = False) -> int:
    return value * (2 if twice else 1)


def raises(error: BaseException) -> Callable[[], Awaitable[None]]:
    async def function() -> None:
        raise error

    return function


async def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            await breaker.call(raises(ConnectionError()))


async def test_call_passes_arguments_and_result() -> None:
    assert await CircuitBreaker(CONFIG).call(works, 3, twice=True) == 6


async def test_opens_after_consecutive_failures_only() -> None:
    breaker = CircuitBreaker(CONFIG)
    await fail(breaker, 2)
    await breaker.call(works)
    await fail(breaker, 2)
    assert breaker.state is CircuitState.CLOSED
    await fail(breaker, 1)
    assert breaker.state is CircuitState.OPEN


async def test_open_circuit_says_when_to_try_again_and_calls_nothing() -> None:
    clock = Clock()
    breaker = CircuitBreaker(CONFIG, clock=clock)
    await fail(breaker, 3)
    clock.now = 0.4
    with pytest.raises(RuntimeError, match="OPEN") as caught:
        await breaker.call(raises(AssertionError("called")))
    assert isinstance(caught.value, CircuitOpenError)
    assert caught.value.retry_after == pytest.approx(0.6)


async def test_probes_close_or_open_it() -> None:
    clock = Clock()
    seen: list[tuple[CircuitState, CircuitState]] = []
    breaker = CircuitBreaker(CONFIG, clock=clock, on_change=lambda *change: seen.append(change))
    await fail(breaker, 3)
    clock.now = 1.0
    await fail(breaker, 1)
    assert breaker.state is CircuitState.OPEN
    clock.now = 1.9
    with pytest.raises(CircuitOpenError):
        await breaker.call(works)
    clock.now = 2.0
    await breaker.call(works)
    assert breaker.state is CircuitState.HALF_OPEN
    await breaker.call(works)
    assert breaker.state is CircuitState.CLOSED
    closed, opened, half = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
    assert seen == [
        (closed, opened),
        (opened, half),
        (half, opened),
        (opened, half),
        (half, closed),
    ]


async def test_payload_errors_and_cancellation_are_no_failures() -> None:
    clock = Clock()
    breaker = CircuitBreaker(CONFIG, clock=clock)
    for _ in range(5):
        with pytest.raises(EventEncodingError):
            await breaker.call(raises(EventEncodingError("bad")))
        with pytest.raises(asyncio.CancelledError):
            await breaker.call(raises(asyncio.CancelledError()))
    assert breaker.state is CircuitState.CLOSED
    await fail(breaker, 3)
    clock.now = 1.0
    for _ in range(5):  # neither may use up a probe
        with pytest.raises(EventEncodingError):
            await breaker.call(raises(EventEncodingError("bad")))
    await breaker.call(works)
    await breaker.call(works)
    assert breaker.state is CircuitState.CLOSED


async def test_time_out_is_a_failure() -> None:
    breaker = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1))
    with pytest.raises(TimeoutError):
        await breaker.call(asyncio.wait_for, asyncio.Event().wait(), 0.001)
    assert breaker.state is CircuitState.OPEN


async def test_ten_thousand_callers_in_half_open() -> None:
    clock = Clock()
    breaker = CircuitBreaker(CONFIG, clock=clock)
    await fail(breaker, 3)
    clock.now = 1.0
    inside, most, admitted = 0, 0, 0
    go_on = asyncio.Event()

    async def probe() -> None:
        nonlocal inside, most, admitted
        inside += 1
        admitted += 1
        most = max(most, inside)
        await go_on.wait()
        inside -= 1

    tasks = [asyncio.create_task(breaker.call(probe)) for _ in range(10_000)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert (admitted, most) == (2, 2)
    assert sum(isinstance(result, CircuitOpenError) for result in results) == 9_998
    assert breaker.state is CircuitState.CLOSED


async def test_late_results_of_an_earlier_state_are_ignored() -> None:
    clock = Clock()
    breaker = CircuitBreaker(CONFIG, clock=clock)
    early = breaker.admit()
    await fail(breaker, 3)
    breaker.succeeded(early)
    assert breaker.state is CircuitState.OPEN
    clock.now = 1.0
    breaker.admit()
    breaker.failed(early)
    assert breaker.state is CircuitState.HALF_OPEN


def test_threads_admit_exactly_the_probes() -> None:
    clock = Clock()
    config = CircuitBreakerConfig(failure_threshold=1, success_threshold=5)
    breaker = CircuitBreaker(config, clock=clock)
    breaker.failed(breaker.admit())
    clock.now = 100.0
    admitted: list[int] = []
    barrier = threading.Barrier(16)

    def ask() -> None:
        barrier.wait()
        for _ in range(50):
            try:
                admitted.append(breaker.admit())
            except CircuitOpenError:
                continue

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 5


@pytest.mark.parametrize("field", ["failure_threshold", "success_threshold"])
def test_configuration_is_checked(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        CircuitBreakerConfig(**{field: 0})


class BreakerMachine(RuleBasedStateMachine):
    """The breaker against a plain model of what is documented."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = CircuitBreaker(CONFIG, clock=self.clock)
        self.out: list[tuple[int, int]] = []  # (the model's era, the breaker's)
        self.era = self.failures = self.successes = self.probes = 0
        self.state = CircuitState.CLOSED
        self.opened = 0.0

    def become(self, state: CircuitState) -> None:
        self.state, self.era = state, self.era + 1
        self.failures = self.successes = self.probes = 0
        self.opened = self.clock.now

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def ask(self) -> None:
        if self.state is CircuitState.OPEN and self.clock.now - self.opened >= 1.0:
            self.become(CircuitState.HALF_OPEN)
        closed = self.state is CircuitState.CLOSED
        probing = self.state is CircuitState.HALF_OPEN and self.successes + self.probes < 2
        if closed or probing:
            self.probes += probing
            self.out.append((self.era, self.breaker.admit()))
        else:
            with pytest.raises(CircuitOpenError):
                self.breaker.admit()

    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "forget"]))
    def report(self, data: st.DataObject, outcome: str) -> None:
        if not self.out:
            return
        era, answer = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        getattr(self.breaker, outcome)(answer)
        if era != self.era:
            return
        if self.state is CircuitState.HALF_OPEN:
            self.probes -= 1
            if outcome == "failed":
                self.become(CircuitState.OPEN)
            elif outcome == "succeeded":
                self.successes += 1
                if self.successes == 2:
                    self.become(CircuitState.CLOSED)
        elif outcome == "succeeded":
            self.failures = 0
        elif outcome == "failed":
            self.failures += 1
            if self.failures == 3:
                self.become(CircuitState.OPEN)

    @invariant()
    def agree(self) -> None:
        assert self.breaker.state is self.state


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
