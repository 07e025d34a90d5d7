"""``Pipeline``: stages in a row, safe from leakage by their verbs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from appliedml.compose.adapters import seeded, sources_of, transformed
from appliedml.compose.alignment import resample
from appliedml.compose.steps import NamedSteps, check_steps, columns_of, fit_model, in_order, named_failure, with_weight
from appliedml.compose.validation import validation_rows
from appliedml.core.calibrators import CALIBRATIONS, make_calibrator
from appliedml.core.display import card
from appliedml.core.inputs import n_features
from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule, check_parameters
from appliedml.core.samples import OBSERVED, Samples, as_samples
from appliedml.core.stage import Verb, verb_of
from appliedml.core.thresholds import THRESHOLD_RULE, choose_threshold
from appliedml.errors import StageError

LEDGER_COLUMNS = ("stage", "verb", "n_fitted", "rows_in", "rows_out", "n_synthetic", "seconds", "notes")


class Pipeline(ClassifierMixin, NamedSteps):
    """Transformers, samplers and one classifier, as one scikit-learn classifier.

    Parameters
    ----------
    steps : list of stages
        Transformers (``fit``, ``transform``) and samplers (``fit_resample``) in any order, then one classifier.
        Ours, scikit-learn's and imbalanced-learn's.
    validation : float
        Share of the training rows set aside before any stage is fitted: for early stopping, calibration and the
        threshold. Whole groups together. Where the split has validation rows of its own (``predefined``), it is these,
        and the share has no part.
    validation_from : {"random", "latest"}
        Which rows: stratified at random, or the last in time.
    calibration : {"none", "platt", "isotonic", "temperature"}
        Fitted on the validation rows.
    threshold : float, str or mapping
        Score from which a row is called positive (binary only): a number, "f1", "youden",
        ``{"cost": {"false_negative": 20, "false_positive": 1}}``, ``{"recall": 0.8}`` or ``{"precision": 0.5}``;
        chosen on the validation rows.
    random_state : int, optional
        Root of the seeds of all stages that name none.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    steps_ : list of (str, fitted stage)
    validation_rows_ : array of int
        Positions of the rows set aside.
    threshold_ : float or None
    feature_sources_ : dict of str to str
        Column the model sees -> column it was made from.
    ledger_ : DataFrame
        What each stage was fitted on.
    history_ : DataFrame or None
        Training curves, for models that have them.

    Raises
    ------
    StageError
        At construction, if a step has no verb, two verbs, or stands in the wrong place.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> Pipeline([StandardScaler(), LogisticRegression()]).fit(X, [0, 0, 1, 1]).predict(X).tolist()
    [0, 0, 1, 1]
    """

    parameter_rules: ClassVar[dict[str, Rule]] = {
        "validation": Real(0, 0.9),
        "validation_from": Choice("random", "latest"),
        "calibration": Choice(*CALIBRATIONS),
        "threshold": THRESHOLD_RULE,
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        steps: Sequence[Any],
        validation: float = 0.0,
        validation_from: str = "random",
        calibration: str = "none",
        threshold: Any = 0.5,
        random_state: int | None = None,
    ) -> None:
        self.steps = steps
        self.validation = validation
        self.validation_from = validation_from
        self.calibration = calibration
        self.threshold = threshold
        self.random_state = random_state
        check_steps(steps)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Pipeline:
        """Set validation rows aside, then fit every stage on the rest.

        Parameters
        ----------
        X : Samples, DataFrame or array, n_samples rows
        y : array of shape (n_samples,), optional
            Not needed where X is a Samples with labels.
        sample_weight : array of shape (n_samples,), optional
            Multiplied with the weights of the Samples.

        Returns
        -------
        Pipeline

        Raises
        ------
        StageError
            If a parameter breaks its rule, labels are missing or a class is too small for the settings.
        """
        check_parameters(self)
        if hasattr(X, "as_numpy_iterator") or any(base.__name__ == "PyDataset" for base in type(X).__mro__):
            raise StageError(
                "Pipeline: folds, validation rows and audits need rows by position, which a dataset does not have. "
                "Give the rows in memory, or fit KerasClassifier on the dataset directly."
            )
        samples = as_samples(X, y)
        if sample_weight is not None:
            samples = with_weight(samples, np.asarray(sample_weight, dtype=float))
        if samples.y is None:
            raise StageError("Pipeline: fit needs labels. Give y, or a Samples that has them.")
        self.classes_ = np.unique(samples.y)
        if len(self.classes_) < 2:
            raise StageError(
                f"Pipeline: fit needs at least two classes. All {len(samples)} rows are {self.classes_[0]!r}."
            )
        seed = 0 if self.random_state is None else self.random_state
        self.n_features_in_ = n_features(samples.X)
        self.validation_rows_ = validation_rows(samples, self.validation, self.validation_from, seed)
        held = samples.take(self.validation_rows_)
        fitted = samples.take(np.setdiff1d(np.arange(len(samples)), self.validation_rows_))
        self.steps_: list[tuple[str, Any]] = []
        self.fitted_row_ids_: dict[str, NDArray[Any]] = {}
        self.feature_sources_: dict[str, str] = {name: name for name in columns_of(samples.X)}
        entries = []
        for name, template in zip(self.names(), self.steps, strict=True):
            stage, verb = seeded(template, seed, name), verb_of(template)
            started = time.perf_counter()
            n_in, observed = len(fitted), fitted.meta["origin"] == OBSERVED
            self.fitted_row_ids_[name] = fitted.row_id[observed.to_numpy()]
            with named_failure(name, fitted):
                if verb is Verb.TRANSFORM:
                    fitted, held = self._fit_transformer(stage, fitted, held)
                elif verb is Verb.RESAMPLE:
                    fitted = resample(stage, fitted)
                else:
                    fit_model(stage, fitted, held)
            self.steps_.append((name, stage))
            n_synthetic = int((fitted.meta["origin"] != OBSERVED).sum())
            seconds = time.perf_counter() - started
            notes = " ".join(getattr(stage, "notes_", ()))
            entries.append((name, verb.value, n_in, n_in, len(fitted), n_synthetic, seconds, notes))
        self.ledger_ = pd.DataFrame(entries, columns=list(LEDGER_COLUMNS))
        self._calibrate(held)
        return self

    def _fit_transformer(self, stage: Any, fitted: Samples, held: Samples) -> tuple[Samples, Samples]:
        names_in = columns_of(fitted.X)
        # Some transformers (target encoding) cross-fit in fit_transform: their own training rows must go through it.
        if hasattr(stage, "fit_transform"):
            out = stage.fit_transform(fitted.X, fitted.y)
        else:
            out = stage.fit(fitted.X, fitted.y).transform(fitted.X)
        after = transformed(stage, fitted.X, out)
        sources = sources_of(stage, names_in, columns_of(after))
        self.feature_sources_ = {name: self.feature_sources_.get(source, source) for name, source in sources.items()}
        if len(held):
            held = held.replace(X=transformed(stage, held.X, stage.transform(held.X)))
        return fitted.replace(X=after), held

    def _calibrate(self, held: Samples) -> None:
        n_classes = len(self.classes_)
        needs_rows = self.calibration != "none" or not isinstance(self.threshold, int | float)
        if needs_rows and not len(held):
            raise StageError(
                f"Pipeline: calibration={self.calibration!r} and threshold={self.threshold!r} need validation rows, "
                "which are set aside from training. Give validation=0.15, for example."
            )
        if n_classes > 2 and self.threshold != 0.5:
            raise StageError(
                f"Pipeline: threshold={self.threshold!r} needs two classes. There are {n_classes}; leave it 0.5."
            )
        self.calibrator_ = make_calibrator(self.calibration)
        self.threshold_: float | None = None
        if len(held):
            codes = np.searchsorted(self.classes_, np.asarray(held.y))
            raw = self._model_probabilities(held.X)
            self.calibrator_.fit(raw, codes, sample_weight=held.weight)
            if n_classes == 2:
                choice = choose_threshold(codes, self.calibrator_.transform(raw)[:, 1], self.threshold)
                self.threshold_ = float(choice.threshold)
        else:
            # "none" learns nothing, but a calibrator must be told how many classes there are.
            self.calibrator_.fit(np.eye(n_classes), np.arange(n_classes))
            self.threshold_ = float(self.threshold) if n_classes == 2 else None

    @property
    def model_(self) -> Any:
        """The fitted classifier."""
        check_is_fitted(self, "steps_")
        return self.steps_[-1][1]

    @property
    def history_(self) -> pd.DataFrame | None:
        """Training curves of the classifier, or None."""
        history: pd.DataFrame | None = getattr(self.model_, "history_", None)
        return history

    def transform_inputs(self, X: Any) -> Any:
        """Apply all transformers: what the classifier sees.

        Parameters
        ----------
        X : Samples, DataFrame or array

        Returns
        -------
        DataFrame or array
        """
        check_is_fitted(self, "steps_")
        inputs = X.X if isinstance(X, Samples) else X
        if isinstance(inputs, pd.DataFrame):
            inputs = inputs.reset_index(drop=True)
        if n_features(inputs) != self.n_features_in_:
            raise StageError(f"Pipeline was fitted on {self.n_features_in_} features. X has {n_features(inputs)}.")
        for _, stage in self._transformers():
            inputs = transformed(stage, inputs, stage.transform(inputs))
        return inputs

    def _transformers(self) -> Iterator[tuple[str, Any]]:
        return ((name, stage) for name, stage in self.steps_ if verb_of(stage) is Verb.TRANSFORM)

    def _model_probabilities(self, inputs: Any) -> NDArray[np.float64]:
        model = self.steps_[-1][1]
        return in_order(np.asarray(model.predict_proba(inputs), dtype=np.float64), model.classes_, self.classes_)

    def raw_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities before calibration, shape (n_samples, n_classes).

        Parameters
        ----------
        X : Samples, DataFrame or array

        Returns
        -------
        array of float64
        """
        return self._model_probabilities(self.transform_inputs(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n_samples, n_classes).

        Parameters
        ----------
        X : Samples, DataFrame or array

        Returns
        -------
        array of float64
        """
        calibrated: NDArray[np.float64] = self.calibrator_.transform(self.raw_proba(X))
        return calibrated

    def score_transformed(self, inputs: Any) -> NDArray[np.float64]:
        """Calibrated probabilities for inputs that already went through :meth:`transform_inputs`.

        The fast way for explanations: one compiled call where the model offers ``compiled_scorer``.

        Parameters
        ----------
        inputs : DataFrame or array

        Returns
        -------
        array of float64, shape (n_samples, n_classes)
        """
        calibrated: NDArray[np.float64] = self.calibrator_.transform(self._scorer()(inputs))
        return calibrated

    def _scorer(self) -> Callable[[Any], NDArray[np.float64]]:
        model = self.model_
        if not hasattr(model, "compiled_scorer"):
            return self._model_probabilities
        if getattr(self, "_compiled_for", None) is not model:
            self._compiled, self._compiled_for = model.compiled_scorer(), model
        return lambda inputs: in_order(np.asarray(self._compiled(inputs), np.float64), model.classes_, self.classes_)

    def __getstate__(self) -> dict[str, Any]:
        """Leave compiled programs behind: they are made again on demand."""
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_compiled", None)
        state.pop("_compiled_for", None)
        return state

    def predict(self, X: Any) -> NDArray[Any]:
        """Class labels: the threshold decides in a binary task, the largest probability otherwise.

        Parameters
        ----------
        X : Samples, DataFrame or array

        Returns
        -------
        array of shape (n_samples,)
        """
        labels: NDArray[Any] = self.classes_[self.codes(self.predict_proba(X))]
        return labels

    def codes(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        """Class codes for calibrated probabilities.

        Parameters
        ----------
        probabilities : array of shape (n_samples, n_classes)

        Returns
        -------
        array of int, shape (n_samples,)
        """
        if self.threshold_ is not None:
            return (probabilities[:, 1] >= self.threshold_).astype(np.int64)
        best: NDArray[np.int64] = probabilities.argmax(axis=1).astype(np.int64)
        return best

    def clone_unfitted(self) -> Pipeline:
        """Return an unfitted copy with the same parameters.

        Returns
        -------
        Pipeline
        """
        copy: Pipeline = clone(self)
        return copy

    def with_balancing(self, stage: Any | None) -> Pipeline:
        """Return an unfitted copy that balances in another way.

        Parameters
        ----------
        stage : sampler or None
            Replaces all samplers, at the place of the first, or just before the classifier. None: no balancing at all;
            a ``class_weight`` of the classifier is then removed too.

        Returns
        -------
        Pipeline
        """
        steps = [clone(step) for step in self.steps]
        places = [place for place, step in enumerate(steps) if verb_of(step) is Verb.RESAMPLE]
        kept = [step for step in steps if verb_of(step) is not Verb.RESAMPLE]
        if "class_weight" in kept[-1].get_params(deep=False):
            kept[-1].set_params(class_weight=None)
        if stage is not None:
            kept.insert(places[0] if places else len(kept) - 1, clone(stage))
        copy = self.clone_unfitted()
        check_steps(kept)
        copy.steps = kept
        return copy

    def _repr_html_(self) -> str:
        """Card for notebooks: the steps and their verbs."""
        rows = [(name, verb_of(stage).value) for name, stage in zip(self.names(), self.steps, strict=True)]
        return card("Pipeline", rows, f"{self.validation:.0%} of the training rows set aside, before any stage.")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """What a notebook shows."""
        return {"text/plain": repr(self), "text/html": self._repr_html_()}
