from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodewright.events.commits import Commits

SPANS = 12  # of ten bytes each


@given(order=st.permutations(range(SPANS)), saved=st.integers(0, SPANS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_what_is_done_is_remembered(tmp_path: Path, order: list[int], saved: int) -> None:
    path = tmp_path / "commits"
    path.unlink(missing_ok=True)
    commits = Commits(path)
    for number in order[:saved]:
        commits.add(number * 10, number * 10 + 10)
        commits.save()
    commits.close()
    reopened = Commits(path)
    done = set(order[:saved])
    undone = {
        number
        for start, end in reopened.undone(0, SPANS * 10)
        for number in range(start // 10, end // 10)
    }
    assert undone == set(range(SPANS)) - done
    first = min(set(range(SPANS)) - done, default=SPANS)
    assert reopened.watermark == first * 10
    reopened.close()


def test_torn_slot_falls_back_to_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "commits"
    commits = Commits(path)
    for end in (10, 20, 30):
        commits.add(end - 10, end)
        commits.save()
    commits.close()
    content = bytearray(path.read_bytes())
    newest = 32 * 1024  # the third save went to the second slot
    content[newest + 10] ^= 0xFF
    path.write_bytes(content)
    reopened = Commits(path)
    assert reopened.watermark == 20
    reopened.close()
