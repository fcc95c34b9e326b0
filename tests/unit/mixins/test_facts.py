from hypothesis import given
from hypothesis import strategies as st

from nodewright.mixins.facts import Profile, linearise, metaclasses_agree
from nodewright.mixins.inspection import facts, profile


@st.composite
def hierarchies(draw: st.DrawFn) -> tuple[list[type], list[type]]:
    """Classes with random bases among the earlier ones, and some of them to be combined."""
    classes: list[type] = []
    for number in range(draw(st.integers(2, 7))):
        bases = draw(st.lists(st.sampled_from(classes), unique=True, max_size=3)) if classes else []
        try:
            classes.append(type(f"C{number}", tuple(bases), {"__module__": "made"}))
        except TypeError:
            classes.append(type(f"C{number}", (), {"__module__": "made"}))
    return classes, draw(st.lists(st.sampled_from(classes), min_size=1, max_size=4))


@given(hierarchies())
def test_linearise_is_what_python_does(drawn: tuple[list[type], list[type]]) -> None:
    _, bases = drawn
    profiles = [profile(base)[0] for base in bases]
    try:
        real = type("Real", tuple(bases), {}).__mro__[1:]
    except TypeError:
        assert linearise(profiles) is None
    else:
        assert linearise(profiles) == tuple(f"{c.__module__}.{c.__qualname__}" for c in real)


def test_profiles_and_facts_survive_json() -> None:
    class Sample:
        """One line.

        More.
        """

        @property
        def fixed(self) -> int:
            return 1

        def __init__(self, wanted: int, *, flag: bool, other: int = 2) -> None:
            super().__init__()
            self.kept = wanted + flag + other

        def method(self, a: int, b: int = 1) -> None: ...

    taken, parents = profile(Sample)
    assert Profile.from_json(taken.to_json()) == taken
    assert taken.summary == "One line."
    (own,) = parents
    assert type(own).from_json(own.to_json()) == own
    assert own.readonly == {"fixed"}
    assert own.init_required == 2
    assert own.init_cooperative
    assert own.init_assigns == {"kept"}
    assert own.arity == {"method": (1, 2)}


def test_an_init_without_super_ends_the_chain() -> None:
    class Ends:
        def __init__(self) -> None:
            self.a = 1

    assert facts(Ends).has_init
    assert not facts(Ends).init_cooperative


def test_metaclasses_agree_like_python() -> None:
    class MetaA(type): ...

    class MetaB(type): ...

    class Plain: ...

    class A(metaclass=MetaA): ...

    class B(metaclass=MetaB): ...

    plain, a, b = (profile(cls)[0] for cls in (Plain, A, B))
    assert metaclasses_agree([plain, a])
    assert not metaclasses_agree([plain, a, b])
