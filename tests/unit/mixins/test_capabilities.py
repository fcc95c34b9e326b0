import pytest

from nodewright.mixins.capabilities import meaning


@pytest.mark.parametrize(
    "said",
    ["cache", "Caching", "caches", "memoization", "MixinCaching", "  caching "],
)
def test_synonyms_of_caching_mean_the_same(said: str) -> None:
    assert meaning(said) == meaning("caching")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("health check", "health_monitoring"),
        ("HealthCheck", "health_monitoring"),
        ("event-bus", "event_publishing"),
        ("logs", "logging"),
        ("retries", "retry"),
        ("hashing", "hash_computation"),
        ("state machine", "state_machine"),
    ],
)
def test_words_of_a_prd_map_to_the_metadata(said: str, meant: str) -> None:
    assert meaning(said) == meaning(meant)


@pytest.mark.parametrize(
    ("one", "other"), [("caching", "logging"), ("metrics", "retry"), ("cat", "cache")]
)
def test_different_things_stay_different(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)


def test_nothing_means_nothing() -> None:
    assert meaning(" -- ") == ()
