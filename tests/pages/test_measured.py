"""Measured numbers as tables, from made-up documents: metrics of any name, tables, and runs that have none."""

import pytest

import recorded
from deltas.core import jsonfile
from deltas.pages import document, measured, render
from deltas.runs.experiment import Experiment, Run
from deltas.runs.metrics import Metric, Metrics
from webpage import Page, record


def number(shown: str, n: int = 3) -> dict:
    return {"n": n, "mean": 1.0, "sd": 0.1, "values": [1.0] * n, "shown": shown, "shown_mean": shown}


def stage(*runs: dict, headline: str | None = None, **declared: dict) -> dict:
    """Return the part of a stage's document that is about numbers."""
    return {
        "stage": "09-tools", "number": 9, "experiment": "x", "baseline": {"seeds": [1]}, "claims": [],
        "headline": headline, "metrics": declared, "legend": ["± is a deviation.", "The tasks are a sample, too."],
        "runs": [{"run": name, "metrics": metrics, "names": None} for run in runs for name, metrics in run.items()],
    }  # fmt: skip


TOOLS = stage(
    {"with-tools": {"solved": number("93.1 ± 0.4"), "loss.names": number("1.9"), "loss.sums": number("0.4"),
                    "calls": number("12")}},
    {"without": {"solved": number("41.0 ± 2.0", 5), "loss.names": number("1.8")}},
    {"later": {}},
    headline="solved",
    solved={"says": "tasks solved", "unit": "%", "table": ""},
    loss={"says": "loss by domain", "unit": "nats per character", "table": "domain"},
)  # fmt: skip


def test_a_run_is_a_row_and_a_metric_that_is_a_table_has_its_own():
    plain, loss = measured.tables(TOOLS)
    assert [column.name for column in plain.columns] == ["n", "solved", "calls"]
    assert [(row.run, *row.cells) for row in plain.rows] == [
        ("with-tools", "3", "93.1 ± 0.4", "12"),
        ("without", "5", "41.0 ± 2.0", "–"),
        ("later", "not measured", "not measured", "not measured"),
    ]
    assert (loss.name, loss.says, loss.by) == ("loss", "loss by domain, nats per character", "domain")
    assert [column.name for column in loss.columns] == ["names", "sums"]
    assert [(row.run, *row.cells) for row in loss.rows] == [
        ("with-tools", "1.9", "0.4"),
        ("without", "1.8", "–"),
        ("later", "not measured", "not measured"),
    ]


def test_cells_that_most_runs_lack_are_listed_run_by_run():
    tasks = stage(
        {
            "sums": {
                "right.10": number("40"),
                "right.2": number("90"),
                "lost.2": number("0.1"),
                "lost.10": number("0.4"),
            }
        },
        {"walk": {"right.hot": number("70"), "lost.hot": number("0.2"), "lost.cold": number("0.3")}},
        {"facts": {"right.new": number("1"), "lost.new": number("3")}},
        {"later": {}},
        right={"says": "right answers", "unit": "%", "table": "label"},
        lost={"says": "loss", "unit": "nats", "table": "label"},
    )
    _, listed = measured.tables(tasks)
    assert listed.listed and [column.name for column in listed.columns] == ["label", "right", "lost"]
    assert [(row.run, *row.cells) for row in listed.rows] == [
        ("sums", "2", "90", "0.1"),
        ("sums", "10", "40", "0.4"),
        ("walk", "cold", "–", "0.3"),
        ("walk", "hot", "70", "0.2"),
        ("facts", "new", "1", "3"),
    ]
    page = Page(render.fragment("measured", tasks, "runs"))
    assert "A row for each label of each run. – means that the number does not apply to the run." in page.text
    assert [tag["aria-label"] for tag in page.of("div")] == ["runs of 09-tools", "label of 09-tools"]


def test_what_does_not_apply_is_not_what_was_not_measured():
    page = Page(render.fragment("measured", TOOLS, "runs"))
    assert page.words.count("does not apply") == 2 and page.words.count("not measured") == 5
    assert page.text.count("– means that the number does not apply to the run.") == 2
    assert "does not apply" not in Page(render.fragment("measured", stage({"a": {}, "b": {}}), "runs")).text


def test_each_table_stands_on_the_page_with_its_words():
    page = Page(render.fragment("measured", TOOLS, "runs"))
    assert len(page.of("table")) == 2
    assert "± is a deviation. The tasks are a sample, too." in page.text
    assert "n training seeds solved tasks solved, % calls with-tools 3 93.1 ± 0.4 12 without" in page.text
    assert "loss (loss by domain, nats per character), by domain." in page.text
    regions = [tag["aria-label"] for tag in page.of("div")]
    assert regions == ["runs of 09-tools", "loss of 09-tools"]


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        (TOOLS, {"run": "with-tools", "metric": "solved", "n": "3", "shown": "93.1 ± 0.4"}),
        (stage({"a": {"x": number("1")}}), {"run": "a", "metric": "", "n": "–", "shown": "–"}),
        (stage({"a": {"x": number("1")}}, headline="y"), {"run": "a", "metric": "y", "n": "–", "shown": "–"}),
        (stage({"a": {}}, headline="y"), {"run": "a", "metric": "y", "n": "–", "shown": "not measured"}),
        (stage(headline="y"), None),
    ],
)
def test_the_number_that_stands_for_a_stage(document, shown):
    assert measured.headline(document) == shown


def test_nothing_measured_is_a_table_without_numbers():
    (table,) = measured.tables(stage({"a": {}}))
    assert [(row.run, *row.cells) for row in table.rows] == [("a", "not measured")]


@pytest.mark.parametrize("headline", ["solved", "domain_loss.sums", "nobody_measured_it", None])
def test_report_and_post_take_any_headline(tiny, tmp_path, headline):
    line = f'headline = "{headline}"\n' if headline else ""
    declared = '[metric.solved]\nsays = "tasks solved"\nunit = "%"\n'
    more = {"solved": (0.93, 0.94, 0.95), "domain_loss.sums": (0.1, 0.2, 0.3)}
    for folder in record(tiny, 1, more=more), record(tiny, 2, measured=False):
        described = (folder / "experiment.toml").read_text()
        (folder / "experiment.toml").write_text(described.replace('headline = "test_loss"\n', line) + declared)
    tiny.ok("report")
    tiny.ok("publish", "all", "--to", str(tmp_path / "site"))
    page = Page((tiny.root / "out/report.html").read_text())
    post = (tmp_path / "site/content/posts/part-3/index.md").read_text()
    if headline == "solved":
        assert "94 % ± 1 solved of counted , n = 3 tasks solved, %" in page.text
        assert "| run | n | tasks solved |" in post
    else:
        assert "tasks solved |" not in post
        shown = {"domain_loss.sums": "0.2 ± 0.1 domain_loss.sums of counted , n = 3", None: "– counted"}
        assert shown.get(headline, f"– {headline} of counted") in page.text
    assert page.text.count("domain_loss") >= 1 and "test_loss" not in post


def test_declared_metrics_are_in_the_document():
    loss = Metric(says="loss by domain", unit="nats per character", table="domain")
    described = Experiment("09-tools", "x", (1,), (Run("a"),), headline="loss.names", metrics=Metrics({"loss": loss}))
    runs = [{"metrics": {"loss.names": number("1"), "loss.sums": number("2"), "dead_units": number("3")}}]
    assert document.declared(described, runs) == {
        "loss": {"says": "loss by domain", "unit": "nats per character", "table": "domain"},
        "dead_units": {"says": "dead units", "unit": "", "table": ""},
    }
    assert document.headline(described) == "loss.names" and document.headline(None) is None
    assert jsonfile.plain(document.declared(None, runs))["dead_units"]["says"] == "dead units"


def test_seeds_that_were_trained_on_other_code_are_told_of():
    runs = {"first": recorded.run({"test_loss": [2.0, 2.1]})}
    said = [document._legend(None, recorded.baseline(runs, **more)) for more in ({}, {"other_seeds_on": "ab" * 8})]
    assert [("ab" * 8 in " ".join(sentences)) for sentences in said] == [False, True]
    assert said[1][: len(said[0])] == said[0]


@pytest.mark.parametrize(("check", "there"), [("counted.test_loss < 100", False), ("counted.seconds < 100", True)])
def test_seconds_are_shown_where_a_claim_speaks_of_them(tiny, check, there):
    """Recorded on a machine that was busy with other things, they would tell a story about the models."""
    folder = record(tiny, 1, claims=["it is so"], more={"seconds": [10.6, 97.0, 11.0]})
    path = folder / "experiment.toml"
    path.write_text(path.read_text().replace("counted.test_loss < 100", check))
    with document.source(tiny.project) as source:
        stage = document.stage(source, source.series[0], stale=True)
    assert all(("seconds" in run["metrics"]) is there for run in stage["runs"])
    assert ("seconds" in [column.name for column in measured.tables(stage)[0].columns]) is there
    assert ("seconds" in stage["metrics"]) is there
