from __future__ import annotations

from typing import get_args

import pytest

from appliedml.report import blocks
from appliedml.report._page import Page
from appliedml.report.json_form import to_json
from appliedml.report.markdown import _Writer

KINDS = get_args(blocks.Block)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_renderer_knows_every_block(kind):
    name = f"_{kind.__name__.lower()}"

    assert hasattr(Page, name)
    assert hasattr(_Writer, name)


def test_the_demo_document_holds_every_block(demo):
    used = {type(block) for section in demo.demo_document().sections for block in section.blocks}

    assert used == set(KINDS)
    assert {block["type"] for section in to_json(demo.demo_document())["sections"] for block in section["blocks"]} == {
        kind.__name__ for kind in KINDS
    }


def test_blocks_cannot_be_changed():
    with pytest.raises(AttributeError):
        blocks.Text("a").text = "b"  # type: ignore[misc]
