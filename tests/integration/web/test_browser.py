"""The dashboard in Chromium: it loads, stays live, takes feedback, and is quiet."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from nodewright.monitoring import MetricType
from nodewright.runs.recording import Recorder
from nodewright.storage import CodegenPersistence

from .conftest import RUN, Serve, Served, summary_of_a_run

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
def page(
    browser: "playwright.Browser", request: pytest.FixtureRequest
) -> Iterator["playwright.Page"]:
    """A page whose console stays quiet; it draws charts only for tests that are marked so."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    made = context.new_page()
    if not (SCREENSHOTS or request.node.get_closest_marker("charts")):
        made.route("**/static/plotly.js", lambda route: route.fulfill(body=""))
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
        session = uuid4() if number < 2 else RUN
        for node in ("order_effect", "price_compute", "totals_reducer"):
            for phase, took in (("code_gen", 40), ("validation", 700)):
                sync.insert_performance_metric(
                    session,
                    node.rpartition("_")[2].upper(),
                    phase,
                    took + 30 * number,
                    parallel_execution=True,
                    worker_count=2,
                    metadata={"node": node, "passed": node != "totals_reducer" or number < 2},
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
    Recorder(persistence).report(RUN, summary_of_a_run())
    sync.database.execute(  # over the hour, not all at once
        """UPDATE event_processing_metrics
        SET created_at = created_at - (processing_duration_ms - 20) * interval '55 s'"""
    )
    with serve() as running:
        running.system.health.run()
        yield running


@pytest.mark.charts
def test_the_page_loads_and_draws_its_charts(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live")
    for name in ("latency", "throughput", "curve", "matrix"):
        drawn = page.locator(f"#chart-{name} svg.main-svg").first
        playwright.expect(drawn).to_be_visible()
    playwright.expect(page.locator("#numbers")).to_contain_text("2.6x")
    playwright.expect(page.locator("#numbers")).to_contain_text("88.0 %")
    runs = page.locator("#runs")
    playwright.expect(runs).to_contain_text("2 of 3 delivered")
    playwright.expect(runs.get_by_role("row").last).to_contain_text("passed")
    if SCREENSHOTS:
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / "dashboard.png", full_page=True)


def test_a_recorded_metric_appears(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live")
    served.system.record("load_seconds", 0.25, MetricType.HISTOGRAM, {"of": "<b>x</b>"})
    row = page.locator("#series tr", has_text="load_seconds")
    playwright.expect(row).to_contain_text("of=<b>x</b>")
    playwright.expect(row).to_contain_text("0.25")


def test_an_alert_appears_and_resolves(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live")
    served.system.record("quality_score", 0.5, MetricType.GAUGE)
    alerts = page.locator("#alerts")
    said = "quality_score 50 % is below the critical threshold of 75 %"
    playwright.expect(alerts).to_contain_text(said)
    if SCREENSHOTS:
        drawn = page.locator("#chart-throughput svg.main-svg").first
        playwright.expect(drawn).to_be_visible()
        page.screenshot(path=Path(SCREENSHOTS) / "alert.png")
    served.system.record("quality_score", 0.9, MetricType.GAUGE)
    playwright.expect(alerts.locator("li.active", has_text="quality_score")).to_have_count(0)
    alerts.locator("summary").click()
    playwright.expect(alerts).to_contain_text("quality_score 90 % is no longer below")


def test_feedback_round_trips_by_keyboard(
    served: Served, page: "playwright.Page", persistence: CodegenPersistence
) -> None:
    page.goto(served.url)
    page.get_by_role("combobox", name="Detected pattern").focus()
    page.keyboard.type("oauth2")
    page.keyboard.press("Tab")
    page.keyboard.type("incorrect")
    page.keyboard.press("Tab")
    page.keyboard.type("aggregation")
    page.keyboard.press("Tab")
    page.keyboard.type("0.7")
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_text("Your feedback is recorded.")).to_be_visible()
    playwright.expect(page.locator("#patterns")).to_contain_text("oauth2")
    (row,) = persistence.sync.get_pattern_feedback("oauth2")
    assert (row.feedback_type, row.actual_pattern) == ("incorrect", "aggregation")


def test_the_matrix_is_filtered(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live")
    said = page.locator("#part-matrix summary")
    playwright.expect(said).to_have_text("10 pairs as a table")
    page.evaluate("window.loadedOnce = true")
    page.get_by_label("Mixin", exact=True).fill("retry")
    playwright.expect(said).to_have_text("4 pairs as a table")
    assert page.evaluate("window.loadedOnce")
    page.reload()
    playwright.expect(said).to_have_text("4 pairs as a table")
    playwright.expect(page.get_by_label("Mixin", exact=True)).to_have_value("retry")


def test_the_threshold_curve_is_of_the_pattern_chosen(
    served: Served, page: "playwright.Page"
) -> None:
    page.goto(served.url)
    playwright.expect(page.locator("#connection")).to_have_text("Live")
    page.get_by_role("combobox", name="Pattern", exact=True).select_option("crud")
    part = page.locator("#part-curve")
    playwright.expect(part.locator("caption")).to_have_text("crud")
    part.get_by_text("As a table").click()
    playwright.expect(part.get_by_role("row", name="0.90 100.0 % 15.0 %")).to_be_visible()


@pytest.mark.charts
def test_charts_follow_the_colour_scheme(served: Served, page: "playwright.Page") -> None:
    page.goto(served.url)
    legend = page.locator("#chart-throughput .legendtext").first
    playwright.expect(legend).to_have_css("fill", "rgb(23, 33, 43)")
    page.emulate_media(color_scheme="dark")
    playwright.expect(legend).to_have_css("fill", "rgb(230, 236, 241)")
    if SCREENSHOTS:
        matrix = page.locator("#chart-matrix svg.main-svg").first
        playwright.expect(matrix).to_be_visible()
        page.locator("#runs-title").scroll_into_view_if_needed()
        page.screenshot(path=Path(SCREENSHOTS) / "dark.png")


def test_a_run_shows_its_plan_and_report_and_leads_to_the_form(
    served: Served, page: "playwright.Page"
) -> None:
    page.goto(served.url)
    row = page.locator("#runs tr", has_text="Order desk")
    playwright.expect(row).to_contain_text("2 of 3 delivered")
    row.get_by_role("link", name="Order desk").click()
    playwright.expect(page.get_by_role("heading", level=1)).to_have_text("Order desk")
    effect = page.get_by_role("article", name="NodeOrderEffect")
    playwright.expect(effect).to_contain_text("FR-1.1")
    playwright.expect(effect.get_by_role("row", name="processes passed")).to_be_visible()
    reducer = page.get_by_role("article", name="NodeTotalReducer")
    playwright.expect(reducer).to_contain_text("not delivered")
    playwright.expect(reducer).to_contain_text("the total of an empty day is 0, not None")
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / "run.png", full_page=True)
    page.get_by_role("link", name="crud").click()
    playwright.expect(page.get_by_role("combobox", name="Detected pattern")).to_have_value("crud")
    session = page.get_by_label("Session, if known")
    playwright.expect(session).to_have_value(str(RUN))


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
