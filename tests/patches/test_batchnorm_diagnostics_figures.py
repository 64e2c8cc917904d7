"""What the figures of the deep MLP say, against sums by hand, and turned around with the diagnostics."""

import doctest
import json
import math
import re
import statistics
from dataclasses import dataclass, field

import pytest

import fakeruns

mlp = fakeruns.program("batchnorm-diagnostics")

ARGUMENTS = {
    "small": ["-l", "0.1", "--gain", "0.5"],
    "small-bn": ["-l", "0.1", "--gain", "0.5", "--batchnorm"],
    "good": ["-l", "0.1", "--gain", "1.6667"],
    "good-bn": ["-l", "0.1", "--gain", "1", "--batchnorm"],
    "large": ["-l", "0.1", "--gain", "4"],
    "large-bn": ["-l", "0.1", "--gain", "4", "--batchnorm"],
    "large-fast": ["-l", "1.6", "--gain", "4"],
    "large-fast-bn": ["-l", "1.6", "--gain", "4", "--batchnorm"],
}
LOSSES = {
    "small": [2.48, 2.50], "small-bn": [2.16, 2.17], "good": [2.30, 2.31], "good-bn": [2.22, 2.23],
    "large": [2.40, 2.41], "large-bn": [2.37, 2.38], "large-fast": [2.25, 2.80], "large-fast-bn": [2.12, 2.14],
}  # fmt: skip


@dataclass
class Look:
    """A record of diagnostics in three layers. start and end may differ in all of it."""

    std: tuple[float, ...] = (0.62, 0.63, 0.64)
    saturated: tuple[float, ...] = (0.03, 0.03, 0.03)
    dead: tuple[float, ...] = (0.0, 0.0, 0.0)
    gradient: tuple[float, ...] = (2e-4, 3e-4, 3e-4)
    update: float = 1e-3

    def line(self, step: int) -> str:
        act = [
            {"mean": 0.0, "std": s, "range": 1.0, "hist": [1.0, 5.0, 2.0, 1.0], "saturated": flat, "dead": dead}
            for s, flat, dead in zip(self.std, self.saturated, self.dead, strict=True)
        ]
        grad = [{"mean": 0.0, "std": s, "range": 4 * s, "hist": [0.0, 3.0, 9.0, 3.0]} for s in self.gradient]
        hidden = {f"mlp.{n}.weight": {"update:data": u * self.update} for n, u in ((0, 0.5), (2, 1), (4, 7))}
        ends = {"update:data": 99.0}  # embedding and output layer, which are not hidden layers
        weight = {"wte.weight": ends, **hidden, "mlp.6.weight": ends}
        return json.dumps({"step": step, "act": act, "grad": grad, "weight": weight}) + "\n"


@dataclass
class Training:
    """The first record of a run, the last one, and a middle in which updates are largest."""

    start: Look = field(default_factory=Look)
    end: Look = field(default_factory=lambda: Look(update=1e-4))
    middle: Look = field(default_factory=Look)

    def text(self) -> str:
        return self.start.line(0) + self.middle.line(100) + self.end.line(200)


def usual() -> dict[str, list[Training]]:
    """Return what the lectures say one sees, from two seeds a run."""
    faint = Look(std=(0.4, 0.2, 0.1), saturated=(0.0, 0.0, 0.0), gradient=(1e-6, 4e-6, 17e-6))
    lifted = Look(std=(0.4, 0.3, 0.3), saturated=(0.0, 0.0, 0.01), gradient=(3.2e-4, 3e-4, 2e-4), update=1e-4)
    flat = Look(std=(0.9, 0.9, 0.9), saturated=(0.5, 0.6, 0.7), gradient=(5e-4, 3e-4, 1e-4), update=2e-4)
    late = Look(std=(0.9, 0.9, 0.9), saturated=(0.6, 0.6, 0.6), gradient=(5e-4, 3e-4, 1e-4), update=2e-5)
    slow = Training(start=Look(update=1e-4), middle=Look(update=1e-4), end=Look(update=1e-5))
    runs = {run: [Training(), Training()] for run in ARGUMENTS}
    runs["small"] = [Training(start=faint, end=lifted)] * 2
    runs["large"] = [Training(start=flat, end=late)] * 2
    runs["large-bn"] = [slow] * 2
    runs["large-fast"] = [
        Training(end=Look(saturated=(0.9, 0.9, 0.9), dead=dead, update=1e-4)) for dead in ((0, 0, 0), (0.9, 0.9, 0.3))
    ]
    return runs


def figures(tmp_path, *, trainings=None, losses=None, arguments=None, without=()):
    """Return the figures by name; what is not given is as usual."""
    trainings = usual() | (trainings or {})
    losses = LOSSES | (losses or {})
    fake = fakeruns.FakeRuns(tmp_path / "out")
    for run, args in (ARGUMENTS | (arguments or {})).items():
        seeds = losses[run][: len(trainings[run])]
        folders = fake.add(run, args=args, test_loss=seeds, test_loss_unseen=[loss + 0.01 for loss in seeds])
        for folder, training in zip(folders, trainings[run], strict=True):
            (folder / "diagnostics.jsonl").write_text(training.text())
    return fakeruns.named(mlp.figures(fake.runs(without=without)))


def caption(tmp_path, name: str, **more) -> str:
    return figures(tmp_path, **more)[name].caption


# -- activations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("std", "says"),
    [
        ((0.4, 0.2, 0.1), "At gain 0.5 the signal fades, from a standard deviation of 0.40 in the first layer to 0.10"),
        ((0.4, 0.3, 0.25), "At gain 0.5 the signal weakens, from a standard deviation of 0.40"),
        ((0.4, 0.4, 0.39), "At gain 0.5 the signal does not fade: it goes from a standard deviation of 0.40"),
        ((0.2, 0.4, 0.8), "At gain 0.5 the signal does not fade: it goes from a standard deviation of 0.20"),
    ],
)
def test_whether_the_signal_fades(tmp_path, std, says):
    assert caption(tmp_path, "activations-start", trainings={"small": [Training(start=Look(std=std))]}).startswith(says)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (0.1, 0.3, "Training widens the signal at gain 0.5: the last layer goes from 0.10 at initialisation to 0.30."),
        (0.1, 0.11, "Training hardly changes the signal at gain 0.5: the last layer goes from 0.10"),
        (0.3, 0.1, "Training narrows the signal at gain 0.5 further: the last layer goes from 0.30"),
    ],
)
def test_what_training_does_to_the_signal(tmp_path, before, after, says):
    training = Training(start=Look(std=(0.4, 0.4, before)), end=Look(std=(0.4, 0.4, after)))
    assert caption(tmp_path, "activations-end", trainings={"small": [training]}).startswith(says)


@pytest.mark.parametrize(
    ("saturated", "says"), [((0.5, 0.6, 0.7), "At gain 4, 60 % of"), ((0.05, 0.1, 0.15), "At gain 4, only 10 % of")]
)
@pytest.mark.parametrize("when", ["start", "end"])
def test_how_many_outputs_are_flat_and_when(tmp_path, saturated, says, when):
    """A picture of the start speaks of the first record, one of the end of the last: never the other way round."""
    other = {"start": "end", "end": "start"}[when]
    training = Training(**{when: Look(saturated=saturated), other: Look(saturated=(0.77, 0.77, 0.77))})
    told = figures(tmp_path, trainings={"large": [training]})
    assert f"{says} the outputs lie beyond 0.97" in told[f"activations-{when}"].caption
    assert "At gain 4, 77 % of the outputs" in told[f"activations-{other}"].caption


@pytest.mark.parametrize(
    ("std", "saturated", "says"),
    [
        ((0.6, 0.62, 0.64), (0.03, 0.03, 0.03), "With BatchNorm the layers look alike at any gain: 3 % saturated."),
        ((0.6, 0.62, 0.64), (0.09, 0.09, 0.09), "look alike at any gain: 3 %, 3 % and 9 % saturated."),
        ((0.6, 0.4, 0.3), (0.03, 0.03, 0.03), "With BatchNorm the layers still differ: 3 % saturated."),
    ],
)
def test_whether_batchnorm_makes_the_layers_alike(tmp_path, std, saturated, says):
    training = Training(start=Look(std=std, saturated=saturated))
    assert says in caption(tmp_path, "activations-start", trainings={"large-bn": [training]})


# -- gradients --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gradient", "normalised", "says"),
    [
        ((1e-6, 4e-6, 17e-6), (2e-4, 3e-4, 3e-4),
         "the gradient of layer 3 is 17 times as wide as that of layer 1. With BatchNorm the widest is 1.5 times the "
         "narrowest: all layers hear."),
        ((8e-6, 4e-6, 6e-6), (2e-4, 3e-4, 3e-4),
         "the gradient of layer 1 is 2.0 times as wide as that of layer 2. With BatchNorm the widest is 1.5 times the "
         "narrowest. Each"),
        ((1e-6, 4e-6, 17e-6), (1e-4, 3e-4, 6e-4), "With BatchNorm the widest is 6.0 times the narrowest. Each"),
    ],
)  # fmt: skip
def test_which_layers_hear_at_the_start(tmp_path, gradient, normalised, says):
    trainings = {run: [Training(start=Look(gradient=g))] for run, g in (("small", gradient), ("small-bn", normalised))}
    assert says in caption(tmp_path, "gradients-start", trainings=trainings)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ((1e-6, 17e-6), (2e-4, 3e-4), "Training has evened out the layers at gain 0.5: the widest layer is 1.5 times "
         "the narrowest, and was 17 times before."),
        ((2e-6, 3e-6), (2e-4, 4e-4), "The layers at gain 0.5 are even: the widest layer is 2.0 times the narrowest, "
         "and was 1.5 times before."),
        ((2e-6, 3e-6), (2e-4, 9e-4), "Training leaves the layers at gain 0.5 uneven: the widest layer is 4.5 times"),
        ((2e-6, 3e-6), (0.0, 9e-4), "uneven: the widest layer is infinitely many times the narrowest"),
    ],
)  # fmt: skip
def test_which_layers_hear_after_training(tmp_path, before, after, says):
    training = Training(start=Look(gradient=(*before, before[1])), end=Look(gradient=(*after, after[1])))
    assert says in caption(tmp_path, "gradients-end", trainings={"small": [training]})


@pytest.mark.parametrize(("worst", "label"), [("good-bn", "gain 1, BatchNorm"), ("good", "gain 5/3")])
def test_the_run_whose_layers_differ_most_is_named(tmp_path, worst, label):
    training = Training(end=Look(gradient=(1e-4, 4e-4, 8e-4)))
    said = caption(tmp_path, "gradients-end", trainings={worst: [training]})
    assert f"The layers differ most at {label}: 8.0 times." in said


def test_the_sizes_of_the_gradients_at_both_ends(tmp_path):
    assert caption(tmp_path, "gradients") == (
        "At gain 0.5 the gradients of the layers differ in size: at initialisation 17-fold, with BatchNorm 1.5-fold; "
        "after training 1.6-fold, with BatchNorm 1.5-fold."
    )


def test_a_dead_layer_is_drawn_flat(tmp_path):
    silent = Training(start=Look(gradient=(0.0, 0.0, 0.0)))
    drawing = figures(tmp_path, trainings={"large": [silent]})["gradients-start"]
    assert len(fakeruns.canvas(drawing)) == 6
    assert [row[3] for row in drawing.rows if row[0] == "large"] == [0, 0, 0]


def test_a_ridge_is_the_histogram_of_its_layer(tmp_path):
    """Bins of 1, 5, 2 and 1 outputs from -1 to 1, the highest of them 0.85 high; layers stand at 1, 2 and 3."""
    (panel, *_) = fakeruns.canvas(figures(tmp_path)["activations-start"])
    assert len(panel.patches) == 3
    for at, ridge in enumerate(panel.patches, 1):
        corners = {round(x, 3): (at - y) / 0.85 * 5 for x, y in ridge.get_xy()[1:-2]}
        assert corners == pytest.approx({-1.0: 1, -0.75: 1, -0.25: 5, 0.25: 2, 0.75: 1, 1.0: 1})


def test_rows_of_the_gradients_are_the_records(tmp_path):
    rows = figures(tmp_path)["gradients"].rows
    assert [row for row in rows if row[0] == "small" and row[1] == "at initialisation"] == [
        ("small", "at initialisation", 1, "1.00e-06"),
        ("small", "at initialisation", 2, "4.00e-06"),
        ("small", "at initialisation", 3, "1.70e-05"),
    ]


# -- updates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("large", "says"),
    [
        (1e-4, "the weights move 10 times less at gain 4 than at gain 1: what the forward pass forgets"),
        (5e-3, "the weights move 5.0 times more at gain 4 than at gain 1."),
        (1.1e-3, "the weights move as far at gain 4 as at gain 1."),
    ],
)
def test_what_the_gain_does_to_the_step(tmp_path, large, says):
    training = Training(start=Look(update=large), middle=Look(update=large), end=Look(update=large / 10))
    said = caption(tmp_path, "updates", trainings={"large-bn": [training]})
    assert says in said and ("remembers" in said) == ("less" in says)


@pytest.mark.parametrize(
    ("steady", "says"),
    [
        ([], "All curves fall towards the end, with the learning rate."),
        (["small", "good"], "4 of the 6 curves fall: small-bn, good-bn, large and large-bn."),
        (list(ARGUMENTS), "No curve falls much towards the end."),
    ],
)
def test_whether_the_curves_fall(tmp_path, steady, says):
    trainings = {run: [Training(end=Look())] for run in steady}
    assert caption(tmp_path, "updates", trainings=trainings).endswith(says)


def test_updates_are_medians_of_hidden_weights(tmp_path):
    """Three hidden weights move by 0.5, 1 and 7 of Look.update; embedding and output layer by 99."""
    rows = [row for row in figures(tmp_path)["updates"].rows if row[0] == "good"]
    assert rows == [("good", 0, "1.00e-03"), ("good", 100, "1.00e-03"), ("good", 200, "1.00e-04")]


# -- dead neurons -----------------------------------------------------------------------------------------------------


def test_how_many_neurons_die_and_from_which_seeds(tmp_path):
    said = caption(tmp_path, "dead")
    assert (
        "Saturated is not yet dead: at gain 4, 60 % of the outputs end saturated, and 0 % of the neurons dead." in said
    )
    assert (
        "At 16 times the rate, 35 % of the neurons end dead without BatchNorm (0 to 70 % by seed), and 0 % with" in said
    )


@pytest.mark.parametrize(
    ("saturated", "dead", "saved"), [(0.6, 0.0, True), (0.6, 0.3, False), (0.1, 0.0, False), (0.1, 0.3, False)]
)
def test_saturated_is_not_dead_where_it_is_so(tmp_path, saturated, dead, saved):
    training = Training(end=Look(saturated=(saturated,) * 3, dead=(dead,) * 3))
    said = caption(tmp_path, "dead", trainings={"large": [training]})
    assert ("Saturated is not yet dead" in said) == saved
    assert f"t gain 4, {100 * saturated:.0f} % of the outputs end saturated, and {100 * dead:.0f} % of the" in said


def test_batchnorm_that_kills_is_told(tmp_path):
    training = Training(end=Look(dead=(0.5, 0.5, 0.5)))
    assert "and 50 % with it." in caption(tmp_path, "dead", trainings={"large-fast-bn": [training]})


def test_rows_of_dead_are_over_the_seeds_of_the_picture(tmp_path):
    rows = [row for row in figures(tmp_path)["dead"].rows if row[0] == "large-fast"]
    assert rows[-1] == ("large-fast", 200, 0.9, 0.0, 0.7)
    assert rows[0] == ("large-fast", 0, 0.03, 0.0, 0.0)


def test_a_panel_for_each_run_and_a_line_for_each_seed(tmp_path):
    panels = fakeruns.canvas(figures(tmp_path)["dead"])
    assert [axes.get_title() for axes in panels] == [
        "gain 4", "gain 4, BatchNorm", "gain 4\n16 times the rate", "gain 4, BatchNorm\n16 times the rate",
    ]  # fmt: skip
    ends = [line.get_ydata()[-1] for line in panels[2].lines]
    assert ends == pytest.approx([90, 90, 0, 70])  # saturated from two seeds, dead from two seeds


# -- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        ({}, "With BatchNorm the loss at gain 0.5 falls from 2.490 to 2.165, and at gain 4 it hardly changes (2.405 to "
         "2.375): the forward pass forgets the gain, the step size does not."),
        ({"small-bn": [2.60, 2.62]}, "With BatchNorm the loss at gain 0.5 rises from 2.490 to 2.610, and"),
        ({"large-bn": [2.60, 2.62]}, "and at gain 4 it rises from 2.405 to 2.610. At 16"),
        ({"large-bn": [2.20, 2.22]}, "and at gain 4 it falls from 2.405 to 2.210. At 16"),
        ({"large-fast-bn": [2.36, 2.38]}, "and at gain 4 it hardly changes (2.405 to 2.375). At 16"),
    ],
)  # fmt: skip
def test_what_batchnorm_does_to_the_loss(tmp_path, losses, says):
    assert says in caption(tmp_path, "losses", losses=losses)


@pytest.mark.parametrize(
    ("fast", "normalised", "says"),
    [
        ([2.25, 2.80], [2.12, 2.14], "At 16 times the rate it is 2.120 to 2.140 with BatchNorm and 2.250 to 2.800 "
         "without, so that the worst seed with it is better than the best one without."),
        ([2.13, 2.80], [2.12, 2.14], "2.130 to 2.800 without."),
        ([2.01, 2.02], [2.12, 2.14], "2.010 to 2.020 without."),
    ],
)  # fmt: skip
def test_the_seeds_at_the_fast_rate_are_compared(tmp_path, fast, normalised, says):
    assert caption(tmp_path, "losses", losses={"large-fast": fast, "large-fast-bn": normalised}).endswith(says)


def test_one_seed_is_no_worst_and_no_best(tmp_path):
    said = caption(tmp_path, "losses", trainings={run: seeds[:1] for run, seeds in usual().items()})
    assert said.endswith("At 16 times the rate it is 2.120 with BatchNorm and 2.250 without.")


# -- all of them ------------------------------------------------------------------------------------------------------


def test_labels_follow_the_arguments(tmp_path):
    """Gains and rates are read off the runs, so that a changed experiment can't leave an old label behind."""
    arguments = {
        "small": ["-l", "0.1", "--gain", "0.25"],
        "large-fast": ["-l", "0.8", "--gain", "4"],
        "large-bn": ["-l", "0.1", "--gain", "7", "--batchnorm"],
    }
    told = figures(tmp_path, arguments=arguments)
    assert "At gain 0.25 the signal fades" in told["activations-start"].caption
    assert "At 8 times the rate" in told["dead"].caption and "At 8 times the rate" in told["losses"].caption
    assert "gain 7, BatchNorm: 3 % saturated" in told["activations-end"].description
    assert "less at gain 7 than at gain 1" in told["updates"].caption


def test_the_start_and_the_end_never_say_the_same(tmp_path):
    told = figures(tmp_path)
    for kind in ("activations", "gradients"):
        start, end = told[f"{kind}-start"], told[f"{kind}-end"]
        assert start.caption != end.caption and start.rows != end.rows
        assert start.title.startswith("At initialisation") and end.title.startswith("After training")


def test_the_figures_whose_runs_are_there(tmp_path):
    everything = {
        "activations-start", "activations-end", "gradients", "gradients-start", "gradients-end", "updates", "dead",
        "losses",
    }  # fmt: skip
    assert set(figures(tmp_path)) == everything
    assert set(figures(tmp_path, without=["large-fast"])) == everything - {"dead", "losses"}
    assert figures(tmp_path, without=["good"]) == {}


def test_the_examples_in_docstrings_are_true():
    tried = doctest.testmod(mlp)
    assert tried.attempted and not tried.failed


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    words = fakeruns.drawn(figures(tmp_path), tmp_path / "drawn")
    for name in ("activations-start", "activations-end", "gradients-start", "gradients-end"):
        assert words[name].count("layer 3") == 2, name  # above and below
    assert "60 % saturated" in words["activations-start"] and "less than 1 % saturated" in words["activations-end"]
    assert "widest 17 × narrowest" in words["gradients-start"] and "widest 17 × narrowest" not in words["gradients-end"]
    assert "after training" in words["gradients"] and "1e-3, the rule of thumb" in words["updates"]
    assert words["dead"].count("dead neurons") == 1
    mean = statistics.fmean(LOSSES["large-fast"])
    assert f"{mean:.3f}" in words["losses"] and not math.isclose(mean, max(LOSSES["large-fast"]))
    assert not any(re.search("nan", word) for texts in words.values() for word in texts)
