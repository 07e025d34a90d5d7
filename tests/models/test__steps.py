import numpy as np

from appliedml.models._inputs import InputSpec
from appliedml.models._programs import program_for
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models._steps import Steps
from appliedml.models.builders.mlp import Mlp

X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)


def test_the_mean_loss_counts_rows_and_not_padding():
    network, settings = Network(Mlp(hidden=[]), InputSpec(("a", "b")), 1), Settings(batch_size=32, optimizer="sgd")
    program = program_for(network, settings, "step_graph")
    data = program.start(1, Rows({"numbers": X}, np.zeros(40, np.int32), np.ones(40, np.float32)))
    losses, _ = program.outputs(Rows({"numbers": X}, np.zeros(40, np.int32), np.ones(40, np.float32)))
    # No rate: the loss is that of the starting weights. Fewer rates than steps: the last goes on.
    run, still = Steps(program, None), np.array([[0.0, 1.0]], np.float32)

    assert run.step(data, np.arange(32, dtype=np.int32), 32, still)
    assert run.step(data, np.arange(32, 64, dtype=np.int32) % 40, 8, still)
    assert np.isclose(run.mean, losses.mean(), rtol=1e-5)
    assert (run.n_steps, run.n_rows) == (2, 40)
