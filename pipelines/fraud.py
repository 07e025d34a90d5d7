"""Card fraud, from a table of payments to an audit report.

    python pipelines/fraud.py
    python pipelines/fraud.py --data payments.csv --out reports/

The same plan in YAML is fraud.yaml beside it; a test keeps the two equal.
"""

from pathlib import Path

import appliedml as aml

PLAN = aml.Plan(
    name="fraud",
    seed=7,
    data=aml.Table("../data/card_payments.parquet"),
    schema=aml.Schema(
        target="fraud",
        sensitive=["sex", {"age_band": {"column": "customer_age", "edges": [30, 45, 60]}}],
        group="customer_id",  # all payments of a customer stay in one fold
        time="timestamp",
        row_id="payment_id",
        ignore=["merchant_id", "fraud_pattern"],  # a model would learn merchants by heart; the pattern is the answer
        positive=1,
    ),
    clean=[
        aml.DropDuplicates(),
        aml.DropRowsWithoutTarget(),
        aml.RepairTypes(),
        aml.RangeRules(rules={"amount": {"low": 0, "action": "missing"}}),
    ],
    split=aml.GroupKFold(folds=5),
    pipeline=aml.Pipeline(
        [
            aml.ImputeMissing(),
            aml.ScaleNumbers(),
            aml.EncodeCategories(method="one_hot", min_frequency=20),
            aml.Smote(neighbors=5, ratio=0.05),
            aml.KerasClassifier(
                builder={"mlp": {"hidden": [64, 32], "dropout": 0.3, "input_dropout": 0.1}},
                n_members=3,  # three networks, averaged
                epochs=20,
                batch_size=256,
                optimizer="adamw",
                learning_rate=0.002,
                weight_decay=0.01,
                schedule="cosine",
                patience_epochs=6,
            ),
        ],
        validation=0.15,  # set aside before SMOTE: for early stopping, calibration and the threshold
        calibration="platt",
        threshold={"cost": {"false_negative": 20, "false_positive": 1}},
    ),
    audits=[
        aml.DataProfile(),
        aml.Leakage(),
        aml.Performance(),
        aml.Baselines(),
        aml.Calibration(),
        aml.WorstSlices(),
        aml.TableRobustness(max_rows=2000),
        aml.TrainingCurves(),
        aml.Ablation(),
        aml.Fairness(),
        aml.ExplainShap(max_rows=200),
    ],
    policy="fraud_policy.yaml",
    context="fraud_context.yaml",
    folder=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    raise SystemExit(aml.run_script(PLAN))
