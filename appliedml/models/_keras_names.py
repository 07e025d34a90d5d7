"""Names and parameters of Keras' optimizers, schedules, losses and metrics, so that plans are checked without Keras.

Each name leads to the class and its own parameters; what all optimizers share stands apart.
"""

from __future__ import annotations

SHARED_BY_OPTIMIZERS = (
    "learning_rate weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum ema_overwrite_frequency "
    "loss_scale_factor gradient_accumulation_steps"
)
OPTIMIZERS = {
    "adadelta": ("Adadelta", "rho epsilon"),
    "adafactor": ("Adafactor", "beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step"),
    "adagrad": ("Adagrad", "initial_accumulator_value epsilon"),
    "adam": ("Adam", "beta_1 beta_2 epsilon amsgrad"),
    "adamax": ("Adamax", "beta_1 beta_2 epsilon"),
    "adamw": ("AdamW", "beta_1 beta_2 epsilon amsgrad"),
    "ftrl": (
        "Ftrl",
        "learning_rate_power initial_accumulator_value l1_regularization_strength l2_regularization_strength "
        "l2_shrinkage_regularization_strength beta",
    ),
    "lamb": ("Lamb", "beta_1 beta_2 epsilon"),
    "lion": ("Lion", "beta_1 beta_2"),
    "muon": (
        "Muon",
        "adam_beta_1 adam_beta_2 adam_weight_decay epsilon exclude_layers exclude_embeddings muon_a muon_b muon_c "
        "adam_lr_ratio momentum ns_steps nesterov rms_rate",
    ),
    "nadam": ("Nadam", "beta_1 beta_2 epsilon"),
    "rmsprop": ("RMSprop", "rho momentum epsilon centered"),
    "schedule_free_adamw": ("ScheduleFreeAdamW", "beta_1 beta_2 epsilon warmup_steps"),
    "sgd": ("SGD", "momentum nesterov"),
}
SCHEDULES = {
    "cosine_decay": ("CosineDecay", "initial_learning_rate decay_steps alpha warmup_target warmup_steps"),
    "cosine_decay_restarts": ("CosineDecayRestarts", "initial_learning_rate first_decay_steps t_mul m_mul alpha"),
    "exponential_decay": ("ExponentialDecay", "initial_learning_rate decay_steps decay_rate staircase"),
    "inverse_time_decay": ("InverseTimeDecay", "initial_learning_rate decay_steps decay_rate staircase"),
    "piecewise_constant_decay": ("PiecewiseConstantDecay", "boundaries values"),
    "polynomial_decay": ("PolynomialDecay", "initial_learning_rate decay_steps end_learning_rate power cycle"),
}
LOSSES = {
    "binary_crossentropy": ("BinaryCrossentropy", "from_logits label_smoothing"),
    "binary_focal_crossentropy": (
        "BinaryFocalCrossentropy",
        "apply_class_balancing alpha gamma from_logits label_smoothing",
    ),
    "categorical_crossentropy": ("CategoricalCrossentropy", "from_logits label_smoothing"),
    "categorical_focal_crossentropy": ("CategoricalFocalCrossentropy", "alpha gamma from_logits label_smoothing"),
    "categorical_generalized_cross_entropy": ("CategoricalGeneralizedCrossEntropy", "q"),
    "categorical_hinge": ("CategoricalHinge", ""),
    "cosine_similarity": ("CosineSimilarity", ""),
    "hinge": ("Hinge", ""),
    "huber": ("Huber", "delta"),
    "kl_divergence": ("KLDivergence", ""),
    "log_cosh": ("LogCosh", ""),
    "mean_absolute_error": ("MeanAbsoluteError", ""),
    "mean_squared_error": ("MeanSquaredError", ""),
    "mean_squared_logarithmic_error": ("MeanSquaredLogarithmicError", ""),
    "poisson": ("Poisson", ""),
    "sparse_categorical_crossentropy": ("SparseCategoricalCrossentropy", "from_logits ignore_class"),
    "squared_hinge": ("SquaredHinge", ""),
}
# What else Keras calls them; it knows the names of their classes too.
LOSS_ALIASES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
LOSS_ALIASES |= {alias.upper(): name for alias, name in LOSS_ALIASES.items()}
METRICS = {
    "accuracy": ("Accuracy", "name"),
    "auc": (
        "AUC",
        "num_thresholds curve summation_method name thresholds multi_label num_labels label_weights from_logits",
    ),
    "binary_accuracy": ("BinaryAccuracy", "name threshold"),
    "binary_crossentropy": ("BinaryCrossentropy", "name from_logits label_smoothing"),
    "categorical_accuracy": ("CategoricalAccuracy", "name"),
    "categorical_crossentropy": ("CategoricalCrossentropy", "name from_logits label_smoothing"),
    "categorical_hinge": ("CategoricalHinge", "name"),
    "cosine_similarity": ("CosineSimilarity", "name"),
    "f1_score": ("F1Score", "average threshold name"),
    "false_negatives": ("FalseNegatives", "thresholds name"),
    "false_positives": ("FalsePositives", "thresholds name"),
    "fbeta_score": ("FBetaScore", "average beta threshold name"),
    "hinge": ("Hinge", "name"),
    "kl_divergence": ("KLDivergence", "name"),
    "log_cosh_error": ("LogCoshError", "name"),
    "mean_absolute_error": ("MeanAbsoluteError", "name"),
    "mean_squared_error": ("MeanSquaredError", "name"),
    "mean_squared_logarithmic_error": ("MeanSquaredLogarithmicError", "name"),
    "poisson": ("Poisson", "name"),
    "precision": ("Precision", "thresholds top_k class_id name"),
    "precision_at_recall": ("PrecisionAtRecall", "recall num_thresholds class_id name"),
    "recall": ("Recall", "thresholds top_k class_id name"),
    "recall_at_precision": ("RecallAtPrecision", "precision num_thresholds class_id name"),
    "root_mean_squared_error": ("RootMeanSquaredError", "name"),
    "sensitivity_at_specificity": ("SensitivityAtSpecificity", "specificity num_thresholds class_id name"),
    "sparse_categorical_accuracy": ("SparseCategoricalAccuracy", "name"),
    "sparse_categorical_crossentropy": ("SparseCategoricalCrossentropy", "name from_logits ignore_class"),
    "sparse_top_k_categorical_accuracy": ("SparseTopKCategoricalAccuracy", "k name from_sorted_ids"),
    "specificity_at_sensitivity": ("SpecificityAtSensitivity", "sensitivity num_thresholds class_id name"),
    "squared_hinge": ("SquaredHinge", "name"),
    "top_k_categorical_accuracy": ("TopKCategoricalAccuracy", "k name"),
    "true_negatives": ("TrueNegatives", "thresholds name"),
    "true_positives": ("TruePositives", "thresholds name"),
}
METRIC_ALIASES = {alias: name for alias, name in LOSS_ALIASES.items() if alias.lower() != "kld"} | {"acc": "accuracy"}
