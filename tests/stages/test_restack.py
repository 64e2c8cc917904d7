"""What a series must be, as git sees it."""

from deltas.stages.build import workshop
from deltas.stages.restack import differing_exports, insertion_faults


def test_line_of_upstream_that_a_stage_lacks(tiny):
    with workshop(tiny.project) as shop:
        trees = [stage.tree for stage in shop.stages]
        assert insertion_faults(shop.repo, trees) == []
        assert differing_exports(shop.repo, shop.stages) == []
        assert insertion_faults(shop.repo, [trees[4], *trees[1:4]]), "backwards, lines are missing"
