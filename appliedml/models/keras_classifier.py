"""A Keras network as a true scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping
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
from appliedml.errors import DataError, Problem, StageError
from appliedml.models._checks import checked_inputs, row_weights
from appliedml.models._fitted_views import FittedViews
from appliedml.models._rows import check_classes, codes_of, set_aside, weighted
from appliedml.models._rules import RULES
from appliedml.models._settings import Network, Rows, Settings


class KerasClassifier(ClassifierMixin, FittedViews, Configured):
    """Classifier over a Keras network, trained by compiled epochs.

    The builder says what it takes: a table, pictures (``Images`` or an array of pixels) or texts (``Texts`` or a
    sequence of text). Of a table, numeric and boolean columns are numbers, which should be scaled and must not be
    missing; category, text and object columns are categories with embeddings (unknown and missing levels share one).

    Parameters
    ----------
    builder : str or mapping, default "mlp"
        Name of an architecture, or one name with its parameters: ``{"mlp": {"hidden": [64, 32], "dropout": 0.2}}``.
    embed_numbers_up_to : int, default 0
        A numeric column with at most this many distinct training values is embedded as a category too, beside the
        number: an ordered code, a year or a deductible can then have any effect. 0 for none.
    epochs : int, default 30
    batch_size : int, default 256
    optimizer : str, default "adam"
        "sgd", "adam", "adamw" or "rmsprop".
    learning_rate : float, default 1e-3
    momentum : float, default 0.9
        Of "sgd" and "rmsprop".
    weight_decay : float, default 0
        Decoupled, for every optimizer.
    clip_norm : float, optional
        Bound of the norm of all gradients together.
    schedule : None, str or mapping
        "step", "exponential", "cosine", "cyclical", "reduce_on_plateau", or one of them with its parameters:
        ``{"cosine": {"warmup_epochs": 2}}``.
    loss : str, default "crossentropy"
        Or "focal".
    gamma : float, default 2
        Of the focal loss.
    label_smoothing : float, default 0
    class_weight : None, "balanced" or mapping
        From class (or its text, as in YAML) to weight. Multiplied with ``sample_weight``; the product is scaled to
        mean 1 over the training rows, so that weights do not change the step size.
    patience_epochs : int, optional
        Stop after this many epochs without a better ``monitor`` and keep the best epoch's weights.
    monitor : str, default "val_loss"
        Or "val_roc_auc", "val_average_precision".
    validation_fraction : float, default 0.1
        Share of the training rows set aside, stratified, where early stopping or a schedule needs validation rows and
        ``fit`` is given none.
    n_members : int, default 1
        Networks trained from different seeds; their probabilities are averaged.
    trainer : str, default "auto"
        "compiled" (always compiled epochs), "keras" (plain ``model.fit``), or "auto" (see ``models/training.py``).
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
        epoch, loss, learning_rate, and with validation rows val_loss, val_roc_auc, val_average_precision; the mean over
        members that were still training.
    member_histories_ : list of DataFrame
    best_epoch_ : int
        The epoch whose weights were kept (of several members the median, rounded down).

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.
    DataError
        If rows, labels or weights cannot be used.

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
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        schedule: str | Mapping[str, Any] | None = None,
        loss: str = "crossentropy",
        gamma: float = 2.0,
        label_smoothing: float = 0.0,
        class_weight: str | Mapping[Any, float] | None = None,
        patience_epochs: int | None = None,
        monitor: str = "val_loss",
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
        return registry.problems_of("builders", parameters.get("builder", "mlp"), f"{where}.builder")

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> KerasClassifier:
        """Train on rows.

        Parameters
        ----------
        X : DataFrame, array, Images or Texts, n_rows rows
        y : array of shape (n_rows,)
            Two or more classes, of any label type.
        sample_weight : array of shape (n_rows,), optional
        validation_data : (X, y) or (X, y, sample_weight), optional
            Rows for early stopping, schedules and the history; never trained on.

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
        if not builder.trains_on_labels and (self.loss != "crossentropy" or self.label_smoothing):
            raise StageError(
                f"KerasClassifier: the builder {type(builder).__name__} is not trained on labels, so "
                f"loss={self.loss!r} and label_smoothing={self.label_smoothing} have no meaning for it. "
                'Leave loss="crossentropy" and label_smoothing=0.'
            )
        inputs = checked_inputs(self, X, y, reset=True)
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        if len(labels) != len(inputs):
            raise DataError(f"KerasClassifier: X has {len(inputs)} rows and y has {len(labels)}. They must be equal.")
        self.classes_, codes = np.unique(labels, return_inverse=True)
        weight = row_weights(sample_weight, len(inputs))
        check_classes(self.classes_, codes, weight)
        self.encoder_ = builder.learn_inputs(inputs, embed_numbers_up_to=self.embed_numbers_up_to)
        n_outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        self.network_ = Network(builder, self.encoder_.spec, n_outputs)
        rows = Rows(self.encoder_.encode(inputs), codes.astype(np.int32), weight.astype(np.float32))
        settings = Settings(**{name: getattr(self, name) for name in Settings.__dataclass_fields__})
        seed, validation = self._seed(), None
        if validation_data is not None:
            validation = self._validation_rows(validation_data)
        elif settings.needs_validation:
            rows, validation = set_aside(rows, self.validation_fraction, derive_seed(seed, "validation"))
        rows = weighted(rows, self.class_weight, self.classes_)
        self._fit_members(rows, validation, settings, seed)
        return self

    def _fit_members(self, rows: Rows, validation: Rows | None, settings: Settings, seed: int) -> None:
        from appliedml.models._scoring import Scorer
        from appliedml.models.training import train

        trained = [
            train(self.network_, settings, rows, validation, derive_seed(seed, "member", member))
            for member in range(self.n_members)
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
        X : DataFrame or array of shape (n_rows, n_columns)

        Returns
        -------
        array of shape (n_rows, n_classes), float64
            Columns in the order of ``classes_``.
        """
        check_is_fitted(self)
        chances: NDArray[np.float64] = self.scorer_(self.encoder_.encode(checked_inputs(self, X, reset=False)))
        return chances

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)

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

    def _validation_rows(self, given: Any) -> Rows:
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise DataError("KerasClassifier: validation_data must be (X, y) or (X, y, sample_weight).")
        inputs = checked_inputs(self, given[0], reset=False)
        weight = row_weights(given[2] if len(given) == 3 else None, len(inputs))
        codes = codes_of(given[1], self.classes_)
        if len(codes) != len(inputs):
            raise DataError(f"KerasClassifier: validation_data has {len(inputs)} rows and {len(codes)} labels.")
        return Rows(self.encoder_.encode(inputs), codes, weight.astype(np.float32))
