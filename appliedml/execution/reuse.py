"""What it saved that a network trained by others was run once for each picture or text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from appliedml.core.images import Images
from appliedml.core.texts import Texts

# Where a model's description says that a frozen network stands in front of it.
FROZEN = ("backbone", "pretrained")
IN_EVERY_EPOCH = "in every epoch"


def frozen_passes(
    inputs: Any, models: Sequence[Mapping[str, Any]], sizes: Sequence[Mapping[str, int]]
) -> dict[str, int]:
    """Count how often pictures or texts went through a frozen network, and how often they would have without a memo.

    Parameters
    ----------
    inputs : Images, Texts or other
        All rows of the run.
    models : sequence of mapping
        Description of the model of each fold.
    sizes : sequence of mapping
        ``fitted``, ``validation`` and ``test``: rows of each fold.

    Returns
    -------
    dict
        ``computed`` (distinct pictures or texts) and ``without_reuse`` (each fitted and validation row in every epoch
        of every member, each test row once); empty where nothing is frozen, or computed in every epoch.
    """
    described = [next((model[key] for key in FROZEN if isinstance(model.get(key), Mapping)), None) for model in models]
    if not isinstance(inputs, Images | Texts) or any(one is None for one in described):
        return {}
    if any(one is not None and one.get("computed") == IN_EVERY_EPOCH for one in described):
        return {}
    without = sum(
        (size["fitted"] + size["validation"]) * sum(int(n) for n in model.get("epochs_run", ())) + size["test"]
        for model, size in zip(models, sizes, strict=True)
    )
    return {"computed": len(set(_digests(inputs))), "without_reuse": int(without)}


def _digests(inputs: Images | Texts) -> list[str]:
    if isinstance(inputs, Images):
        return inputs.digests()
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in inputs]
