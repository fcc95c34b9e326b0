"""What an operation brings about on another thing."""

from tests.unit.reading.marina import DATA, is_read, note, only, read

from nodewright.spec.model import Change, Create, State, Update

PAYMENT = DATA + "### Payment\n\n- payment_id: uuid\n- stay: reference to Stay\n- sum: decimal\n\n"


def test_the_record_that_is_referred_to_changes() -> None:
    found = read(
        "The desk can record a payment.",
        "When a payment is recorded, the stay is marked as confirmed.",
        data=PAYMENT,
    )
    assert is_read(found, 2)
    (change,) = only(found, Create).effects
    assert isinstance(change, Change)
    assert str(change.where) == "stay_id == this.stay"
    assert [(each.name, str(each.value)) for each in change.set] == [("status", "'confirmed'")]


def test_a_record_that_refers_to_it_changes() -> None:
    found = read(
        "Skippers can be updated.",
        "When a skipper is updated, the stays are marked as cancelled.",
    )
    (change,) = only(found, Update).effects
    assert isinstance(change, Change)
    assert str(change.where) == "skipper == this.skipper_id"


def test_without_a_link_it_stays_open() -> None:
    found = read(
        "The desk can register a skipper.",
        "When a skipper is registered, the gull is marked as fed.",
    )
    assert note(found, 2).state is State.OPEN
