"""The patch's own code: every line against an oracle of its own, the splits, and exact match."""

import ast
import collections
import contextlib
import io
import itertools
import re
import subprocess
import sys
import zlib
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.evidence import baseline
from lab import HERE

FEW = 60  # lines of every label: enough for an oracle
SEEDS = st.integers(0, 10_000)
LINES = "4ce53d294bab6d3ea8675db65de3e07492f99e8b279113d23d9309fffaa8b95e"  # of 50 lines of every label of every task


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("benchmark-pack")


@pytest.fixture(scope="module")
def folder(stage_tree):
    return stage_tree("benchmark-pack")


@pytest.fixture(scope="module", autouse=True)
def beside_names(folder):
    """tasks.py reads names.txt from the folder that it is called in, as makemore.py does."""
    with contextlib.chdir(folder):
        yield


# ----------------------------------------------------------------------------------------------------------------------
# oracles: each returns the right answer to a prompt


def walked(prompt: str) -> str:
    row, place = prompt[:12], prompt[13]
    assert prompt[12] == ":"
    while place.isalpha():
        place = row[ord(place) - ord("a")]
    return place


def hops(prompt: str) -> int:
    row, at, count = prompt[:12], ord(prompt[13]) - ord("a"), 0
    while row[at].isalpha():
        at, count = ord(row[at]) - ord("a"), count + 1
    return count


def longest_chain(prompt: str) -> int:
    """Return how many columns one carry runs through, by adding on paper."""
    a, b = prompt.rstrip("=").split("+")
    carries = []
    carry = 0
    for one, other in zip(reversed(a), reversed(b), strict=True):
        passed_on = carry and int(one) + int(other) == 9
        carry = int(int(one) + int(other) + carry >= 10)
        carries.append("p" if carry and passed_on else "m" if carry else ".")
    return max((len(run) for run in re.findall("mp*", "".join(carries))), default=0)


def sum_of(prompt: str) -> str:
    a, b = prompt.rstrip("=").split("+")
    return str(int(a) + int(b)).zfill(len(a) + 1)


def depth_of(prompt: str) -> str:
    """Peel the innermost pairs off, layer by layer."""
    text, layers = prompt.rstrip("="), 0
    while text:
        level, peak = 0, 0
        for char in text:  # the pairs of the deepest level go
            level += 1 if char in "([{" else -1
            peak = max(peak, level)
        level, kept = 0, ""
        for char in text:
            level += char in "([{"
            kept += "" if level == peak else char
            level -= char not in "([{"
        text, layers = kept, layers + 1
    return str(layers)


def matched(text: str) -> bool:
    while (shorter := re.sub(r"\(\)|\[\]|\{\}", "", text)) != text:
        text = shorter
    return not text


ORACLES = {
    "walk": walked,
    "walk-on": walked,
    "parity": lambda prompt: str(int(prompt.rstrip("="), 2).bit_count() % 2),
    "add": sum_of,
    "add-reversed": lambda prompt: sum_of(prompt)[::-1],
    "brackets": depth_of,
    "in-order": lambda prompt: "y" if prompt[:-1] == "".join(sorted(prompt[:-1])) else "n",
}
DIFFICULTY = {
    "walk": hops,
    "walk-on": hops,
    "parity": lambda prompt: len(prompt) - 1,
    "add": longest_chain,
    "add-reversed": longest_chain,
    "brackets": lambda prompt: int(depth_of(prompt)),
    "in-order": lambda prompt: len(prompt) - 1,
}


@pytest.mark.parametrize("task", ORACLES)
@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_answers_and_difficulties_of_algorithms_are_right(mm, task, seed):
    for prompt, answer, label in mm.tasks.make(task, FEW, seed):
        assert answer == ORACLES[task](prompt), prompt
        assert label == DIFFICULTY[task](prompt), prompt


def test_two_columns_do_not_say_what_is_handed_on(mm):
    """A carry has to be followed: who looks one column to the right and takes 9 for a carry is often wrong."""

    def nearly(prompt: str) -> str:
        a, b = prompt.rstrip("=").split("+")
        sums = [0, *(int(x) + int(y) for x, y in zip(a, b, strict=True)), 0]
        return "".join(str((here + (right >= 9)) % 10) for here, right in itertools.pairwise(sums))

    right = collections.defaultdict(list)
    for prompt, answer, chain in mm.tasks.make("add", 300):
        right[chain].append(nearly(prompt) == answer)
    shares = {chain: sum(hits) / len(hits) for chain, hits in right.items()}
    assert max(shares[chain] for chain in (0, 1, 2, 3)) < 0.75 and shares[6] < 0.95, shares


def test_brackets_match(mm):
    assert all(matched(prompt[:-1]) for prompt, _, _ in mm.tasks.make("brackets", FEW))


def test_what_is_not_in_order_has_two_neighbours_exchanged(mm):
    answers = collections.Counter()
    for prompt, answer, _ in mm.tasks.make("in-order", FEW):
        letters = list(prompt[:-1])
        wrong = [i for i in range(len(letters) - 1) if letters[i] > letters[i + 1]]
        assert len(wrong) == (answer == "n")
        answers[answer] += 1
    assert 0.4 < answers["y"] / answers.total() < 0.6


def calculated(question: str) -> str:
    a, op, b = re.fullmatch(r"(\d+)([-+*])(\d+)=", question).groups()
    return str({"+": int.__add__, "-": int.__sub__, "*": int.__mul__}[op](int(a), int(b)))


SHAPES = {
    "digits": r"\d[+*]\d=",
    "sum": r"\d{5}\+\d{5}=",
    "product": r"\d{3}\*\d{3}=",
    "arithmetic": r"\d{3}[-+]\d{3}=",
}


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_tools_lines_are_two_questions_and_their_answers(mm, seed):
    book = {}
    for prompt, answer, label in mm.tasks.make("tools", FEW, seed):
        if label == "names":
            assert not prompt
            continue
        line = prompt + answer
        for question, said in (half.split("=") for half in line.split(" ")):
            question += "="
            if label in SHAPES:
                assert re.fullmatch(SHAPES[label], question) and said == calculated(question)
            else:
                assert re.fullmatch("[a-z]{4}=", question) and re.fullmatch(r"\d{3}", said)
                assert book.setdefault(question, said) == said  # one key, one number


def test_another_edition_of_the_book_has_other_numbers(mm):
    keys = mm.tasks.BOOKS["hot"]
    same = [key for key in keys if mm.tasks.value(key, 1) == mm.tasks.value(key, 2)]
    assert len(same) <= 3


def test_hot_keys_come_often_and_cold_ones_seldom_and_no_key_is_both(mm):
    books = mm.tasks.BOOKS
    assert sum(map(len, books.values())) == len(set(itertools.chain(*books.values())))
    seen = collections.Counter(re.findall("[a-z]{4}(?==)", " ".join(p for p, _, _ in mm.tasks.make("tools"))))
    assert min(seen[key] for key in books["hot"]) > 10 * max(1, sum(seen[key] for key in books["cold"]) / 1500) / 2


def test_code_parses_and_runs(mm):
    lines = [answer for prompt, answer, label in mm.tasks.make("domains", 300) if label == "code" and not prompt]
    assert len(lines) == 300
    for line in lines:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.parse(line), line, "exec"), {})


def test_domains_are_what_their_labels_say(mm, folder):
    names = set((folder / "names.txt").read_text().split())
    by_label = collections.defaultdict(list)
    for prompt, answer, label in mm.tasks.make("domains", 300):
        by_label[label].append((prompt, answer))
    assert all(not prompt and answer in names for prompt, answer in by_label["names"])
    assert all(not prompt and answer[::-1] in names for prompt, answer in by_label["reversed"])
    assert all(answer == calculated(prompt) for prompt, answer in by_label["arithmetic"])
    book = {}
    for key, said in (half.split("=") for prompt, answer in by_label["facts"] for half in (prompt + answer).split(" ")):
        assert book.setdefault(key, said) == said and key in mm.tasks.BOOKS["facts"]  # one key, one number
    assert {len(rows) for rows in by_label.values()} == {300}


def test_no_name_stands_in_both_directions(mm):
    rows = [(answer, label) for _, answer, label in mm.tasks.make("domains", 14000) if label in ("names", "reversed")]
    forward = {answer for answer, label in rows if label == "names"}
    backward = {answer[::-1] for answer, label in rows if label == "reversed"}
    assert not forward & backward and len(forward) == len(backward) == 14000


CONCEPTS = {  # what each makes of [3, 8, 0, 9, 6, 1]; written by hand
    "reverse": [1, 6, 9, 0, 8, 3],
    "tail": [8, 0, 9, 6, 1],
    "init": [3, 8, 0, 9, 6],
    "first3": [3, 8, 0],
    "rotate": [8, 0, 9, 6, 1, 3],
    "snoc": [3, 8, 0, 9, 6, 1, 0],
    "double": [6, 6, 0, 8, 2, 2],
    "next": [4, 9, 1, 0, 7, 2],
    "square": [9, 4, 0, 1, 6, 1],
    "places": [3, 9, 2, 2, 0, 6],
    "even": [8, 0, 6],
    "odd": [3, 9, 1],
    "threes": [3, 0, 9, 6],
    "small": [3, 0, 1],
    "sum": 7,
    "length": 6,
    "head": 3,
    "last": 1,
    "largest": 9,
    "evens": 3,
}


def kept(keeps):
    def made(x):
        left = []
        for digit in x:
            left += [digit] if keeps(digit) else []
        return left

    return made


def changed(change):
    def made(x):
        for place in range(len(x)):
            x[place] = change(x[place], place) % 10
        return x

    return made


def summed(x):
    total = 0
    while x:
        total += x.pop()
    return total % 10


ANEW = {  # the same, written another way
    "reverse": lambda x: list(reversed(x)),
    "tail": lambda x: [x[place] for place in range(1, len(x))],
    "init": lambda x: [x[place] for place in range(len(x) - 1)],
    "first3": lambda x: [digit for place, digit in enumerate(x) if place < 3],
    "rotate": lambda x: [x[(place + 1) % len(x)] for place in range(len(x))],
    "snoc": lambda x: [*x, 0],
    "double": changed(lambda digit, _: digit + digit),
    "next": changed(lambda digit, _: digit + 11),
    "square": changed(lambda digit, _: digit**2),
    "places": changed(lambda digit, place: digit + place),
    "even": kept(lambda digit: digit in (0, 2, 4, 6, 8)),
    "odd": kept(lambda digit: digit in (1, 3, 5, 7, 9)),
    "threes": kept(lambda digit: digit in (0, 3, 6, 9)),
    "small": kept(lambda digit: digit in (0, 1, 2, 3, 4)),
    "sum": summed,
    "length": lambda x: len(list(enumerate(x))) % 10,
    "head": lambda x: next(iter(x), 0),
    "last": lambda x: next(reversed(x), 0),
    "largest": lambda x: sorted([0, *x])[-1],
    "evens": lambda x: len([digit for digit in x if digit in (0, 2, 4, 6, 8)]) % 10,
}


def ran(program, x):
    for concept in program:
        x = ANEW[concept](list(x))
    return x


def test_concepts_do_what_their_names_say(mm):
    assert CONCEPTS.keys() == ANEW.keys() == (mm.tasks.LISTS | mm.tasks.DIGITS).keys()
    for concept, result in CONCEPTS.items():
        assert mm.tasks.run([concept], [3, 8, 0, 9, 6, 1]) == result == ran([concept], [3, 8, 0, 9, 6, 1]), concept


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=9), st.lists(st.sampled_from(sorted(CONCEPTS)), max_size=2))
def test_programs_run_as_other_code_runs_them(mm, x, program):
    lists = [concept for concept in program if concept in mm.tasks.LISTS]
    for concept in CONCEPTS:
        assert mm.tasks.run([*lists, concept], list(x)) == ran([*lists, concept], x), (lists, concept, x)


def test_programs_lines_have_a_program_that_says_so(mm):
    """Some composition of as many concepts as the label says agrees with all three examples and with the answer."""
    concepts = list(CONCEPTS)
    for prompt, answer, size in mm.tasks.make("programs", 15):
        *shown, asked = prompt.rstrip("=").split(" ")
        pairs = [pair.split(">") for pair in shown] + [[asked, answer]]

        def agrees(program, pairs=pairs):
            for x, y in pairs:
                made = ran(program, [int(digit) for digit in x])
                if ("".join(map(str, made)) if isinstance(made, list) else str(made)) != y:
                    return False
            return True

        programs = itertools.product(*[list(mm.tasks.LISTS)] * (size - 1), concepts)
        assert any(agrees(program) for program in programs), prompt


# ----------------------------------------------------------------------------------------------------------------------
# the same lines everywhere, and none twice


def test_no_line_comes_twice_and_every_label_as_often(mm):
    for task in mm.tasks.TASKS:
        examples = mm.tasks.make(task, FEW)
        assert len({prompt + answer for prompt, answer, _ in examples}) == len(examples), task
        assert set(collections.Counter(label for _, _, label in examples).values()) == {FEW}, task


@pytest.mark.parametrize("salt", ["0", "1"])
def test_lines_do_not_depend_on_the_order_of_sets(folder, salt):
    print_hash = (
        "import hashlib, tasks;"
        "print(hashlib.sha256(repr([tasks.make(task, 50) for task in tasks.TASKS]).encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", print_hash],
        cwd=folder,
        env={"PYTHONHASHSEED": salt, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == LINES


def test_the_lines_are_those_that_the_baseline_was_recorded_on(mm):
    (path,) = HERE.glob("baselines/[0-9][0-9]-benchmark-pack/baseline.json")
    for name, run in baseline.read(path).runs.items():
        task = run.arguments[run.arguments.index("--task") + 1]
        text = "".join(f"{prompt}{answer}\n" for prompt, answer, _ in mm.tasks.make(task))
        assert set(run.metrics["checksum"].values) == {zlib.crc32(text.encode())}, name


def test_another_seed_makes_other_lines(mm):
    for task in mm.tasks.TASKS:
        assert mm.tasks.make(task, FEW, 0) != mm.tasks.make(task, FEW, 1), task


def test_a_task_is_at_most_5_mb(mm):
    for task in mm.tasks.TASKS:
        assert sum(len(prompt + answer) + 1 for prompt, answer, _ in mm.tasks.make(task)) <= 5_000_000


def ways(prompt: str) -> list[str]:
    """Return the ways of a row, as places from the one that nobody goes to, with the digit at the end."""
    row = dict(zip("abcdefghijkl", prompt[:12], strict=True))
    found = []
    for place in row.keys() - row.values():
        way = place
        while way[-1].isalpha():
            way += row[way[-1]]
        found.append(way)
    return found


@pytest.mark.parametrize("task, lengths", [("walk", [4, 4, 4]), ("walk-on", [6, 6])])
def test_all_ways_of_a_row_are_alike(mm, task, lengths):
    """So whatever is counted in a row without following it is the same for all of its digits: one can only guess."""
    asked = collections.Counter()
    for prompt, answer, _ in mm.tasks.make(task, FEW):
        found = ways(prompt)
        assert sorted(len(way) - 1 for way in found) == lengths
        digits = [char for char in prompt[:12] if char.isdigit()]
        assert len(set(digits)) == len(lengths)
        asked[digits.index(answer)] += 1
    share = asked.total() / len(lengths)
    assert all(abs(count - share) < 4 * share**0.5 for count in asked.values()), asked


# ----------------------------------------------------------------------------------------------------------------------
# what makemore.py makes of them


@pytest.fixture
def flags(mm, monkeypatch):
    def set_flags(**more):
        values = {"lines": None, "answers_only": False, "validate": False, "device": "cpu"} | more
        monkeypatch.setattr(mm, "args", SimpleNamespace(**values), raising=False)

    set_flags()
    return set_flags


@pytest.mark.parametrize("task", ["walk-on", "tools", "domains", "parity"])
def test_splits_share_no_line_and_new_labels_are_never_trained_on(mm, flags, task):
    parts = {}
    for validate in (False, True):
        flags(lines=200, validate=validate)
        torch.manual_seed(5)
        parts["train"], parts["valid" if validate else "test"] = mm.create_task(task)
    words = {name: set(part.words) for name, part in parts.items()}
    assert all(words.values())
    assert not any(one & other for one, other in itertools.combinations(words.values(), 2))
    labels = {name: {label for _, _, label in part.examples} for name, part in parts.items()}
    beyond = set(mm.tasks.TASKS[task][2])
    assert not labels["train"] & beyond and beyond <= labels["test"] and beyond <= labels["valid"]


def test_the_split_seed_draws_the_splits(mm, flags):
    flags(lines=200)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(mm.create_task("add")[1].words)
    assert drawn[0] == drawn[1] != drawn[2]


def test_with_answers_only_a_prompt_has_no_loss(mm, flags):
    flags(answers_only=True)
    dataset = mm.TaskDataset([("23+4=", "27", 0), ("", "emma", 1)], sorted("0123456789+=aem"), 9)
    _, y = dataset[0]
    assert (y != -1).tolist() == [False] * 5 + [True] * 3 + [False] * 2  # 2, 7 and the end
    _, y = dataset[1]
    assert (y != -1).sum() == 5


def test_loaders_keep_answers_that_stand_behind_a_prompt(mm, flags):
    flags(answers_only=True)
    dataset = mm.TaskDataset([("23+4=", "27", 0), ("1+1=", "2", 0)], sorted("0123456789+="), 12)
    X, Y = mm.ShortDataLoader(dataset, 2).next()
    assert X.size(1) == 8 and (Y != -1).sum() == 3 + 2
    upstream_loader = mm.InfiniteDataLoader(dataset, batch_size=2)
    _, Y = upstream_loader.next()
    assert Y.size(1) == 13


def test_a_worker_that_is_a_process_of_its_own_knows_what_has_a_loss(stage_tree, tmp_path):
    """macOS starts workers anew (spawn): they have no command line of makemore.py, only the data set."""
    done = call(stage_tree("benchmark-pack"), "-c", SPAWNED)
    assert done.returncode == 0 and done.stdout.split() == ["False"] * 4 + ["True"] * 2, done.stderr


SPAWNED = """
from types import SimpleNamespace
import makemore
if __name__ == "__main__":
    makemore.args = SimpleNamespace(answers_only=True)
    dataset = makemore.TaskDataset([("1+1=", "2", 0)], list("+12="), 5)
    loader = makemore.DataLoader(dataset, num_workers=1, multiprocessing_context="spawn")
    print(*(next(iter(loader))[1][0] != -1).tolist())
"""


class Knowing:
    """A model that knows these lines by heart, and nothing else."""

    def __init__(self, dataset, lines):
        self.dataset, self.lines = dataset, lines

    def eval(self):
        return self

    def get_block_size(self):
        return self.dataset.get_output_length()

    def __call__(self, idx):
        logits = torch.zeros(*idx.shape, self.dataset.get_vocab_size())
        for row, begun in zip(logits, idx.tolist(), strict=True):
            begun = self.dataset.decode(begun[1:]) if 0 not in begun[1:] else None
            following = [line[len(begun) :] for line in self.lines if begun is not None and line.startswith(begun)]
            row[-1, self.dataset.stoi[following[0][0]] if following and following[0] else 0] = 9.0
        return logits, None


@pytest.mark.parametrize(
    "known, right",
    [
        (["1+1=2", "8+7=15", "9+9=18"], {"0": 1.0, "1": 1.0}),
        (["1+1=2", "8+7=16", "9+9=18"], {"0": 1.0, "1": 0.5}),
        (["1+1=21", "8+7=1", "9+9=18"], {"0": 0.0, "1": 0.5}),  # one goes on too long, another ends too early
        ([], {"0": 0.0, "1": 0.0}),
    ],
)
def test_exact_match_is_from_the_first_character_to_the_end(mm, flags, known, right):
    examples = [("1+1=", "2", 0), ("8+7=", "15", 1), ("9+9=", "18", 1), ("", "emma", 2)]
    dataset = mm.TaskDataset(examples, sorted("0123456789+=aem"), 8)
    assert mm.exact_match(Knowing(dataset, known), dataset) == right


def test_prompts_of_different_lengths_are_answered_as_one_by_one(mm, flags):
    torch.manual_seed(3)
    examples = [(f"{'1' * n}+1=", f"{n}", 0) for n in (1, 2, 3, 4)]
    dataset = mm.TaskDataset(examples, sorted("0123456789+="), 9)
    known = [prompt + answer for prompt, answer, _ in examples]
    together = mm.exact_match(Knowing(dataset, known), dataset)
    assert together == {"0": 1.0}


# ----------------------------------------------------------------------------------------------------------------------
# bad input


def call(folder, *words):
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words, says",
    [
        (["tasks.py", "wlak"], "walk"),
        (["tasks.py"], "walk"),
        (["makemore.py", "--task", "wlak"], "walk"),
        (["makemore.py", "--task", "parity", "--lines", "5000"], "parity has no 5000 different lines of 12"),
        (["makemore.py", "--task", "parity", "--lines", "1"], "9 lines are too few for three splits"),
        (["makemore.py", "--task", "walk", "--lines", "-1"], "0 lines are too few for three splits"),
        (["makemore.py", "--lines", "100"], "--task"),
        (["makemore.py", "--validate"], "--task"),
        (["makemore.py", "--answers-only"], "--task"),
    ],
)
def test_bad_input_is_refused_with_what_there_is(folder, words, says):
    done = call(folder, *words)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_tasks_py_prints_lines(folder):
    done = call(folder, "tasks.py", "walk")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 32000
    assert all(walked(line[:-1]) == line[-1] for line in lines[:100])


# ----------------------------------------------------------------------------------------------------------------------
# programs are neither too easy nor too hard to find by trying


INPUTS = [(), (7,), (3, 8), (0, 9, 5), (4, 4, 1, 2), (6, 0, 7, 3, 9), (1, 2, 3, 8, 5, 0), (9, 5, 2, 2, 6, 7, 4)]
BUDGET = 20_000  # programs


def on_each(make):
    """Lift a function of lists and digits to all inputs at once."""
    return lambda *values: tuple(tuple(made)[:9] for made in map(make, *values))


def on_digits(make):
    return lambda *values: tuple(make(*digits) % 10 for digits in zip(*values, strict=True))


def folded(table, starts, rows):
    made = []
    for value, row in zip(starts, rows, strict=True):
        for item in row:
            value = table[10 * value + item]
        made.append(value)
    return tuple(made)


# What a plain language of lists has. Types: L is a list for every input, I a digit for each; E is a digit and B a
# truth value for every pair of a place (or of what was folded so far) and an item.
PRIMITIVES = [
    ("L", "EL", lambda e, rows: tuple(tuple(e[10 * j + i] for j, i in enumerate(row)) for row in rows)),  # map
    ("L", "BL", lambda b, rows: tuple(tuple(i for j, i in enumerate(row) if b[10 * j + i]) for row in rows)),  # filter
    ("I", "EIL", folded),
    ("L", "L", on_each(lambda row: row[::-1])),
    ("L", "L", on_each(lambda row: row[1:])),
    ("L", "IL", on_each(lambda digit, row: (digit, *row))),
    ("L", "IL", on_each(lambda digit, row: row[:digit])),
    ("L", "IL", on_each(lambda digit, row: row[digit:])),
    ("I", "L", lambda rows: tuple(row[0] if row else 0 for row in rows)),
    ("B", "EE", on_digits(lambda a, b: a == b)),
    ("B", "EE", on_digits(lambda a, b: a < b)),
    ("E", "EE", on_digits(lambda a, b: a + b)),
    ("E", "EE", on_digits(lambda a, b: a * b)),
    ("E", "EE", on_digits(lambda a, b: a % b if b else 0)),
    ("E", "BEE", on_digits(lambda truth, a, b: a if truth else b)),
]
ATOMS = [
    ("L", INPUTS),
    ("E", [i for _ in range(10) for i in range(10)]),
    ("E", [j for j in range(10) for _ in range(10)]),
]
ATOMS += [("I", [digit] * len(INPUTS)) for digit in range(4)] + [("E", [digit] * 100) for digit in range(4)]


def written_down(budget: int) -> set:
    """Return what the shortest programs compute, (type, value); of programs with one value the first is kept."""
    bank = {}
    seen, count = set(), 0

    def add(kind, value, size):
        if (kind, value) not in seen:
            seen.add((kind, value))
            bank.setdefault((kind, size), []).append(value)

    for kind, value in ATOMS:
        add(kind, tuple(value), 1)
    for size in itertools.count(2):
        for kind, arguments, make in PRIMITIVES:
            for sizes in itertools.product(range(1, size), repeat=len(arguments)):
                if sum(sizes) != size - 1:
                    continue
                parts = [bank.get(part, []) for part in zip(arguments, sizes, strict=True)]
                for values in itertools.product(*parts):
                    add(kind, make(*values), size)
                    count += 1
                    if count == budget:
                        return seen


def test_plain_enumeration_finds_some_programs_and_not_others(mm):
    """Of as many programs of one, two and three concepts, to a budget of 20,000 programs: between 30 and 60 %."""
    found = written_down(BUDGET)
    shares = []
    for size in (1, 2, 3):
        programs = list(itertools.product(*[mm.tasks.LISTS] * (size - 1), [*mm.tasks.LISTS, *mm.tasks.DIGITS]))
        solved = 0
        for program in programs:
            values = [mm.tasks.run(program, list(row)) for row in INPUTS]
            is_list = isinstance(values[0], list)
            value = tuple(tuple(made)[:9] for made in values) if is_list else tuple(values)
            solved += ("L" if is_list else "I", value) in found
        shares.append(solved / len(programs))
    assert 0.3 <= sum(shares) / 3 <= 0.6, shares
    assert shares[0] > shares[1] > shares[2] > 0.1, shares
