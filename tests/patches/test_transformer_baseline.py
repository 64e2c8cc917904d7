"""The patch's own code: the loader against the dataset, the schedule by hand, attention against the model."""

from types import SimpleNamespace

import pytest
import torch

WORDS = ["emma", "olivia", "ava", "isabella", "bo", "al", "mia"]
CHARS = sorted(set("".join(WORDS)))


@pytest.fixture(scope="module")
def mm(stage_code):
    code = stage_code("transformer-baseline")
    code.args = SimpleNamespace(device="cpu")  # which the main program reads off the command line
    return code


def data(mm):
    return mm.CharDataset(WORDS, CHARS, 10)


def words_of(X, Y) -> list[str]:
    """Return the words of a batch, read off the targets; the inputs must be those of the same words."""
    words = []
    for x, y in zip(X.tolist(), Y.tolist(), strict=True):
        length = y.index(0)
        assert x[: length + 1] == [0, *y[:length]]
        assert all(target == -1 for target in y[length + 1 :])
        words.append("".join(CHARS[i - 1] for i in y[:length]))
    return words


def test_an_epoch_gives_every_word_once_in_a_new_order(mm):
    torch.manual_seed(1)
    loader = mm.ShortDataLoader(data(mm), batch_size=3)
    orders = []
    for _ in range(4):
        epoch = [word for _ in range(2) for word in words_of(*loader.next())]  # 7 words: the last one is left out
        assert len(set(epoch)) == 6 and set(epoch) < set(WORDS)
        orders.append(tuple(epoch))
    assert len(set(orders)) > 1


def test_batches_are_cut_to_their_longest_word_and_no_shorter(mm):
    torch.manual_seed(2)
    loader = mm.ShortDataLoader(data(mm), batch_size=2)
    for _ in range(30):
        X, Y = loader.next()
        assert X.size(1) == Y.size(1) == max(map(len, words_of(X, Y))) + 1


def test_the_loss_of_a_cut_batch_is_that_of_the_whole(mm):
    torch.manual_seed(3)
    model = mm.Transformer(mm.ModelConfig(vocab_size=len(CHARS) + 1, block_size=11, n_layer=2, n_embd=8, n_head=2))
    loader = mm.ShortDataLoader(data(mm), batch_size=7)
    X, Y = loader.next()
    whole = [data(mm)[WORDS.index(word)] for word in words_of(X, Y)]
    long_x, long_y = (torch.stack(part) for part in zip(*whole, strict=True))
    assert long_x.size(1) > X.size(1)
    assert torch.allclose(model(X, Y)[1], model(long_x, long_y)[1], atol=1e-6)


def test_schedule_climbs_for_100_steps_and_falls_to_zero(mm, monkeypatch):
    monkeypatch.setattr(mm, "args", SimpleNamespace(max_steps=1000), raising=False)
    rates = [mm.warmup_decay(step) for step in range(1001)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[1000] == 0 and min(rates[:1000]) > 0
    top = rates.index(max(rates))
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert 85 <= top <= 100


def test_attention_maps_are_what_the_model_computes(mm):
    """The attention output of a block, put together again from map and values, is what the block gave."""
    torch.manual_seed(4)
    model = mm.Transformer(mm.ModelConfig(vocab_size=len(CHARS) + 1, block_size=11, n_layer=3, n_embd=8, n_head=2))
    maps = mm.attention_maps(model, "emma", data(mm))
    assert maps.shape == (3, 2, 5, 5)
    assert torch.allclose(maps.sum(-1), torch.ones(3, 2, 5))
    assert (maps.triu(1) == 0).all()
    seen = []
    hooks = [block.attn.register_forward_hook(lambda _, i, o: seen.append((i[0], o))) for block in model.transformer.h]
    model(torch.tensor([[0, *data(mm).encode("emma").tolist()]]))
    for hook in hooks:
        hook.remove()
    for block, att, (x, y) in zip(model.transformer.h, maps, seen, strict=True):
        v = block.attn.c_attn(x)[0, :, 16:].view(5, 2, 4).transpose(0, 1)  # (nh, T, hs)
        mixed = (att @ v).transpose(0, 1).reshape(1, 5, 8)
        assert torch.allclose(block.attn.c_proj(mixed), y, atol=1e-5)


def test_attention_maps_leave_no_hooks_behind(mm):
    model = mm.Transformer(mm.ModelConfig(vocab_size=len(CHARS) + 1, block_size=11, n_layer=1, n_embd=8, n_head=2))
    mm.attention_maps(model, "ava", data(mm))
    assert all(not block.attn._forward_hooks for block in model.transformer.h)
