"""From the inputs of a spec to one vector a row: the front of every table network."""

from __future__ import annotations

from typing import Any

import numpy as np

from appliedml.core.seeds import derive_seed
from appliedml.models._inputs import CODES, NUMBERS, Arrays, InputSpec
from appliedml.models.builders._builder import TableBuilder

PIECEWISE = "piecewise_numbers"


def automatic_width(capacity: int) -> int:
    """Return the width of the embedding of a category: about half its levels, a power of two from 2 to 16.

    Parameters
    ----------
    capacity : int
        Number of codes.

    Returns
    -------
    int

    Examples
    --------
    >>> [automatic_width(capacity) for capacity in (4, 12, 24, 500)]
    [2, 8, 16, 16]
    """
    return int(min(16, 2 ** max(1, round(float(np.log2(capacity / 2))))))


def read_columns(builder: TableBuilder, spec: InputSpec, seed: int) -> tuple[dict[str, Any], Any]:
    """Return the Keras inputs and one tensor of shape (n_rows, width) made of them.

    Parameters
    ----------
    builder : TableBuilder
        Its ``embedding_width``, ``numeric_embedding`` ("none": numbers as they are; "piecewise", "periodic": numbers as
        they are and their embedding), ``numeric_bins``, ``numeric_width`` and ``input_dropout`` are used.
    spec : InputSpec
    seed : int

    Returns
    -------
    inputs : dict of str to KerasTensor
    columns : KerasTensor
    """
    import keras

    from appliedml.models.builders import _layers as own

    inputs: dict[str, Any] = {}
    parts = []
    if spec.numbers:
        numbers = keras.Input((len(spec.numbers),), dtype="float32", name=NUMBERS)
        inputs[NUMBERS] = numbers
        parts.append(numbers)
        at = derive_seed(seed, "numbers")
        if builder.numeric_embedding == "piecewise":
            parts.append(
                own.PiecewiseNumbers(builder.numeric_bins, builder.numeric_width, seed=at, name=PIECEWISE)(numbers)
            )
        elif builder.numeric_embedding == "periodic":
            parts.append(
                own.PeriodicNumbers(builder.numeric_bins, builder.numeric_width, seed=at, name="periodic_numbers")(
                    numbers
                )
            )
    if spec.categories:
        codes = keras.Input((len(spec.categories),), dtype="int32", name=CODES)
        inputs[CODES] = codes
        widths = [
            automatic_width(room) if builder.embedding_width == "auto" else int(builder.embedding_width)
            for room in spec.capacities
        ]
        for width in sorted(set(widths)):
            columns = [place for place, its in enumerate(widths) if its == width]
            layer = own.EntityEmbeddings(
                columns,
                [spec.capacities[place] for place in columns],
                width,
                seed=derive_seed(seed, "embeddings", width),
                name=f"embeddings_{width}",
            )
            parts.append(layer(codes))
    joined = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="columns")(parts)
    if builder.input_dropout:
        joined = own.HashDropout(builder.input_dropout, seed=derive_seed(seed, "columns"), name="input_dropout")(joined)
    return inputs, joined


def set_edges(model: Any, x: Arrays, numeric_bins: int) -> None:
    """Set the bin edges of a piecewise embedding to quantiles of the training rows.

    Parameters
    ----------
    model : keras.Model
    x : dict of str to array
    numeric_bins : int
    """
    if NUMBERS not in x:
        return
    quantiles = np.linspace(0.0, 1.0, numeric_bins + 1)
    edges = np.empty((x[NUMBERS].shape[1], numeric_bins + 1), dtype=np.float32)
    for place in range(len(edges)):
        values = np.unique(x[NUMBERS][:, place])
        # With few distinct values each gets an edge of its own, so that any function of them can be learned.
        if len(values) <= numeric_bins + 1:
            edges[place] = np.concatenate([values, np.full(numeric_bins + 1 - len(values), values[-1])])
        else:
            edges[place] = np.quantile(x[NUMBERS][:, place], quantiles)
    model.get_layer(PIECEWISE).edges.assign(edges)


def dense(units: int, seed: int, *, initializer: str, l1: float, l2: float, name: str, use_bias: bool = True) -> Any:
    """Return a Dense layer with a seeded start and the asked-for penalties.

    Parameters
    ----------
    units, seed : int
    initializer : str
        A Keras name in snake case.
    l1, l2 : float
    name : str
    use_bias : bool

    Returns
    -------
    keras.layers.Dense
    """
    import keras

    start = {"class_name": "".join(part.capitalize() for part in initializer.split("_")), "config": {"seed": seed}}
    return keras.layers.Dense(
        units,
        kernel_initializer=keras.initializers.get(start),
        kernel_regularizer=keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
        use_bias=use_bias,
        name=name,
    )


def hidden_layer(builder: Any, x: Any, number: int, units: int, seed: int) -> Any:
    """Return a dense layer with what a builder asks for around it: normalisation, activation, dropout, a short cut.

    Parameters
    ----------
    builder : Mlp or DeepCross
    x : KerasTensor
    number : int
        Of the layer, for its name and seed.
    units, seed : int

    Returns
    -------
    KerasTensor
    """
    import keras

    from appliedml.models.builders._layers import HashDropout

    at = derive_seed(seed, "dense", number)
    penalties = {"l1": builder.l1, "l2": builder.l2}
    before = x
    x = dense(units, at, initializer=builder.initializer, name=f"dense_{number}", **penalties)(x)
    if builder.batch_norm:
        x = keras.layers.BatchNormalization(name=f"norm_{number}")(x)
    x = keras.layers.Activation(builder.activation, name=f"activation_{number}")(x)
    if builder.dropout:
        x = HashDropout(builder.dropout, seed=derive_seed(at, "dropout"), name=f"dropout_{number}")(x)
    if not getattr(builder, "residual", False):
        return x
    if before.shape[-1] != units:
        at, name = derive_seed(at, "shortcut"), f"shortcut_{number}"
        before = dense(units, at, initializer="glorot_uniform", name=name, use_bias=False, **penalties)(before)
    return keras.layers.Add(name=f"add_{number}")([before, x])
