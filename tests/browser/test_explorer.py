"""The threshold explorer in a real browser: its numbers against Python's, its address, keyboard, paper, no script."""

from __future__ import annotations

import importlib.util
import math
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

REPORT = Path(__file__).parents[1] / "report"
OVERALL = (
    "true_positive", "false_positive", "false_negative", "true_negative", "precision", "recall", "specificity", "f1",
    "accuracy", "balanced_accuracy", "mcc", "selection_rate", "alerts_per_1000", "cost", "cost_per_1000",
)  # fmt: skip
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value", "accuracy")
READ = """() => {
  const root = document.querySelector('.explorer'), all = (s, r = root) => [...r.querySelectorAll(s)];
  const figures = (cells) => Object.fromEntries(cells.map(
    c => [c.dataset.figure, [c.dataset.value, c.firstChild.textContent]]));
  return {
    state: root.dataset.state,
    overall: figures(all('[data-figure]').filter(c => !c.closest('[data-group]'))),
    groups: all('[data-group]').map(r => figures(all('[data-figure]', r))),
    gaps: all('[data-feature]').map(r => all('[data-metric]', r).map(c =>
      [c.dataset.metric, c.dataset.value, c.dataset.ratio, c.dataset.judged])),
    gates: all('[data-gate]').map(r => [r.dataset.verdict, ...all('[data-low]', r).flatMap(c =>
      [c.dataset.value, c.dataset.low, c.dataset.high])]),
  };
}"""
GO = f"""(address) => new Promise(done => {{
  addEventListener('hashchange', () => done(({READ})()), {{once: true}});
  location.hash = address;
}})"""


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """The explorer's figures in Python and the page that shows them, of a run with customers and unknown levels."""
    from appliedml.report import blocks
    from appliedml.report.discovery import ReportRun
    from appliedml.report.explorer import ExplorerData
    from appliedml.report.html import render_html
    from appliedml.report.sections.thresholds import Thresholds

    spec = importlib.util.spec_from_file_location("browser_explorer_run", REPORT / "_explorer_run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("explorer")
    run = module.explorer_run(folder / "run")
    sections = (
        blocks.Section("verdict", "Verdict", tuple(blocks.Text("Words. " * 400) for _ in range(6))),
        blocks.Section("thresholds", "Threshold explorer", tuple(Thresholds().blocks(ReportRun(run)))),
        blocks.Section("fairness", "Fairness", tuple(blocks.Text("Words. " * 400) for _ in range(6))),
    )
    path = folder / "page.html"
    path.write_text(render_html(blocks.Document("Claims", "Audit", sections)), encoding="utf-8")
    return ExplorerData.of(run), path


@contextmanager
def opened(browser, path, address="", **options):
    context = browser.new_context(
        offline=True, reduced_motion="reduce", viewport={"width": 1280, "height": 900}, **options
    )
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(path.as_uri() + address)
    yield page
    context.close()


def equal(shown, value):
    return shown == "" if math.isnan(value) else shown != "" and float(shown) == pytest.approx(value, abs=1e-12)


def shown_rate(name, one):
    """A group's rate as the page shows it: none of fewer than five rows."""
    n, positives, selected = one["n"], one["n_positive"], one["n_selected"]
    behind = {
        "selection_rate": 0 if 0 < selected < 5 else n, "true_positive_rate": positives, "accuracy": n,
        "false_positive_rate": n - positives, "positive_predictive_value": selected,
    }[name]  # fmt: skip
    return math.nan if behind < 5 else one[name]


def compare(found, expected, data, shown):
    for name in OVERALL:
        assert equal(found["overall"][name][0], float(expected["overall"][name])), name
    groups = expected["groups"][data.features[shown].name]
    assert len(found["groups"]) == len(groups)
    for cells, (level, one) in zip(found["groups"], groups.items(), strict=True):
        for name in ("n", "n_positive", "n_selected"):
            assert equal(cells[name][0], math.nan if 0 < one[name] < 5 else one[name]), (level, name)
        for name in RATES:
            assert equal(cells[name][0], shown_rate(name, one)), (level, name)
    for cells, gaps in zip(found["gaps"], expected["gaps"].values(), strict=True):
        for name, gap, ratio, judged in cells:
            one = gaps[name]
            assert equal(gap, one["gap"]) and equal(ratio, one["ratio"]), name
            assert judged == f"{one['n_groups']}/{one['n_groups'] + one['n_too_small']}"
    for (verdict, *ends), gate in zip(found["gates"], expected["gates"], strict=True):
        assert verdict == gate["verdict"]
        for text, name in zip(ends, ("value", "low", "high"), strict=True):
            assert equal(text, gate[name])


def test_twenty_thresholds_give_pythons_numbers_for_every_group(browser, explored):
    data, path = explored
    places = np.linspace(0, len(data.thresholds) - 1, 20).astype(int)
    with opened(browser, path) as page:
        for place in places:
            expected = data.figures(float(data.thresholds[place]), 7.5)
            for shown, feature in enumerate(data.features):
                key = feature.name if feature.name.isidentifier() else shown + 1
                found = page.evaluate(GO, f"explore?t={data.labels[place]}&cost=7.5&show={key}")
                compare(found, expected, data, shown)
        assert page.complaints == []


def test_thresholds_of_their_own_for_each_group_give_pythons_numbers(browser, explored):
    data, path = explored
    with opened(browser, path) as page:
        for by, own in (("sex", (0.2, 0.4, 0.31)), ("age_band", (0.5, 0.3, 0.1))):
            levels = next(feature.levels for feature in data.features if feature.name == by)
            expected = data.figures(dict(zip(levels, own, strict=True)), by=by)
            for shown, feature in enumerate(data.features):
                key = feature.name if feature.name.isidentifier() else shown + 1
                found = page.evaluate(GO, f"explore?by={by}&t={'_'.join(map(str, own))}&show={key}")
                compare(found, expected, data, shown)
        assert "no interval: a point estimate is not enough" in page.locator("[data-gate='1']").inner_text()
        assert page.complaints == []


def test_it_opens_at_the_median_of_the_folds_with_the_run_beside_it_and_the_table_folded(browser, explored):
    data, path = explored
    with opened(browser, path) as page:
        found = page.evaluate(READ)
        compare(found, data.figures(float(data.thresholds[data.start])), data, 0)
        run = data.figures(None)["overall"]
        assert equal(found["overall"]["run_recall"][0], run["recall"])
        assert page.locator(".explorer + details").evaluate("item => item.open") is False
        assert page.evaluate("[scrollY, location.hash]") == [0, ""]
        assert page.complaints == []


def test_numbers_are_written_as_python_writes_them(browser, explored):
    from appliedml.report.values import number, percent, whole

    data, path = explored
    with opened(browser, path) as page:
        for place in range(0, len(data.thresholds), 12):
            found = page.evaluate(GO, f"explore?t={data.labels[place]}&cost=0.0625")
            for name, (value, text) in found["overall"].items():
                if name.startswith("run_") and name not in ("run_selection_rate", "run_cost"):
                    continue
                form = percent if "selection" in name else whole if name in OVERALL[:4] else number
                assert text == form(float(value) if value else math.nan), (name, value)


def test_an_address_is_a_view_that_a_colleague_sees(browser, explored):
    data, path = explored
    with opened(browser, path, "#explore?t=0.42&cost=3&show=age_band") as page:
        assert page.evaluate("scrollY") > 500
        assert page.locator("[data-control=ratio]").input_value() == "3"
        assert page.locator("[data-control=show] option:checked").inner_text() == "age_band"
        compare(page.evaluate(READ), data.figures(0.42, 3), data, 1)
        page.goto(path.as_uri() + "#section-fairness")
        assert page.evaluate("location.hash") == "#section-fairness"


@pytest.mark.parametrize(
    "address",
    ["t=&cost=&show=", "t=x_y&by=nobody&cost=-3&show=99", "t=1e999&cost=NaN", "by=sex&t=0.3", "<script>&t=%", "t=9"],
)
def test_an_address_that_makes_no_sense_breaks_nothing(browser, explored, address):
    _, path = explored
    with opened(browser, path, f"#explore?{address}") as page:
        assert page.evaluate(READ)["overall"]["recall"][0] != ""
        assert page.complaints == []


def test_the_keyboard_moves_the_slider_and_the_address_follows(browser, explored):
    data, path = explored
    with opened(browser, path) as page:
        slider = page.locator(".explorer input[type=range]").first
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        wanted = data.start + 2
        assert slider.get_attribute("aria-valuetext").startswith(data.labels[wanted])
        # Not page.wait_for_function: the page's policy forbids what that does.
        for _ in range(50):
            if page.evaluate("location.hash.startsWith('#explore?')"):
                break
            page.wait_for_timeout(50)
        assert f"t={data.labels[wanted]}&" in page.evaluate("location.hash")
        assert "Precision" in page.locator(".explorer [role=status]").inner_text()
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type("0.2")
        page.keyboard.press("Tab")
        compare(page.evaluate(READ), data.figures(0.2), data, 0)
        page.get_by_role("button", name="Reset").press("Enter")
        compare(page.evaluate(READ), data.figures(float(data.thresholds[data.start])), data, 0)


def test_arrow_keys_on_a_slider_change_the_numbers_shown(browser, explored):
    data, path = explored
    last = len(data.thresholds) - 1
    with opened(browser, path) as page:
        page.locator(".explorer input[type=range]").first.focus()
        shown = []
        for key, place in (("ArrowRight", data.start + 1), ("ArrowDown", data.start), ("Home", 0), ("End", last)):
            page.keyboard.press(key)
            found = page.evaluate(READ)
            compare(found, data.figures(float(data.thresholds[place])), data, 0)
            shown.append(found["overall"]["alerts_per_1000"][1])
            assert page.get_by_label("Threshold, Threshold for everybody").input_value() == data.labels[place]
        assert len(set(shown)) == 4, "each key gives other numbers"


def test_arrow_keys_on_a_groups_slider_change_that_group_alone(browser, explored):
    data, path = explored
    with opened(browser, path) as page:
        page.locator("[data-control=by]").select_option(label="one threshold for each group of sex")
        page.get_by_role("slider", name="M", exact=True).focus()
        for _ in range(7):
            page.keyboard.press("ArrowRight")
        own = dict.fromkeys(("F", "M", "unknown"), float(data.thresholds[data.start]))
        own["M"] = float(data.thresholds[data.start + 7])
        compare(page.evaluate(READ), data.figures(own, by="sex"), data, 0)


def fill_in(page, box, text):
    """Put a text into a field by keyboard, and stay there."""
    box.focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


@pytest.mark.parametrize("text", ["-3", "-0.5", "", "-"])
def test_a_cost_ratio_that_cannot_be_is_refused_in_words_and_the_last_one_stays(browser, explored, text):
    data, path = explored
    at, beside = (float(data.thresholds[data.start + step]) for step in (0, 1))
    with opened(browser, path) as page:
        box = page.locator("[data-control=ratio]")
        said = page.locator(f"#{box.get_attribute('aria-describedby')}")
        fill_in(page, box, "7")
        assert box.get_attribute("aria-invalid") is None and said.is_hidden()
        fill_in(page, box, text)
        page.keyboard.press("Tab")

        assert box.get_attribute("aria-invalid") == "true"
        assert "must be a number of 0 or more" in said.inner_text() and "7 stays in use" in said.inner_text()
        assert (f"not {text}:" in said.inner_text()) is (text not in ("", "-"))
        compare(page.evaluate(READ), data.figures(at, 7), data, 0)
        assert "cost=7" in page.locator(".explorer").get_attribute("data-state")
        page.locator(".explorer input[type=range]").first.press("ArrowRight")
        compare(page.evaluate(READ), data.figures(beside, 7), data, 0)
        assert said.is_visible(), "what cannot be used stays marked until it is mended"
        fill_in(page, box, "0")
        assert box.get_attribute("aria-invalid") is None and said.is_hidden()
        compare(page.evaluate(READ), data.figures(beside, 0), data, 0)
        fill_in(page, box, text)
        page.get_by_role("button", name="Reset").press("Enter")
        assert (box.get_attribute("aria-invalid"), box.input_value()) == (None, "5") and said.is_hidden()
        assert page.complaints == []


@pytest.mark.parametrize("text", ["7", "-0.1", ""])
def test_a_threshold_that_cannot_be_is_refused_and_the_last_one_stays(browser, explored, text):
    data, path = explored
    with opened(browser, path) as page:
        box = page.get_by_label("Threshold, Threshold for everybody")
        said = page.locator(f"#{box.get_attribute('aria-describedby')}")
        fill_in(page, box, text)
        page.keyboard.press("Tab")

        assert box.get_attribute("aria-invalid") == "true"
        assert f"{data.labels[data.start]} stays in use" in said.inner_text()
        compare(page.evaluate(READ), data.figures(float(data.thresholds[data.start])), data, 0)
        page.locator(".explorer input[type=range]").first.press("ArrowRight")
        assert (box.get_attribute("aria-invalid"), box.input_value()) == (None, data.labels[data.start + 1])
        assert said.is_hidden() and page.complaints == []


def test_a_decision_that_calls_nobody_carries_a_warning(browser, explored):
    data, path = explored
    assert data.figures(1.0)["overall"]["selection_rate"] == 0
    with opened(browser, path) as page:
        line, slider = page.locator("[data-warning]"), page.locator(".explorer input[type=range]").first
        status = page.locator(".explorer [role=status]")
        assert line.is_hidden()
        slider.press("End")
        assert line.is_visible()
        assert "Nobody is called: precision cannot be computed; recall is 0." in line.inner_text()
        for _ in range(40):  # it is told a moment later, once the slider rests
            if status.inner_text():
                break
            page.wait_for_timeout(50)
        assert status.inner_text().startswith("Nobody is called")
        slider.press("Home")
        assert line.is_hidden()


def test_a_share_is_rounded_neither_to_none_nor_to_all_and_a_policy_may_be_met_by_nobody(browser, explored, tmp_path):
    from appliedml.report import blocks
    from appliedml.report.html import render_html
    from appliedml.report.values import percent

    block = sys.modules["explorer_demo"].explorer()
    everybody = {"name": "all", "positive": [-2, 1, -1], "negative": [1, 16_000, -2], "run": [1, 0, 1]}
    gate = {
        "name": "ranking", "metric": "roc_auc", "subset": "all", "rule": "at least 0.5", "kind": "kept",
        "at_least": 0.5, "at_most": None, "on_value": False, "waived": False, "verdict": "pass",
        "run": [0.9, 0.8, 0.95], "feature": -1, "group": -1, "low": [], "high": [],
    }  # fmt: skip
    data = {**block.data, "all": {**everybody, "compared": True}, "gates": [gate], "verdict": "pass"}
    section = blocks.Section("thresholds", "Threshold explorer", (blocks.Explorer(block.table, data),))
    path = tmp_path / "page.html"
    path.write_text(render_html(blocks.Document("D", "s", (section,))), encoding="utf-8")
    wanted = {"0": (16_002, "100.0 %"), "0.2": (16_001, "99.99 %"), "0.5": (1, "0.01 %"), "1": (0, "0.0 %")}
    with opened(browser, path) as page:
        for threshold, (n, text) in wanted.items():
            value, shown = page.evaluate(GO, f"explore?t={threshold}")["overall"]["selection_rate"]
            assert (float(value), shown) == (n / 16_002, text)
            assert percent(n / 16_002) == text
        line = page.locator("[data-warning]").inner_text()
        assert line.endswith("The policy is met all the same: none of its gates asks that anybody be called.")
        assert page.complaints == []


def test_groups_get_sliders_of_their_own_with_labels(browser, explored):
    _, path = explored
    with opened(browser, path) as page:
        page.locator("[data-control=by]").select_option(label="one threshold for each group of sex")
        assert page.locator(".explorer .slider label").all_inner_texts() == ["F", "M", "unknown"]
        unnamed = page.evaluate(
            "[...document.querySelectorAll('.explorer :is(input, select)')]"
            ".filter(i => !i.labels.length && !i.ariaLabel).length"
        )
        assert unnamed == 0


def test_a_link_can_be_copied_or_taken_by_hand(browser, explored):
    _, path = explored
    with opened(browser, path) as page:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('locked down')); }")
        page.get_by_role("button", name="Copy link").click()
        link = page.get_by_label("Link to this view")
        assert link.is_visible() and "#explore?t=0.31&cost=5" in link.input_value()


def test_without_a_script_the_table_stands_open_and_nothing_dead_is_shown(browser, explored):
    _, path = explored
    with opened(browser, path, java_script_enabled=False) as page:
        assert page.locator(".explorer").is_hidden()
        assert page.locator(".explorer + details table").is_visible()
        assert page.locator("section input, section button").count() == 0


def test_on_paper_the_table_shows_and_the_sliders_do_not(browser, explored):
    _, path = explored
    with opened(browser, path) as page:
        page.emulate_media(media="print")
        assert page.locator(".explorer").is_hidden()
        assert page.evaluate("document.querySelector('.explorer + details table').getBoundingClientRect().height") > 100


@pytest.mark.parametrize("width", [360, 800])
def test_it_fits_a_narrow_screen(browser, explored, width):
    _, path = explored
    with opened(browser, path) as page:
        page.set_viewport_size({"width": width, "height": 740})
        page.locator("[data-control=by]").select_option(label="one threshold for each group of sex")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_static_table_is_sorted_by_threshold_although_one_has_a_remark(browser, explored):
    _, path = explored
    with opened(browser, path) as page:
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        table = page.locator("table", has=page.locator("caption", has_text="What some thresholds would mean"))
        press = table.locator("thead th").first.get_by_role("button")
        for reverse in (False, True):
            press.click()
            texts = table.locator("tbody tr > :first-child").all_text_contents()
            values = [float(text.split()[0]) for text in texts]
            assert len(values) > 10 and any("median of the folds" in text for text in texts)
            assert values == sorted(values, reverse=reverse)
