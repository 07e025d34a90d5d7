"""Simulated radiographs: what is planted is there, and nothing else."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from appliedml.core.schema import Schema
from appliedml.errors import ParameterError
from appliedml.sources.simulate_radiographs import SimulateRadiographs


@pytest.fixture(scope="module")
def facts():
    """Facts of about 10,000 pictures, nothing planted."""
    return SimulateRadiographs(n_patients=4000).frame()


def test_the_seed_decides(facts):
    assert SimulateRadiographs(n_patients=4000).frame().equals(facts)
    assert not SimulateRadiographs(n_patients=4000, random_state=8).frame().equals(facts)


def test_patients_have_one_to_four_pictures_of_one_sex_age_and_site(facts):
    of_patient = facts.groupby("patient_id")

    assert set(of_patient.size()) == {1, 2, 3, 4}
    assert (of_patient[["sex", "age", "site"]].nunique() == 1).all(axis=None)
    assert of_patient["lesion"].nunique().max() == 2  # a patient's pictures need not agree


@pytest.mark.parametrize("prevalence", [0.1, 0.4, 0.7])
def test_the_prevalence_is_about_as_asked(prevalence):
    frame = SimulateRadiographs(n_patients=4000, prevalence=prevalence).frame()

    assert frame["lesion"].mean() == pytest.approx(prevalence, abs=0.02)
    assert ((frame["n_lesions"] > 0) == (frame["lesion"] == 1)).all()


@pytest.mark.parametrize("column", ["sex", "site", "view"])
def test_nothing_has_a_bearing_on_the_label_unless_it_is_planted(facts, column):
    by_level = facts.groupby(column)["lesion"].mean()

    assert by_level.max() - by_level.min() < 0.02


@pytest.mark.parametrize("shortcut", [0.0, 0.5, 1.0])
def test_the_view_follows_the_label_as_closely_as_asked(shortcut):
    source = SimulateRadiographs(n_patients=4000, shortcut=shortcut)
    frame, truth = source.frame(), source.truth()
    ap = (frame["view"] == "AP").astype(int)

    assert truth["ap_share"]["lesion"] == pytest.approx(0.4 + 0.6 * shortcut, abs=0.001)
    assert truth["ap_share"]["no lesion"] == pytest.approx(0.4 * (1 - shortcut), abs=0.001)
    assert truth["view_auroc"] == pytest.approx(roc_auc_score(frame["lesion"], ap))
    assert truth["view_auroc"] == pytest.approx(0.5 + shortcut / 2, abs=0.001)


def test_a_shortcut_changes_the_views_and_nothing_else(facts):
    planted = SimulateRadiographs(n_patients=4000, shortcut=0.8).frame()

    assert planted.drop(columns="view").equals(facts.drop(columns="view"))
    assert not planted["view"].equals(facts["view"])


def test_the_disparity_is_planted_in_women_only():
    fair = SimulateRadiographs(n_patients=25).read()
    planted = SimulateRadiographs(n_patients=25, disparity=0.6).read()
    before, after = fair.X.pixels(), planted.X.pixels()
    changed = (before != after).any(axis=(1, 2, 3))
    woman = (fair.sensitive["sex"] == "F").to_numpy()

    np.testing.assert_array_equal(changed, woman & (fair.y == 1))
    assert (after <= before).all()
    np.testing.assert_array_equal(fair.X.masks.pixels(), planted.X.masks.pixels())
    assert SimulateRadiographs(disparity=0.6).truth()["lesion_density"] == {"F": pytest.approx(0.4), "M": 1.0}


def test_masks_mark_the_pictures_with_lesions():
    samples = SimulateRadiographs(n_patients=40).read()

    marked = samples.X.masks.pixels().any(axis=(1, 2, 3))

    np.testing.assert_array_equal(marked, samples.y == 1)
    rows = np.array([5, 3])
    np.testing.assert_array_equal(samples.X.take(rows).masks.pixels(), samples.X.masks.pixels(rows))


def test_twenty_thousand_pictures_cost_no_memory():
    """Their facts do; their pixels would take 82 MB."""
    import pickle

    samples = SimulateRadiographs(n_patients=8000).read()

    assert len(samples) > 19_000
    assert len(pickle.dumps(samples.X.decoder)) < 600_000
    assert len(samples.X.fingerprint()) == 64


def test_the_schema_knows_patients_and_what_to_audit():
    samples = SimulateRadiographs(n_patients=20).read()

    assert samples.schema.sensitive_names == ("sex", "age_band", "site", "view")
    assert samples.group is not None
    assert samples.row_id[0] == "R000000"
    one_site = SimulateRadiographs(n_patients=20, n_sites=1)
    assert one_site.read().schema.sensitive_names == ("sex", "age_band", "view")
    assert SimulateRadiographs(n_patients=20).read(Schema("lesion")).group is None


def test_the_view_is_plain_to_see_and_the_label_is_not():
    """A linear model of 16 x 16 grey values tells the view, but not the lesions: those take a look at small things."""
    samples = SimulateRadiographs(n_patients=120).read()
    small = samples.X.pixels().reshape(len(samples), 16, 4, 16, 4).mean(axis=(2, 4)).reshape(len(samples), -1) / 255
    half = len(samples) // 2
    scores = {}
    for name, y in (("view", samples.sensitive["view"] == "AP"), ("lesion", samples.y == 1)):
        model = LogisticRegression(C=1.0, max_iter=300).fit(small[:half], np.asarray(y)[:half])
        scores[name] = roc_auc_score(np.asarray(y)[half:], model.decision_function(small[half:]))

    assert scores["view"] > 0.85
    assert scores["lesion"] < 0.75


@pytest.mark.parametrize(
    "parameters", [{"n_patients": 5}, {"shortcut": 1.5}, {"disparity": 1.0}, {"n_sites": 4}, {"size": 16}]
)
def test_parameters_keep_their_rules(parameters):
    with pytest.raises(ParameterError):
        SimulateRadiographs(**parameters).read()
