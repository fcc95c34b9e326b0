"""The dashboard in Chromium: it loads, stays live, takes feedback, and is quiet."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from nodewright.monitoring import MetricType
from nodewright.storage import CodegenPersistence

from .conftest import Serve, Served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="Chromium (Debian's package) is not installed",
    ),
]

# Where screenshots for the documentation go; nowhere by default.
SCREENSHOTS = os.environ.get("NODEWRIGHT_SCREENSHOTS")


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser: "playwright.Browser") -> Iterator["playwright.Page"]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    made = context.new_page()
    complaints: list[str] = []
    made.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    context.close()
    assert complaints == []


@pytest.fixture
def served(serve: Serve, persistence: CodegenPersistence) -> Iterator[Served]:
    sync = persistence.sync
    for number in range(3):
        session = uuid4()
        for node in ("order_effect", "price_compute", "totals_reducer"):
            for phase, took in (("code_gen", 40), ("validation", 700)):
                sync.insert_performance_metric(
                    session,
                    node.rpartition("_")[2].upper(),
                    phase,
                    took + 30 * number,
                    parallel_execution=True,
                    worker_count=2,
                    metadata={"node": node, "passed": node != "totals_reducer" or number > 0},
                )
        sync.insert_performance_metric(
            session,
            "ALL",
            "total",
            1900 + 100 * number,
            parallel_execution=True,
            worker_count=2,
            metadata={"speedup": 2.6},
        )
    for number in range(60):
        sync.insert_event_processing_metric(
            "node.generated", "generator", 20 + number, number % 20 != 0
        )
        sync.record_pattern_feedback(
            uuid4(),
            ("crud", "aggregation", "orchestration")[number % 3],
            detected_confidence=0.4 + 0.01 * number,
            feedback_type="correct" if number % 60 > 5 else "incorrect",
        )
    sync.upsert_template_cache_metadata(
        "node_effect", "node", cache_key="k", file_path="/p", file_hash="0" * 64,
        load_time_ms=12, cache_hits=88, cache_misses=12,
    )  # fmt: skip
    mixins = ("MixinCaching", "MixinHealthCheck", "MixinLogging", "MixinMetrics", "MixinRetry")
    for place, first in enumerate(mixins):
        for second in mixins[place + 1 :]:
            for trial in range(4):
                worked = trial > 0 or first < "MixinL"
                sync.update_mixin_compatibility(first, second, "EFFECT", worked)
    sync.flush()
    with serve() as running:
        running.system.health.run()
        yield running


def test_the_page_loads_and_draws_its_charts(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live.")
    for name in ("latency", "throughput", "curve", "matrix"):
        drawn = page.locator(f"#chart-{name} svg.main-svg").first
        playwright.expect(drawn).to_be_visible()
    playwright.expect(page.locator("#numbers")).to_contain_text("2.6x")
    playwright.expect(page.locator("#numbers")).to_contain_text("88.0 %")
    playwright.expect(page.locator("#runs summary").last).to_contain_text("1 failed")
    if SCREENSHOTS:
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / "dashboard.png", full_page=True)


def test_a_recorded_metric_appears(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live.")
    served.system.record("load_seconds", 0.25, MetricType.HISTOGRAM, {"of": "<b>x</b>"})
    row = page.locator("#series tr", has_text="load_seconds")
    playwright.expect(row).to_contain_text("of=<b>x</b>")
    playwright.expect(row).to_contain_text("0.25")


def test_an_alert_appears_and_resolves(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live.")
    served.system.record("quality_score", 0.5, MetricType.GAUGE)
    alerts = page.locator("#alerts")
    said = "quality_score 50 % is below the critical threshold of 75 %"
    playwright.expect(alerts).to_contain_text(said)
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / "alert.png")
    served.system.record("quality_score", 0.9, MetricType.GAUGE)
    playwright.expect(alerts.locator("li.active", has_text="quality_score")).to_have_count(0)
    alerts.locator("summary").click()
    playwright.expect(alerts).to_contain_text("quality_score 90 % is no longer below")


def test_feedback_round_trips_by_keyboard(
    served: Served, page: "playwright.Page", persistence: CodegenPersistence
) -> None:
    page.goto(served.url)
    page.get_by_role("textbox", name="Detected pattern").focus()
    page.keyboard.type("crud <i>")
    page.keyboard.press("Tab")
    page.keyboard.type("incorrect")
    page.keyboard.press("Tab")
    page.keyboard.type("aggregation")
    page.keyboard.press("Tab")
    page.keyboard.type("0.7")
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_text("Your feedback is recorded.")).to_be_visible()
    playwright.expect(page.locator("#patterns")).to_contain_text("crud <i>")
    (row,) = persistence.sync.get_pattern_feedback("crud <i>")
    assert (row.feedback_type, row.actual_pattern) == ("incorrect", "aggregation")


def test_the_matrix_is_filtered(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    page.get_by_label("Mixin", exact=True).fill("retry")
    page.get_by_role("button", name="Filter").click()
    playwright.expect(page.locator("#matrix-title ~ details summary")).to_have_text(
        "4 pairs as a table"
    )


def test_it_is_readable_without_a_script(served: Served, browser: "playwright.Browser") -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url)
    playwright.expect(page.locator("#numbers")).to_contain_text("Parallel speed-up")
    playwright.expect(page.locator("#health")).to_contain_text("database")
    playwright.expect(page.get_by_text("10 pairs as a table")).to_be_visible()
    context.close()


def test_the_first_tab_skips_to_the_content(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    page.keyboard.press("Tab")
    playwright.expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("main")).to_be_focused()
