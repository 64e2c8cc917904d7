"""The report: what it shows is what patches and baselines hold, read back by html.parser, json and plain git."""

import json
import re
import shutil
import time
from itertools import pairwise

from deltas.core.project import PIN, here
from lab import HERE, git
from webpage import FIGURE, Page, contrast, draw, list_figures, palettes, record, svg, with_verdicts

NASTY = "</script><b onload=alert(1)>&amp;\u2028{{< x >}}"


def written(lab) -> tuple[str, dict]:
    return (lab.root / "out/report.html").read_text(), json.loads((lab.root / "out/results.json").read_text())


def made(lab, *options) -> tuple[Page, dict]:
    lab.ok("report", *options)
    text, doc = written(lab)
    return Page(text), doc


def set_header(lab, number: int, prose: str, subject: str | None = None) -> None:
    file = lab.files[number - 1]
    text = file.read_text()
    head, rest = text.split("\n\n", 1)
    if subject:
        head = re.sub(r"Subject: delta (\d+): .*", lambda m: f"Subject: delta {m[1]}: {subject}", head)
    tail = rest[rest.index("\nDelta: ") :]
    file.write_text(f"{head}\n\n{prose}\n{tail}")


# -- one page that stands alone ---------------------------------------------------------------------------------------


def test_page_stands_alone(lab):
    page, _ = made(lab)
    assert not page.of("script") and not page.of("link") and not page.of("img") and not page.of("iframe")
    assert "url(" not in page.style and "@import" not in page.style
    assert len(page.ids) == len(set(page.ids))
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert all(link.startswith(("#", "https://github.com/karpathy/makemore")) for link in page.links)
    assert page.of("html")[0]["lang"] == "en"
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    assert "color-scheme: light dark" in page.style and "@media print" in page.style
    assert "Permission is hereby granted" in page.text and "Andrej Karpathy" in page.text


def test_page_is_small_quick_and_the_same_twice(makemore, monkeypatch, tmp_path):
    begun = time.monotonic()
    makemore.ok("report")
    assert time.monotonic() - begun < 10
    first = [(makemore.root / "out" / name).read_bytes() for name in ("report.html", "results.json")]
    assert len(first[0]) < 1_500_000
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.chdir(tmp_path)
    other = makemore.copy(tmp_path / "elsewhere")
    other.ok("report")
    assert [(other.root / "out" / name).read_bytes() for name in ("report.html", "results.json")] == first
    assert str(makemore.root).encode() not in first[0] + first[1]


def test_page_is_a_rendering_of_the_document(tiny):
    from deltas.pages import report

    record(tiny, 1)
    tiny.ok("report")
    text, doc = written(tiny)
    assert report.html(doc) == text


def test_json_on_stdout_is_the_file(tiny):
    record(tiny, 1)
    result = tiny.ok("report", "--json")
    assert json.loads(result.out) == written(tiny)[1]


# -- diffs ------------------------------------------------------------------------------------------------------------


def test_every_line_is_the_line_of_the_stage_and_of_upstream(lab):
    """Numbers and texts on the page against the files that plain git has."""
    lab.ok("apply", "last")
    _, doc = made(lab)
    held = [
        {path: content.decode().split("\n") for path, content in lab.held(f"stage/{n:02d}").items()}
        for n in range(lab.last + 1)
    ]
    looked_at = 0
    for stage in doc["stages"]:
        for hunk in stage["hunks"]:
            for line in hunk["lines"]:
                before, after = (held[n].get(hunk["path"], []) for n in (stage["number"] - 1, stage["number"]))
                if line["kind"] != "-":
                    assert after[line["new"] - 1] == line["text"]
                if line["kind"] != "+":
                    assert before[line["old"] - 1] == line["text"]
                if line["upstream"]:
                    assert line["kind"] == " "
                    assert held[0][hunk["path"]][line["upstream"] - 1] == line["text"]
                    assert line["link"].endswith(f"/blob/{lab.pin}/{hunk['path']}#L{line['upstream']}")
                assert "".join(text for _, text in line["tokens"]) == line["text"]
                looked_at += 1
    assert looked_at > 20


def test_shown_lines_are_git_s(lab):
    """Added and removed lines on the page, in their order, are those of git's own diff."""
    lab.ok("apply", "last")
    page, _ = made(lab)
    for before, after in pairwise(range(lab.last + 1)):
        diff = git(lab.stage, "diff", "-U0", f"stage/{before:02d}", f"stage/{after:02d}").decode()
        for sign, kind in (("+", "d-add"), ("-", "d-del")):
            wanted = [line[1:] for line in diff.split("\n") if line.startswith(sign) and not line.startswith(sign * 3)]
            shown = [row["text"].removesuffix("\n") for row in page.rows
                     if kind in row["class"] and row["id"].startswith(f"d{after:02d}-")]  # fmt: skip
            assert shown == wanted


def test_three_lines_of_context_and_each_line_once(tiny):
    _, doc = made(tiny)
    page, _ = made(tiny)
    assert len({row["id"] for row in page.rows}) == len(page.rows)
    hunk = doc["stages"][0]["hunks"][1]
    kinds = "".join(line["kind"] for line in hunk["lines"])
    assert re.fullmatch(r" {3}\++ {3}", kinds), kinds
    for stage in doc["stages"]:  # no line twice in what is shown of a stage
        rows = [
            row for row in page.rows if row["id"].startswith(f"d{stage['number']:02d}-") and "d-del" not in row["class"]
        ]
        numbers = [int(row["no"]) for row in rows]
        assert numbers == sorted(set(numbers))


def test_what_is_added_and_removed_is_said_by_tag_sign_and_word(tiny):
    page, _ = made(tiny)
    for row in page.rows:
        assert row["tag"] == ("ins" if "d-add" in row["class"] else "del" if "d-del" in row["class"] else "span")
    for sign, kind, word in (("+", "d-add", "added"), ("−", "d-del", "removed")):
        assert f'.{kind} .d-no::after {{ content: "{sign}"' in page.style
        assert f'.{kind}::before {{ content: ""; content: "" / "{word}: "' in page.style


def test_numbers_and_signs_are_no_text_that_could_be_copied(tiny):
    page, doc = made(tiny)
    lines = [line for stage in doc["stages"] for hunk in stage["hunks"] for line in hunk["lines"]]
    assert {row["text"] for row in page.rows} == {f"{line['text']}\n" for line in lines}
    upstream = {str(line["upstream"]) for line in lines if line["upstream"]}
    assert {row["up"] for row in page.rows} - {""} == upstream != set()


def test_captions_say_where(makemore):
    page, _ = made(makemore)
    assert "after Bigram" in page.text and "in the main program" in page.text


def test_colours_can_be_told_from_the_paper():
    css = (HERE / "scripts/deltas/pages/templates/deltas.css").read_text()
    for palette in palettes(css):
        inks = [
            palette[f"--d-{name}"]
            for name in ("ink", "dim", "link", "c", "k", "s", "m", "d", "b", "add-mark", "del-mark")
        ]
        for paper in ("card", "add", "del"):
            for ink in inks:
                assert contrast(ink, palette[f"--d-{paper}"]) >= 4.5, (ink, paper)


# -- figures, numbers, names, claims ----------------------------------------------------------------------------------


def test_numbers_are_the_baseline_s(tiny):
    folder = record(tiny, 1)
    page, doc = made(tiny)
    values = json.loads((folder / "baseline.json").read_text())["runs"]["counted"]["metrics"]["test_loss"]
    shown = doc["stages"][0]["runs"][0]["metrics"]["test_loss"]
    assert (shown["n"], shown["mean"], shown["values"]) == (values["n"], values["mean"], values["values"])
    assert f"{values['mean']:.4f} ± {values['sd']:.4f}" in page.text
    assert page.text.count("not measured no experiment") == 3  # the other stages, in the table of the series
    assert doc["stages"][0]["runs"][0]["metrics"]["test_loss_unseen"]["mean"] == "Infinity"
    assert "scripts/train.sh 01 --run counted" in page.text


def test_a_stage_without_a_baseline_is_not_measured(tiny):
    record(tiny, 2, measured=False, claims=["it works"])
    page, doc = made(tiny)
    assert page.text.count("not measured") >= 4
    assert "0.0000" not in page.text and "nan" not in page.text.lower().split()
    assert doc["stages"][1]["baseline"] is None and doc["stages"][1]["runs"][0]["metrics"] == {}
    claim = doc["stages"][1]["claims"][0]
    assert (claim["says"], claim["outcome"], claim["ok"], claim["shown"]) == ("it works", None, None, "not measured")


def test_claims_with_verdicts(tiny, monkeypatch):
    record(tiny, 1, claims=["a falls", "b rises", "c <i>stays</i>"])
    with_verdicts(monkeypatch, ("yes", True, "2 < 3"), ("no", False, "3 > 2"), ("not shown", True, "0.1 ± 0.2"))
    page, doc = made(tiny)
    assert [claim["outcome"] for claim in doc["stages"][0]["claims"]] == ["yes", "no", "not shown"]
    for text in ("holds: a falls: 2 < 3", "no: b rises: 3 > 2", "not shown: c <i>stays</i>: 0.1 ± 0.2"):
        assert text in page.text


def test_names_side_by_side(tiny):
    for number in (1, 2):
        record(tiny, number, names=["emma", "<b>olivia</b>", ""])
    page, doc = made(tiny)
    assert doc["stages"][1]["runs"][0]["names"] == ["emma", "<b>olivia</b>", ""]
    assert page.text.count("<b>olivia</b>") == 2 and "·" in page.words


def test_names_that_were_not_recorded(tiny):
    record(tiny, 1)
    page, doc = made(tiny)
    assert doc["stages"][0]["runs"][0]["names"] is None and "not recorded" in page.text


def test_figures_in_both_palettes_with_their_data(tiny):
    draw(record(tiny, 1))
    page, doc = made(tiny)
    markup = doc["stages"][0]["figures"][0]["svg"]
    assert "light-dark(#0072b2,#56b4e9)" in markup and "light-dark(#000000,#ffffff)" in markup
    assert markup.index("stroke:#0072b2") < markup.index("light-dark(#0072b2")  # for browsers that don't know it
    assert "A line falls." in page.text and "A loss <b>falls</b>" in page.text
    assert [each["role"] for each in page.of("svg")] == ["img"]
    assert "3.296" in page.text


def test_a_figure_that_was_not_drawn(tiny):
    folder = record(tiny, 1)
    list_figures(folder, FIGURE)
    page, _ = made(tiny)
    assert "not drawn" in page.text and "3.296" in page.text


def test_long_data_are_cut_and_say_so(tiny):
    draw(record(tiny, 1), FIGURE | {"rows": [[n, n / 7] for n in range(5000)]})
    page, doc = made(tiny)
    assert "the first 40 of 5000 rows" in page.text and len(doc["stages"][0]["figures"][0]["rows"]) == 5000


# -- bad input --------------------------------------------------------------------------------------------------------


def test_html_is_escaped_wherever_it_comes_from(tiny, monkeypatch):
    set_header(tiny, 1, f"Look: {NASTY} and `{NASTY}`.\n\n    {NASTY}", subject=f"say {NASTY}".replace("\u2028", ""))
    folder = record(tiny, 1, claims=["</script><b>x</b>"], names=[NASTY])
    draw(folder, FIGURE | dict.fromkeys(("title", "caption", "description"), NASTY) | {"rows": [[NASTY, 1]]})
    with_verdicts(monkeypatch, ("yes", True, NASTY))
    name = json.loads(tiny.ok("report", "--json").out)["stages"][0]["hunks"][0]["name"]
    (folder / "notes.toml").write_text(f'[[note]]\nhunk = "{name}"\ntext = """{NASTY}"""\n')
    page, doc = made(tiny)
    assert not [tag for tag, attributes in page.tags if tag in ("b", "script") or "onload" in attributes]
    raw = (tiny.root / "out/results.json").read_text()
    assert "<" not in raw and "\u2028" not in raw
    assert doc["stages"][0]["runs"][0]["names"] == [NASTY]


def test_a_stage_of_other_code_is_left_out_and_named(tiny):
    record(tiny, 1)
    path = next(tiny.root.glob("baselines/01-*/baseline.json"))
    path.write_text(re.sub(r'"code_id": "\w+"', '"code_id": "0123456789abcdef"', path.read_text()))
    result = tiny.run("report")
    assert result.code == 1 and "other code" in result.err and "scripts/record.sh 01" in result.err
    doc = json.loads((tiny.root / "out" / "results.json").read_text())
    names = [stage["stage"] for stage in doc["stages"]]
    assert len(names) == tiny.last - 1 and "01-frost-days" not in names, "the others are written"
    assert [left["stage"] for left in doc["stale"]] == ["01-frost-days"]
    assert "Left out, for their numbers" in (tiny.root / "out" / "report.html").read_text()
    page, doc = made(tiny, "--stale")
    assert doc["stages"][0]["baseline"]["state"] == "stale" and "These numbers are stale" in page.text


def test_a_broken_svg_and_a_lost_note_stop_the_report(tiny):
    folder = record(tiny, 1)
    draw(folder)
    (folder / "loss-curve.dark.svg").write_text(svg(dark=True)[:300])
    result = tiny.run("report")
    assert result.code == 2 and "loss-curve.dark.svg:" in result.err and "git diff --stat" in result.err
    (folder / "figures.json").unlink()
    (folder / "notes.toml").write_text('[[note]]\nhunk = "forgt"\ntext = "x"')
    result = tiny.run("report")
    assert result.code == 2 and "notes.toml" in result.err and "did you mean forget?" in result.err
    assert not (tiny.root / "out").exists()


# -- without upstream -------------------------------------------------------------------------------------------------


def test_without_upstream_there_is_less_and_it_is_said(tiny, monkeypatch):
    draw(record(tiny, 1))
    _, whole = made(tiny)
    for folder in ("upstream/makemore", ".git/modules"):
        shutil.rmtree(tiny.root / folder)
    monkeypatch.setenv("MAKEMORE_MIRROR", str(tiny.root / "nowhere"))
    page, doc = made(tiny)
    assert "Left out, for upstream is not here" in page.text and len(doc["left_out"]) == 3
    assert doc["stages"][0]["baseline"]["state"] == "unchecked"
    for with_it, without in zip(whole["stages"], doc["stages"], strict=True):
        for key in ("name", "hash", "upstream"):
            assert [each[key] for each in with_it["hunks"]] == [each[key] for each in without["hunks"]]
        assert with_it["runs"] == without["runs"] and with_it["figures"] == without["figures"]


def test_the_repository_s_own_series_has_names_for_its_hunks():
    from deltas.series import hunkname, hunks, patches

    assert here().pin == PIN
    for patch in patches.load(here().patches):
        names = hunkname.names(hunks.hunks(patch.diff, {}))
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) and len(name) < 50 for name in names), names
