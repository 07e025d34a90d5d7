"""Lesions on simulated radiographs, from pictures to an audit report.

    python pipelines/medical_imaging.py
    python pipelines/medical_imaging.py --data films/ --metadata films.csv --target lesion --out reports/

The same plan in YAML is medical_imaging.yaml beside it; a test keeps the two equal.
"""

from pathlib import Path

import appliedml as aml

PLAN = aml.Plan(
    name="medical_imaging",
    seed=7,
    data=aml.SimulateRadiographs(n_patients=340, size=64, shortcut=0.6),  # a planted shortcut: the report must find it
    split=aml.GroupKFold(folds=5),  # all films of a patient stay in one fold
    pipeline=aml.Pipeline(
        [
            aml.KerasClassifier(
                builder={
                    "cnn": {
                        "filters": [16, 32, 64],
                        # A lesion is small: its brightest spot says more than an average.
                        "global_pooling": "max",
                        "normalise": "picture",
                        # No flip: the heart is on the left.
                        "augment": {"rotation": 5, "shift": 0.05, "contrast": 0.1, "brightness": 0.05},
                    }
                },
                epochs=12,
                batch_size=16,
                learning_rate=0.003,
                schedule="cosine",
                patience_epochs=6,
            ),
        ],
        validation=0.15,
        calibration="platt",
        threshold="youden",
    ),
    audits=[
        aml.DataProfile(),
        aml.Leakage(),
        aml.Performance(),
        aml.Baselines(models=["majority", "thumbnail_logistic_regression"]),
        aml.Calibration(),
        aml.WorstSlices(),
        aml.TrainingCurves(),
        aml.AugmentationExamples(),
        aml.Fairness(),
        # Six simulated films are shown: they are nobody's.
        aml.ExplainImages(
            max_images=10,
            grid=8,
            hidden="training",
            background_images=4,
            n_permutations=12,
            exact_images=1,
            release_images=6,
        ),
        aml.ShortcutProbe(),
        aml.ImageRobustness(max_rows=200),
    ],
    policy="medical_imaging_policy.yaml",
    context="medical_imaging_context.yaml",
    folder=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    raise SystemExit(aml.run_script(PLAN))
