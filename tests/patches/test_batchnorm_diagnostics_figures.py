"""What the figures of the deep MLP say, against sums by hand, and turned around with the diagnostics."""

import json

import matplotlib.text
import pytest

import fakeruns
from deltas.figures.style import WIDE

mlp = fakeruns.program("batchnorm-diagnostics")

LAYERS = {"one": ["--n-layer", "1"], "five": ["--n-layer", "5"], "bn": ["--n-layer", "5", "--batchnorm"]}
GAIN = {"small": "0.5", "good": "1.6667", "large": "4"}
RATE = {"slow": "0.1", "fair": "1.0", "fast": "1.6"}
GRID = [f"{model}-{gain}-{rate}" for model in LAYERS for gain in GAIN for rate in RATE]
SIX = [f"{model}-{gain}-fair" for model in ("five", "bn") for gain in GAIN]


def look(*, std=(0.6, 0.6, 0.6), saturated=(0.03, 0.03, 0.03), gradient=(2e-4, 3e-4, 3e-4)):
    """Return the histograms of three layers."""
    return [
        {"std": s, "saturated": flat, "outputs": [1, 5, 2, 1], "gradient": g, "range": 4 * g, "gradients": [0, 3, 9, 0]}
        for s, flat, g in zip(std, saturated, gradient, strict=True)
    ]


def lines(updates=(1e-3, 1e-3, 1e-4)):
    """Return the diagnostics of three steps. The hidden weights move by half an update, by one, and by seven."""
    text = ""
    for step, update in zip((0, 100, 200), updates, strict=True):
        ratios = {"wte.weight": 99, "0": update / 2, "1": update, "2": update * 7, "out": 99}
        text += json.dumps({"step": step, "update:data": ratios}) + "\n"
    return text


def figures(tmp_path, *, start=None, end=None, updates=None, ends=None, losses=None, args=None, without=()):
    """Return the figures by name. What is given for a run turns it around; everything else is alike in all runs.

    start, end: the histograms. updates: update:data at the three steps. ends: for each of two seeds the shares of dead
    neurons and of saturated outputs. losses: of each seed. args: the arguments.
    """
    fake = fakeruns.FakeRuns(tmp_path / "out")
    for run in GRID:
        model, gain, rate = run.split("-")
        arguments = (args or {}).get(run, [*LAYERS[model], "--gain", GAIN[gain], "-l", RATE[rate]])
        dead, saturated = zip(*(ends or {}).get(run, [(0.0, 0.03)] * 2), strict=True)
        folders = fake.add(
            run, args=arguments, test_loss=(losses or {}).get(run, [2.2, 2.2]), dead_end=dead, saturation_end=saturated
        )
        for n, folder in enumerate(folders):  # what is of one seed, is of the first
            looks = {
                when: given[run] if given and run in given and n == 0 else look()
                for when, given in (("start", start), ("end", end))
            }
            (folder / "histograms.json").write_text(json.dumps(looks))
            moved = updates[run] if updates and run in updates and n == 0 else (1e-3, 1e-3, 1e-4)
            (folder / "diagnostics.jsonl").write_text(lines(moved))
    return fakeruns.named(mlp.figures(fake.runs(without=without)))


def caption(tmp_path, name: str, **more) -> str:
    return figures(tmp_path, **more)[name].caption


# -- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        ({"one-good-fair": [2.14, 2.16], "five-good-fair": [2.07, 2.09], "one-good-slow": [2.3, 2.3],
          "five-good-slow": [2.28, 2.28]},
         "From 1 layer to 5 layers, at gain 5/3, the mean loss falls from 2.150 to 2.080 at rate 1 and hardly changes "
         "(2.300 to 2.280) at rate 0.1."),
        ({"one-good-fair": [2.1, 2.1]}, "the mean loss rises from 2.100 to 2.200 at rate 1 and stays at 2.200 at rate"),
    ],
)  # fmt: skip
def test_whether_depth_pays(tmp_path, losses, says):
    assert says in caption(tmp_path, "losses", losses=losses)


@pytest.mark.parametrize(
    ("five", "normalised", "says"),
    [
        ([2.9, 2.5], [2.24, 2.25], "BatchNorm makes the loss indifferent to gain and learning rate: over the 9 "
         "settings the means with it are 2.200 to 2.245, highest at gain 4 and rate 0.1; without it 2.200 to 2.700, "
         "highest at gain 4 and rate 1.6."),
        ([2.9, 2.5], [2.3, 2.3], "BatchNorm makes the loss less sensitive to gain and learning rate, not indifferent:"),
        ([2.9, 2.5], [2.65, 2.65], "BatchNorm does not make the loss much less sensitive to gain and learning rate:"),
        ([2.3, 2.3], [2.6, 2.6], "BatchNorm does not make the loss much less sensitive to gain and learning rate:"),
    ],
)  # fmt: skip
def test_whether_batchnorm_makes_the_loss_indifferent(tmp_path, five, normalised, says):
    losses = {"five-large-fast": five, "bn-large-slow": normalised, "one-small-slow": [1.0, 9.0]}
    assert says in caption(tmp_path, "losses", losses=losses)


@pytest.mark.parametrize(
    ("best", "says"),
    [
        (("slow", "fair", "fast"), "0.1, 1 and 1.6, from left to right: it grows with the gain."),
        (("slow", "fast", "fast"), "0.1, 1.6 and 1.6, from left to right: it grows with the gain."),
        (("fair", "fair", "fair"), "1, 1 and 1, from left to right. "),
        (("slow", "fast", "fair"), "0.1, 1.6 and 1, from left to right. "),
    ],
)
def test_the_best_rate_at_each_gain(tmp_path, best, says):
    losses = {f"bn-{gain}-{rate}": [2.1, 2.1] for gain, rate in zip(GAIN, best, strict=True)}
    losses["five-small-fast"] = [1.0, 1.0]  # without BatchNorm
    assert f"The best of the three rates for it is {says}" in caption(tmp_path, "losses", losses=losses)


def test_a_panel_for_each_gain_with_means_as_lines_and_seeds_as_dots(tmp_path):
    figure = figures(tmp_path, losses={"bn-large-fast": [2.1, 2.5]})["losses"]
    panels = fakeruns.canvas(figure)
    assert [axes.get_title() for axes in panels] == ["gain 0.5", "gain 5/3", "gain 4"]
    for axes in panels:
        means = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
        assert set(means) == {"1 layer", "5 layers", "5 layers with BatchNorm"}
        assert all(list(line.get_xdata()) == [0.1, 1.0, 1.6] for line in means.values())
        assert len(axes.lines) == 3 + 9  # dots of each model at each rate
    assert list(means["5 layers with BatchNorm"].get_ydata()) == pytest.approx([2.2, 2.2, 2.3])
    assert [2.1, 2.5] in [list(line.get_ydata()) for line in axes.lines]
    assert ("bn-large-fast", 2.3, 2.1, 2.5, 2) in figure.rows and len(figure.rows) == 27


# -- activations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("std", "says"),
    [
        ((0.4, 0.2, 0.1), "the standard deviation at gain 0.5 falls from 0.40 to 0.10."),
        ((0.4, 0.4, 0.39), "the standard deviation at gain 0.5 hardly changes (0.40 to 0.39)."),
        ((0.2, 0.4, 0.8), "the standard deviation at gain 0.5 rises from 0.20 to 0.80."),
    ],
)
def test_whether_the_signal_fades(tmp_path, std, says):
    said = caption(tmp_path, "activations-start", start={"five-small-fair": look(std=std)})
    assert said.startswith(f"From the first layer to the last, {says}")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [(0.1, 0.3, "rises from 0.10 to 0.30."), (0.1, 0.11, "hardly changes"), (0.3, 0.1, "falls from 0.30 to 0.10.")],
)
def test_what_training_does_to_the_signal(tmp_path, before, after, says):
    start, end = ({"five-small-fair": look(std=(0.4, 0.4, last))} for last in (before, after))
    said = caption(tmp_path, "activations-end", start=start, end=end)
    assert said.startswith(f"With training, the last layer's standard deviation at gain 0.5 {says}")


@pytest.mark.parametrize("when", ["start", "end"])
def test_how_many_outputs_are_flat_and_when(tmp_path, when):
    """A picture of the start speaks of the start, one of the end of the end: never the other way round."""
    other = {"start": "end", "end": "start"}[when]
    looks = {when: look(saturated=(0.5, 0.6, 0.7)), other: look(saturated=(0.77, 0.77, 0.77))}
    told = figures(tmp_path, **{which: {"five-large-fair": given} for which, given in looks.items()})
    assert "At gain 4, 60 % of the outputs lie beyond 0.97" in told[f"activations-{when}"].caption
    assert "At gain 4, 77 % of the outputs" in told[f"activations-{other}"].caption
    assert "gain 4, without: 60 % saturated, with: 3 % saturated" in told[f"activations-{when}"].description


def test_batchnorm_is_alike_at_any_gain_where_it_is(tmp_path):
    assert "With BatchNorm it is 3 % at any gain." in caption(tmp_path / "a", "activations-start")
    flat = {"bn-large-fair": look(saturated=(0.0, 0.09, 0.18))}
    said = caption(tmp_path / "b", "activations-start", start=flat)
    assert "With BatchNorm it is 3 %, 3 % and 9 %, from left to right." in said


# -- gradients --------------------------------------------------------------------------------------------------------


def test_how_far_the_layers_are_apart(tmp_path):
    start = {"five-small-fair": look(gradient=(1e-6, 4e-6, 17e-6)), "bn-small-fair": look(gradient=(4e-6, 2e-6, 3e-6))}
    end = {"five-small-fair": look(gradient=(2e-4, 4e-4, 3e-4)), "bn-large-fair": look(gradient=(1e-4, 2e-4, 6e-4))}
    told = figures(tmp_path, start=start, end=end)
    assert told["gradients-start"].caption.startswith(
        "At gain 0.5 the gradient of the widest layer is 17 times as wide as that of the narrowest, with BatchNorm 2.0 "
        "times. The layers differ most at gain 0.5."
    )
    assert told["gradients-end"].caption.startswith(
        "At gain 0.5 the gradient of the widest layer is 2.0 times (17 before training) as wide as that of the "
        "narrowest, with BatchNorm 1.5 times (2.0 before training). The layers differ most at gain 4, BatchNorm."
    )
    assert "gain 4, without: widest 1.5 × narrowest, with: widest 6.0 × narrowest" in told["gradients-end"].description
    assert told["gradients"].caption.startswith(
        "At gain 0.5 the gradients of the layers differ at initialisation 17-fold, with BatchNorm 2.0-fold; after "
        "training 2.0-fold, with BatchNorm 1.5-fold."
    )
    assert ("five-small-fair", 1, "1.00e-06", 0.059) in told["gradients-start"].rows
    for panel, spreads in zip(
        fakeruns.canvas(told["gradients"]), ([4e-6, 2e-6, 3e-6], [2e-4, 3e-4, 3e-4]), strict=True
    ):
        drawn = {line.get_label(): list(line.get_ydata()) for line in panel.lines}
        assert len(drawn) == len(SIX) and drawn["gain 0.5, BatchNorm"] == spreads


def test_a_gradient_that_vanished_is_told_and_drawn(tmp_path):
    told = figures(tmp_path, start={"five-large-fair": look(gradient=(0.0, 0.0, 1e-4))})
    assert "The layers differ most at gain 4." in told["gradients-start"].caption
    assert "infinitely many × narrowest" in told["gradients-start"].description
    assert len(fakeruns.canvas(told["gradients-start"])) == 3 * len(GAIN)


@pytest.mark.parametrize(("large", "alike"), [(2.1e-4, True), (2.9e-4, False)])
def test_lines_that_cannot_be_told_apart_are_spoken_of(tmp_path, large, alike):
    said = caption(tmp_path, "gradients", start={"bn-large-fair": look(gradient=(large, 3e-4, 3e-4))})
    assert ("the lines with BatchNorm lie on one another" in said) == alike


@pytest.mark.parametrize("kind", ["activations", "gradients"])
def test_a_small_panel_for_each_layer_and_gain(tmp_path, kind):
    told = figures(tmp_path, end={"bn-small-fair": look(std=(0.9, 0.9, 0.9), saturated=(0.8, 0.8, 0.8))})
    panels = fakeruns.canvas(told[f"{kind}-end"])
    titles = [axes.get_title().split("\n") for axes in panels]
    assert [title[0] for title in titles] == ["gain 0.5", "gain 5/3", "gain 4"] + [""] * 6
    if kind == "activations":
        assert titles[0][1:] == ["without: 3 % saturated", "with: 80 % saturated"]
    assert [axes.get_ylabel() for axes in panels[::3]] == ["layer 1", "layer 2", "layer 3"]
    counts = [6, 3] if kind == "activations" else [3, 9]  # two bins of the file make one here
    shares = [0.0, *(count / max(counts) for count in counts), 0.0]
    for axes in panels:
        (filled,), (line,) = axes.patches, axes.lines
        assert list(filled.get_xy()[:4, 1]) == pytest.approx(shares, abs=1e-3)
        assert list(line.get_ydata()) == pytest.approx(shares, abs=1e-3)
    start, end = told[f"{kind}-start"], told[f"{kind}-end"]
    assert start.title.startswith("At initialisation") and end.title.startswith("After training")
    assert start.caption != end.caption


def test_a_faint_layer_is_narrow_in_its_panel(tmp_path):
    """In units of the widest layer of its model a gradient of a quarter of it reaches a quarter as far."""
    start = {"five-small-fair": look(gradient=(1e-4, 2e-4, 4e-4))}
    panels = fakeruns.canvas(figures(tmp_path, start=start)["gradients-start"])
    reach = [axes.patches[0].get_xy()[:, 0].max() for axes in panels[::3]]
    assert reach == pytest.approx([0.5, 1.0, 2.0])  # to the centre of the last of two bins from -4 to 4


# -- updates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("updates", "says"),
    [
        ((5e-3, 2e-3, 4e-3), "is never below the rule of thumb of 0.001: 3 of 3 points are above it, and their median "
         "is 4.0 times the rule."),
        ((5e-3, 2e-3, 5e-4), "crosses the rule of thumb of 0.001: 2 of 3 points are above it, and their median is 2.0"),
        ((1e-4, 3e-4, 2e-4), "never rises above the rule of thumb of 0.001: 0 of 3 points are above it, and their "
         "median is 0.2 times"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("best", ["five-good-fair", "bn-large-fair"])
def test_where_the_best_run_stands_to_the_rule_of_thumb(tmp_path, updates, says, best):
    label = {"five-good-fair": "5 layers at gain 5/3", "bn-large-fair": "5 layers with BatchNorm at gain 4"}[best]
    losses = {best: [2.0, 2.1], "five-small-fair": [1.9, 2.4]}  # the best by its mean, not by its best seed
    told = figures(tmp_path, updates={best: updates}, losses=losses)["updates"]
    assert (
        f"Of these runs the lowest mean test loss, 2.050, is that of the thick line, {label}. It {says}" in told.caption
    )
    panel = fakeruns.canvas(told)[best.startswith("bn")]
    thick = max(panel.lines, key=lambda line: line.get_linewidth())
    assert list(thick.get_ydata()) == pytest.approx(updates) and list(thick.get_xdata()) == [0, 100, 200]
    assert any(list(line.get_ydata()) == [1e-3, 1e-3] for line in panel.lines)


@pytest.mark.parametrize(
    ("large", "says"),
    [
        (
            1e-4,
            "the weights move 10 times less at gain 4 than at gain 0.5: what the forward pass forgets, the step size",
        ),
        (5e-3, "the weights move 5.0 times more at gain 4 than at gain 0.5. "),
        (1.02e-3, "the weights move as far at gain 4 as at gain 0.5. "),
    ],
)
def test_what_the_gain_does_to_the_step(tmp_path, large, says):
    assert f"With BatchNorm {says}" in caption(tmp_path, "updates", updates={"bn-large-fair": (large,) * 3})


def test_updates_are_medians_of_hidden_weights(tmp_path):
    """Three hidden weights move by 0.5, 1 and 7 of an update; embedding and output layer by 99."""
    rows = [row for row in figures(tmp_path)["updates"].rows if row[0] == "five-good-fair"]
    assert rows == [(rows[0][0], 0, "1.00e-03"), (rows[0][0], 100, "1.00e-03"), (rows[0][0], 200, "1.00e-04")]


# -- dead neurons -----------------------------------------------------------------------------------------------------


def test_how_many_neurons_die_and_from_which_seeds(tmp_path):
    ends = {"five-large-fast": [(0.0, 0.5), (0.7, 0.9)], "bn-large-fast": [(0.0, 0.02), (0.2, 0.02)]}
    told = figures(tmp_path, ends=ends)["dead"]
    assert "At rate 0.1, 3 % of the outputs end saturated and 0 % of the neurons dead; with BatchNorm 3 % and 0 %." in (
        told.caption
    )
    assert told.caption.endswith(
        "At rate 1.6, 70 % of the outputs end saturated and 35 % of the neurons dead (0 to 70 % by seed); with "
        "BatchNorm 2 % and 10 %."
    )
    (axes,) = fakeruns.canvas(told)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "rate 0.1", "rate 0.1, BatchNorm", "rate 1.6", "rate 1.6, BatchNorm",
    ]  # fmt: skip
    seeds = [sorted(line.get_xdata()) for line in axes.lines if line.get_marker() in "oD"]
    assert seeds[4:6] == [pytest.approx([50, 90]), pytest.approx([0, 70])]  # saturated and dead, a mark for each seed
    assert [row[:3] for row in told.rows if row[0] == "five-large-fast"] == [
        ("five-large-fast", "saturation_end", 0.7), ("five-large-fast", "dead_end", 0.35),
    ]  # fmt: skip


# -- all of them ------------------------------------------------------------------------------------------------------


def test_labels_follow_the_arguments(tmp_path):
    """Gains, rates and layers are read off the runs: a changed experiment cannot leave an old label behind."""
    args = {
        run: [*LAYERS[model], "--gain", "7" if gain == "large" else GAIN[gain], "-l", RATE[rate].replace("1.6", "3")]
        for run in GRID
        for model, gain, rate in [run.split("-")]
    }
    args["five-good-fair"][1] = "6"
    told = figures(tmp_path, args=args)
    assert "At gain 7, 3 % of the outputs" in told["activations-start"].caption
    assert "at gain 7," in told["dead"].title and "At rate 3," in told["dead"].caption
    assert "From 1 layer to 6 layers" in told["losses"].caption
    assert "at gain 7 as at gain 0.5" in told["updates"].caption


def test_the_figures_whose_runs_are_there(tmp_path):
    six = {"activations-start", "activations-end", "gradients-start", "gradients-end", "gradients", "updates"}
    everything = set(figures(tmp_path))
    assert everything == six | {"losses", "dead"}
    assert set(figures(tmp_path, without=["one-good-slow"])) == everything - {"losses"}
    assert set(figures(tmp_path, without=["five-large-fast"])) == six
    assert set(figures(tmp_path, without=["bn-good-fair"])) == {"dead"}


def test_pictures_of_one_seed_say_which(tmp_path):
    told = figures(tmp_path)
    for name in ("activations-start", "activations-end", "gradients-start", "gradients-end", "gradients", "updates"):
        assert told[name].caption.endswith("Learning rate 1, seed 0."), name


def test_the_pictures_are_drawn_and_legible(tmp_path, monkeypatch):
    sizes, draw = [], matplotlib.text.Text.draw

    def measured(text, renderer):
        sizes.append(text.get_fontsize())
        draw(text, renderer)

    monkeypatch.setattr(matplotlib.text.Text, "draw", measured)
    start = {"five-small-fair": look(gradient=(1e-6, 4e-6, 17e-6)), "five-large-fair": look(saturated=(0.6, 0.6, 0.6))}
    losses = {"five-large-fast": [2.3, 2.8]}
    told = figures(tmp_path, start=start, losses=losses)
    words = fakeruns.drawn(told, tmp_path / "drawn")
    assert len(sizes) > 100 and min(sizes) >= 8 and all(figure.size[0] <= WIDE for figure in told.values())
    for name in ("activations-start", "activations-end", "gradients-start", "gradients-end"):
        assert words[name].count("layer 3") == 1, name
    flat, apart = "without: 60 % saturated", "without: widest 17 × narrowest"
    assert flat in words["activations-start"] and flat not in words["activations-end"]
    assert apart in words["gradients-start"] and apart not in words["gradients-end"]
    assert "after training" in words["gradients"] and "0.001, the rule of thumb" in words["updates"]
    assert {"1 layer", "5 layers", "0.1", "1", "1.6"} <= set(words["losses"])
    assert not any("nan" in word for texts in words.values() for word in texts)
