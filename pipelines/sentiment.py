"""Opinions in product reviews, from texts to an audit report.

    python pipelines/sentiment.py
    python pipelines/sentiment.py --data opinions.csv --text body --target label --out reports/

The same plan in YAML is sentiment.yaml beside it; a test keeps the two equal.
"""

from pathlib import Path

import appliedml as aml

TRAINING = {"epochs": 4, "batch_size": 64, "learning_rate": 0.003, "schedule": "cosine"}

PLAN = aml.Plan(
    name="sentiment",
    seed=7,
    data=aml.TextTable("../data/reviews.parquet"),
    schema=aml.Schema(target="score", group="product", row_id="review_id", positive="great"),
    clean=[
        aml.CleanText(),
        aml.DropEmptyTexts(),
        aml.GroupNearDuplicates(),  # near-duplicates never straddle folds
    ],
    split=aml.GroupKFold(folds=5),  # reviews of a product stay in one fold
    pipeline=aml.Pipeline(
        [
            # Convolutions over words, and beside them weights of words and pairs of words.
            aml.KerasClassifier(builder="text_cnn", **TRAINING),
        ],
        validation=0.1,
        calibration="platt",
        threshold="youden",
    ),
    audits=[
        aml.DataProfile(),
        aml.Leakage(),
        aml.Performance(),
        aml.Baselines(
            models=[
                "majority",
                "tfidf_logistic_regression",
                # What the words and pairs of words bring.
                {"without_word_weights": [{"keras_classifier": {"builder": {"text_cnn": {"bag": False}}, **TRAINING}}]},
            ]
        ),
        aml.Calibration(),
        aml.WorstSlices(),
        aml.TrainingCurves(),
        aml.IdentitySwaps(),
        aml.ExplainTexts(max_texts=50, release_texts=1),  # public reviews; one a fold is shown
        aml.TextRobustness(max_rows=300),
    ],
    policy="sentiment_policy.yaml",
    context="sentiment_context.yaml",
    folder=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    raise SystemExit(aml.run_script(PLAN))
