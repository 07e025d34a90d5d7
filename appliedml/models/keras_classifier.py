"""A Keras network as a true scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from appliedml.core import registry
from appliedml.core.params import Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.errors import DataError, Problem
from appliedml.models._callbacks import copies_of, noted
from appliedml.models._carry import Carrying
from appliedml.models._checks import checked_inputs, row_weights
from appliedml.models._entries import plan_parameters
from appliedml.models._fitted_views import FittedViews
from appliedml.models._rows import check_classes, codes_of, plain_labels, set_aside, weighted
from appliedml.models._rules import RULES, check_settings, settings_problems
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models._streams import Stream, is_stream, open_stream, score_stream, validation_stream


class KerasClassifier(ClassifierMixin, FittedViews, Carrying, Configured):
    """Classifier over a Keras network, trained by compiled epochs.

    The builder says what it takes: a table, pictures (``Images`` or an array of pixels) or texts (``Texts`` or a
    sequence of text). Of a table, numeric and boolean columns are numbers, which should be scaled and must not be
    missing; category, text and object columns are categories with embeddings (unknown and missing levels share one). A
    warning names text that reads as numbers.

    Parameters
    ----------
    builder : str or mapping, default "mlp"
        Name of an architecture, or one name with its parameters: ``{"mlp": {"hidden": [64, 32], "dropout": 0.2}}``.
    embed_numbers_up_to : int, default 0
        A numeric column with at most this many distinct training values is embedded as a category too, beside the
        number: an ordered code, a year or a deductible can then have any effect. 0 for none.
    epochs : int, default 30
    batch_size : int, default 256
        Beyond the number of training rows all of them are one batch.
    optimizer : str, mapping or keras.optimizers.Optimizer, default "adam"
        Name of any optimizer of Keras ("sgd", "adamw", "lion", "muon" ...), one name with its parameters
        (``{"adam": {"beta_1": 0.8}}``), or in Python an object, of which every training gets a clone, with what its
        ``get_config`` tells and what it was told to ``exclude_from_weight_decay``.
    learning_rate : float, optional
        1e-3 where neither this nor the optimizer says otherwise; refused where both do. Of the optimizer it may be a
        schedule of Keras too: ``{"adam": {"learning_rate": {"cosine_decay": {...}}}}``.
    momentum : float, default 0.9
        Of "sgd" and "rmsprop", unless the optimizer is given with its own.
    weight_decay : float, default 0
        Decoupled, for every optimizer; biases and normalisation are left alone.
    clip_norm : float, optional
        Bound of the norm of all gradients together.
    schedule : None, str or mapping
        "step", "exponential", "cosine", "cyclical", "reduce_on_plateau", or one of them with its parameters:
        ``{"cosine": {"warmup_epochs": 2}}``.
    loss : str, mapping, keras.losses.Loss or callable, default "crossentropy"
        "crossentropy", "focal", a loss of Keras by name or with its parameters ("categorical_hinge", "mse",
        ``{"huber": {"delta": 0.5}}``), or in Python an object or a function of (y_true, y_pred) that gives one value a
        row. What it sees: 0 or 1 of shape (n, 1) for two classes, one-hot for more, and probabilities as wide, or
        logits where its ``from_logits`` is true; see ``models/_losses.py``. The losses of the rows of a batch are
        averaged. Probabilities of predictions are always the sigmoid or softmax of the logits.
    gamma : float, default 2
        Of the focal loss.
    label_smoothing : float, default 0
        Of "crossentropy" and "focal"; other losses have their own parameter.
    class_weight : None, "balanced" or mapping
        From class (or its text, as in YAML; of numbers and booleans any form of the value) to weight. Multiplied with
        ``sample_weight``; the product is scaled to mean 1 over the training rows, so that weights do not change the
        step size.
    patience_epochs : int, optional
        Stop after this many epochs without a better ``monitor`` and keep the best epoch's weights.
    monitor : str, default "val_loss"
        Or "val_roc_auc", "val_average_precision", "loss", or a metric: "precision", "val_precision".
    monitor_mode : str, default "auto"
        "min" or "max" for a metric of which it is not known whether large values are good.
    metrics : list, optional
        Metrics of Keras by name, by name with parameters, or in Python as objects. Each epoch reports ``<name>`` over
        the training rows, as they were when they were trained on, and ``val_<name>``; rows count by their weights.
    callbacks : list of keras.callbacks.Callback, or callable, optional
        In Python only. As in ``model.fit``, the objects given are trained with and hold their records afterwards. A
        clone, as of a pipeline or a search, has copies as they were before any training: look at ``callbacks`` of what
        was fitted. With ``n_members`` over 1 every member gets copies, and those given stay unused; a function is
        called once a member. Where one of them overrides a hook of training batches, training goes step by step by
        itself, and ``mode_`` says so. ``self.model`` gives logits while it trains; files of ``ModelCheckpoint`` load as
        such models, not compiled.
    precision : str, default "float32"
        "mixed_bfloat16" or "mixed_float16" (with loss scaling): layers calculate in 16 bits; weights, outputs and
        losses stay float32.
    validation_fraction : float, default 0.1
        Share of the training rows set aside, stratified, where early stopping or a schedule needs validation rows and
        ``fit`` is given none.
    n_members : int, default 1
        Networks trained from different seeds; their probabilities are averaged.
    trainer : str, default "auto"
        "compiled" (never ``model.fit``), "keras" (plain ``model.fit``), or "auto" (see ``models/training.py``).
    random_state : int, optional
        Equal seeds give equal predictions, byte for byte on one machine.
    verbose : int, default 0
        1 writes a line an epoch.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : array of str
        Where the table had text column names.
    history_ : DataFrame
        epoch, loss, the metrics, learning_rate, and with validation rows val_loss, val_roc_auc, val_average_precision
        and the metrics there; the mean over members that were still training.
    member_histories_ : list of DataFrame
    best_epoch_ : int
        The epoch whose weights were kept, also where Keras' ``EarlyStopping(restore_best_weights=True)`` kept them (of
        several members the median, rounded down).
    mode_ : str
        How it was trained: "epoch_xla", "epoch_graph", "step_graph" or "keras".

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.
    DataError
        If rows, labels or weights cannot be used.

    Notes
    -----
    Ways to train agree to rounding, but for batch normalisation with a last batch that is not full: compiled programs
    fill that batch up with rows of no weight, so that its mean and variance are those of a whole batch; ``model.fit``
    takes those of the few rows that are left. Predictions then differ, the more so the fewer batches there are.

    Source
    ------
    Lakshminarayanan et al. (2017), Simple and Scalable Predictive Uncertainty Estimation, for ``n_members``.

    Examples
    --------
    >>> KerasClassifier(builder={"mlp": {"hidden": [16]}}, epochs=5)
    KerasClassifier(builder={'mlp': {'hidden': [16]}}, epochs=5)
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = RULES

    def __init__(
        self,
        builder: str | Mapping[str, Any] = "mlp",
        *,
        embed_numbers_up_to: int = 0,
        epochs: int = 30,
        batch_size: int = 256,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        schedule: str | Mapping[str, Any] | None = None,
        loss: Any = "crossentropy",
        gamma: float = 2.0,
        label_smoothing: float = 0.0,
        class_weight: str | Mapping[Any, float] | None = None,
        patience_epochs: int | None = None,
        monitor: str = "val_loss",
        monitor_mode: str = "auto",
        metrics: Sequence[Any] | None = None,
        callbacks: Any = None,
        precision: str = "float32",
        validation_fraction: float = 0.1,
        n_members: int = 1,
        trainer: str = "auto",
        random_state: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.builder = builder
        self.embed_numbers_up_to = embed_numbers_up_to
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.schedule = schedule
        self.loss = loss
        self.gamma = gamma
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.patience_epochs = patience_epochs
        self.monitor = monitor
        self.monitor_mode = monitor_mode
        self.metrics = metrics
        self.callbacks = callbacks
        self.precision = precision
        self.validation_fraction = validation_fraction
        self.n_members = n_members
        self.trainer = trainer
        self.random_state = random_state
        self.verbose = verbose

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with the builder of a plan entry.

        Parameters
        ----------
        parameters : mapping
            Of this class, as in a plan; each alone already keeps its rule.
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        own = [Problem(where, sentence) for sentence in settings_problems(parameters)]
        return own + registry.problems_of("builders", parameters.get("builder", "mlp"), f"{where}.builder")

    def plan_parameters(self) -> dict[str, Any]:
        """Return the parameters as a plan holds them: objects of Keras as their names with their configuration.

        Returns
        -------
        dict

        Raises
        ------
        StageError
            If a parameter has no such form: a function, a class of one's own, callbacks.
        """
        return plan_parameters(self)

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, validation_data: Any = None, classes: Any = None
    ) -> KerasClassifier:
        """Train on rows.

        Parameters
        ----------
        X : DataFrame, array, Images or Texts, n_rows rows; or keras.utils.PyDataset or tf.data.Dataset
            A dataset gives batches of (x, y) or (x, y, sample_weight), x an array of numbers or of pixels; each batch
            is a step, and ``batch_size`` does not count. As in ``model.fit``, every epoch takes the batches of a
            PyDataset in a new order (that of ``random_state``) and those of a tf.data.Dataset in the order it gives:
            shuffle it there. ``on_epoch_begin`` and ``on_epoch_end`` of a PyDataset are called around every pass, that
            which learns the classes included.
        y : array of shape (n_rows,)
            Two or more classes, of any label type. None with a dataset.
        sample_weight : array of shape (n_rows,), optional
        validation_data : (X, y), (X, y, sample_weight) or a dataset, optional
            Rows for early stopping, schedules and the history; never trained on.
        classes : array of shape (n_classes,), optional
            Of a dataset only: saves the pass over it that learns the classes and the mean weight; weights are then used
            as they are.

        Returns
        -------
        KerasClassifier

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        DataError
            If rows, labels or weights cannot be used.
        """
        self.check_parameters()
        builder = registry.build("builders", self.builder)
        check_settings(self, builder)
        settings = Settings(**{name: getattr(self, name) for name in Settings.__dataclass_fields__})
        seed, validation = self._seed(), None
        rows = self._stream(X, y, sample_weight, classes) if is_stream(X) else self._rows(X, y, sample_weight, classes)
        n_outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        self.network_ = Network(builder, self.encoder_.spec, n_outputs, self.precision)
        if validation_data is not None:
            validation = self._validation_rows(validation_data)
        elif settings.needs_validation and isinstance(rows, Stream):
            raise DataError(
                f"KerasClassifier: early stopping or the schedule waits for {self.monitor}, and no rows can be set "
                "aside from a stream. Give validation_data."
            )
        elif settings.needs_validation and isinstance(rows, Rows):
            rows, validation = set_aside(rows, self.validation_fraction, derive_seed(seed, "validation"))
        if isinstance(rows, Rows):
            rows = weighted(rows, self.class_weight, self.classes_)
        self._fit_members(rows, validation, settings, seed)
        return self

    def _rows(self, X: Any, y: Any, sample_weight: Any, classes: Any) -> Rows:
        if classes is not None:
            raise DataError("KerasClassifier: classes is for datasets; of rows in memory the classes are those of y.")
        inputs = checked_inputs(self, X, y, reset=True)
        labels = column_or_1d(plain_labels(y), warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        if len(labels) != len(inputs):
            raise DataError(f"KerasClassifier: X has {len(inputs)} rows and y has {len(labels)}. They must be equal.")
        self.classes_, codes = np.unique(labels, return_inverse=True)
        weight = row_weights(sample_weight, len(inputs))
        check_classes(self.classes_, codes, weight)
        builder = registry.build("builders", self.builder)
        self.encoder_ = builder.learn_inputs(inputs, embed_numbers_up_to=self.embed_numbers_up_to)
        return Rows(self.encoder_.encode(inputs), codes.astype(np.int32), weight.astype(np.float32))

    def _stream(self, X: Any, y: Any, sample_weight: Any, classes: Any) -> Stream:
        if y is not None or sample_weight is not None:
            raise DataError(
                "KerasClassifier: a dataset brings its labels and weights itself, as batches of (x, y, sample_weight). "
                "Leave y and sample_weight out."
            )
        return open_stream(self, X, classes)

    def _fit_members(
        self, rows: Rows | Stream, validation: Rows | Stream | None, settings: Settings, seed: int
    ) -> None:
        from appliedml.models._scoring import Scorer
        from appliedml.models.training import train

        each = [settings]
        if self.n_members > 1:
            each = [replace(settings, callbacks=copies_of(self.callbacks)) for _ in range(self.n_members)]
        else:
            self._as_given = noted(self.callbacks, self._as_given)
        trained = [
            train(self.network_, own, rows, validation, derive_seed(seed, "member", member))
            for member, own in enumerate(each)
        ]
        self.members_ = [one.weights for one in trained]
        self.member_histories_ = [one.history for one in trained]
        self.history_ = pd.concat(self.member_histories_).groupby("epoch", as_index=False).mean()
        self.best_epoch_ = int(np.median([one.best_epoch for one in trained]))
        self.mode_ = trained[0].mode
        self.layers_ = trained[0].layers
        self.scorer_ = Scorer(self.network_, self.members_)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : DataFrame, array, Images, Texts, or a dataset as in :meth:`fit`, whose batches may be x alone

        Returns
        -------
        array of shape (n_rows, n_classes), float64
            Columns in the order of ``classes_``.
        """
        check_is_fitted(self)
        if is_stream(X):
            return score_stream(self, X, self.scorer_)
        chances: NDArray[np.float64] = self.scorer_(self.encoder_.encode(checked_inputs(self, X, reset=False)))
        return chances

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : DataFrame, array, Images, Texts, or a dataset as in :meth:`fit`

        Returns
        -------
        array of shape (n_rows,)
        """
        chances = self.predict_proba(X)
        return np.asarray(self.classes_[chances.argmax(axis=1)])

    def _seed(self) -> int:
        if self.random_state is None:
            return int(check_random_state(None).randint(2**31 - 1))
        return int(self.random_state)

    def _validation_rows(self, given: Any) -> Rows | Stream:
        if is_stream(given):
            return validation_stream(self, given)
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise DataError("KerasClassifier: validation_data must be (X, y), (X, y, sample_weight) or a dataset.")
        inputs = checked_inputs(self, given[0], reset=False)
        weight = row_weights(given[2] if len(given) == 3 else None, len(inputs))
        codes = codes_of(given[1], self.classes_)
        if len(codes) != len(inputs):
            raise DataError(f"KerasClassifier: validation_data has {len(inputs)} rows and {len(codes)} labels.")
        return Rows(self.encoder_.encode(inputs), codes, weight.astype(np.float32))
