"""A twin of a network is a new one with the same numbers; what torch notes of a seed is no stack."""

import torch
from torch import nn

from course.checks import seeding
from graders.kit.worker.language import tiny_bert
from graders.kit.worker.twins import twin


def test_a_twin_has_the_same_numbers_and_shares_none_of_them():
    tied = nn.Linear(4, 4)
    model = nn.Sequential(tied, nn.BatchNorm1d(4), nn.ReLU(), tied).eval()
    tied.bias.requires_grad_(False)
    other = twin(model)
    assert list(other.state_dict()) == list(model.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(other.state_dict().values(), model.state_dict().values(), strict=True))
    assert not {t.data_ptr() for t in model.state_dict().values()} & {t.data_ptr() for t in other.state_dict().values()}
    assert other[0] is other[3]
    assert not other[0].bias.requires_grad
    assert other[0].weight.requires_grad
    other.train().register_forward_hook(lambda *_: None)
    other[1].note = 1
    assert not model.training
    assert not model._forward_hooks
    assert not hasattr(model[1], "note")
    x = torch.randn(3, 4)
    assert torch.equal(other.eval()(x), model(x))


def test_each_small_bert_is_another_one_with_the_same_answers():
    words = torch.tensor([[1, 2, 3]])
    one, other = (tiny_bert.build(30, 8, 1) for _ in range(2))
    with torch.no_grad():
        wanted = other(words).prediction_logits
        assert torch.equal(one(words).prediction_logits, wanted)
        for p in one.parameters():
            p.zero_()
        one.config.hidden_act = "relu"
        assert torch.equal(other(words).prediction_logits, wanted)
        assert torch.equal(tiny_bert.build(30, 8, 1)(words).prediction_logits, wanted)
    assert other.config.hidden_act == tiny_bert.build(30, 8, 1).config.hidden_act == "gelu"
    assert len(one.diary) == 3  # BERT and its two heads
    assert len(other.diary) == 6


def test_a_seed_is_noted_without_a_stack(monkeypatch):
    kinds = [kind for kind in (torch.cuda, torch.xpu, torch.mtia) if hasattr(kind, "traceback")]
    for kind in kinds:
        monkeypatch.setattr(kind, "traceback", kind.traceback)
    seeding.without_stacks()
    torch.manual_seed(3)
    first = torch.rand(())
    torch.manual_seed(3)
    assert torch.rand(()) == first
    assert kinds
    assert all(kind.traceback.format_stack() == [] for kind in kinds)
