"""Make ``card_payments.parquet``: run ``python data/make_card_payments.py`` in the root of the repository."""

from pathlib import Path

from appliedml.sources.simulate_transactions import SimulateTransactions

if __name__ == "__main__":
    payments = SimulateTransactions(n_rows=20_000, fraud_rate=0.01, disparity=0.0, random_state=7).frame()
    payments.to_parquet(Path(__file__).with_name("card_payments.parquet"), index=False, compression="zstd")
