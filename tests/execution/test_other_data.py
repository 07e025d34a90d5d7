from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import appliedml as aml
from appliedml.errors import PlanError


def plan(**changes):
    settings = {"name": "p", "pipeline": aml.Pipeline([aml.KerasClassifier(builder="cnn")]), **changes}
    return aml.Plan(**settings)


def test_a_simulator_gives_way_to_a_folder_at_its_size_in_grey(tmp_path):
    pd.DataFrame({"file": [], "lesion": []}).to_csv(tmp_path / "m.csv")
    made = plan(data=aml.SimulateRadiographs(size=48)).with_data(tmp_path, metadata=tmp_path / "m.csv")
    source = made.data.get_params(deep=False)
    assert type(made.data).__name__ == "ImageFolder"
    assert (source["size"], source["channels"], source["metadata"]) == (48, 1, str(tmp_path / "m.csv"))
    assert made.schema.target == "lesion"


def test_another_folder_is_read_as_the_one_of_the_plan(tmp_path):
    made = plan(data=aml.ImageFolder("films", size=64, bad_files="skip"), schema=aml.Schema("pneumonia"))
    assert made.with_data(tmp_path).data.get_params(deep=False) == {
        **made.data.get_params(deep=False),
        "path": str(tmp_path),
    }


def test_an_archive_of_arrays_is_known_by_what_it_holds(tmp_path):
    np.savez(tmp_path / "a.npz", train_images=np.zeros(1))
    np.savez(tmp_path / "b.npz", x_train=np.zeros(1))
    digits = plan(data=aml.Digits())
    assert type(digits.with_data(tmp_path / "a.npz").data).__name__ == "Medmnist"
    keras = digits.with_data(tmp_path / "b.npz")
    assert type(keras.data).__name__ == "KerasNpz"
    assert keras.schema.target == "label"


def test_a_column_of_text_makes_a_table_of_texts_and_a_new_target_forgets_the_old_roles(tmp_path):
    texts = aml.Schema("score", group="product", sensitive=["country"])
    pipeline = aml.Pipeline([aml.KerasClassifier(builder="mlp")])
    made = plan(data=aml.TextTable("r.csv", text="text"), schema=texts, pipeline=pipeline)
    assert type(made.split).__name__ == "GroupKFold"
    same = made.with_data(tmp_path / "other.csv", text="body")
    assert same.data.text == "body"
    assert same.schema == texts
    aimed = made.with_data(tmp_path / "other.csv", text="body", target="label")
    assert aimed.schema == aml.Schema("label")
    assert type(aimed.split).__name__ == "KFold"


def test_what_does_not_fit_together_is_refused(tmp_path):
    with pytest.raises(PlanError, match="--metadata  describes the pictures of a folder"):
        plan(data=aml.Digits()).with_data(tmp_path / "a.npz", metadata="m.csv")
    with pytest.raises(PlanError, match="--text  names a column of a table"):
        plan(data=aml.Digits()).with_data(tmp_path, text="body")


def test_roles_are_kept_where_the_columns_are_and_nothing_of_other_people_is_released(tmp_path):
    table = pd.DataFrame({"text": ["a", "b"], "label": [0, 1], "score": [1, 2], "product": [1, 2], "sex": ["f", "m"]})
    table.to_csv(tmp_path / "r.csv", index=False)
    (tmp_path / "c.yaml").write_text("stated_by: us\n")
    made = plan(
        data=aml.TextTable("mine.csv"),
        schema=aml.Schema("score", group="product", sensitive=["sex", "country"], positive=2),
        pipeline=aml.Pipeline([aml.KerasClassifier(builder="text_cnn")]),
        audits=[aml.ExplainTexts(release_texts=3)],
        policy={"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.5}]},
        context="c.yaml",
        folder=tmp_path,
    )
    other = made.with_data(tmp_path / "r.csv", target="label")
    assert other.schema == aml.Schema("label", group="product", sensitive=["sex"], ignore=["score"])
    assert type(other.split).__name__ == "GroupKFold"
    assert other.audits[0].release_texts == 0
    assert (other.context, other.policy) == (None, None)
    assert made.with_data(tmp_path / "r.csv").policy is not None


def test_folders_of_classes_and_of_dicom_files_are_known(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / "classes" / name).mkdir(parents=True)
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.dcm").touch()
    films = plan(data=aml.SimulateRadiographs(size=48))
    assert films.with_data(tmp_path / "classes", target="label").data.labels == "folder"
    assert type(films.with_data(tmp_path / "scans").data).__name__ == "DicomFolder"


def test_a_file_with_a_split_of_its_own_is_split_by_it(tmp_path):
    np.savez(tmp_path / "a.npz", train_images=np.zeros(1))
    assert type(plan(data=aml.Digits()).with_data(tmp_path / "a.npz").split).__name__ == "Predefined"
