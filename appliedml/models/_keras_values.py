"""What parameters of Keras' optimizers, schedules, losses and metrics may be, so that plans are checked without Keras.

A name means the same wherever it is met among objects of one kind; Keras itself takes most values and fails later, or
trains on nonsense (a ``beta_1`` of 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, Null, Real, Rule, Text


class Rate(Rule):
    """A number above 0, or the entry of a schedule, which is looked into elsewhere."""

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        return isinstance(value, Mapping) or Real(0, open_low=True).accepts(value)

    def describe(self) -> str:
        """The rule in words."""
        return "a number over 0, or a schedule of Keras as in {cosine_decay: {...}}"


_ANY, _POSITIVE, _ABOVE_0, _SHARE, _YES_NO = Real(), Real(0), Real(0, open_low=True), Real(0, 1), Boolean()
_DECAY = Real(0, 1, open_high=True)
_NUMBERS = AnyOf(Real(), ListOf(Real()))


def _table(*rows: tuple[str, Rule]) -> dict[str, Rule]:
    return {name: rule for names, rule in rows for name in names.split()}


OPTIMIZER_VALUES = _table(
    ("learning_rate", Rate()),
    ("weight_decay adam_weight_decay", AnyOf(Null(), _POSITIVE)),
    ("clipnorm clipvalue global_clipnorm loss_scale_factor", AnyOf(Null(), _ABOVE_0)),
    ("use_ema amsgrad centered nesterov relative_step exclude_embeddings", _YES_NO),
    ("ema_momentum momentum rho", _SHARE),
    ("ema_overwrite_frequency", AnyOf(Null(), Integer(1))),
    ("gradient_accumulation_steps", AnyOf(Null(), Integer(2))),
    ("beta_1 beta_2 adam_beta_1 adam_beta_2", _DECAY),
    ("epsilon epsilon_1 epsilon_2 initial_accumulator_value beta adam_lr_ratio rms_rate", _POSITIVE),
    ("l1_regularization_strength l2_regularization_strength l2_shrinkage_regularization_strength", _POSITIVE),
    ("clip_threshold", _ABOVE_0),
    ("beta_2_decay learning_rate_power", Real(high=0)),
    ("muon_a muon_b muon_c", _ANY),
    ("ns_steps", Integer(1)),
    ("warmup_steps", Integer(0)),
    ("exclude_layers", AnyOf(Null(), ListOf(Text()))),
)
SCHEDULE_VALUES = _table(
    ("initial_learning_rate end_learning_rate", _POSITIVE),
    ("decay_steps first_decay_steps t_mul m_mul", _ABOVE_0),
    ("decay_rate alpha power", _POSITIVE),
    ("warmup_target", AnyOf(Null(), _POSITIVE)),
    ("warmup_steps", Integer(0)),
    ("staircase cycle", _YES_NO),
    ("boundaries", ListOf(_ANY, min_items=1)),
    ("values", ListOf(_POSITIVE, min_items=1)),
)
LOSS_VALUES = _table(
    ("from_logits apply_class_balancing", _YES_NO),
    ("label_smoothing", _SHARE),
    ("alpha", _NUMBERS),
    ("gamma", _POSITIVE),
    ("q", Real(0, 1, open_low=True)),
    ("delta", _ABOVE_0),
    ("ignore_class", AnyOf(Null(), Integer())),
)
METRIC_VALUES = _table(
    ("name", Text()),
    ("from_logits multi_label from_sorted_ids", _YES_NO),
    ("label_smoothing recall precision sensitivity specificity", _SHARE),
    ("num_thresholds", Integer(2)),
    ("thresholds", AnyOf(Null(), _NUMBERS)),
    ("threshold", AnyOf(Null(), _ANY)),
    ("curve", Choice("ROC", "PR", "PRGAIN")),
    ("summation_method", Choice("interpolation", "minoring", "majoring")),
    ("num_labels top_k", AnyOf(Null(), Integer(1))),
    ("label_weights", AnyOf(Null(), ListOf(_POSITIVE))),
    ("average", AnyOf(Null(), Choice("micro", "macro", "weighted"))),
    ("beta", _ABOVE_0),
    ("class_id", AnyOf(Null(), Integer(0))),
    ("ignore_class", AnyOf(Null(), Integer())),
    ("k", Integer(1)),
)
