import numpy as np

from appliedml.core.images import Images
from appliedml.models._image_inputs import ImageSpec
from appliedml.models._lazy import LazyPixels
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models.builders.cnn import Cnn
from appliedml.models.training import train

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 1)).astype(np.uint8)
LABELS = (PIXELS.mean(axis=(1, 2, 3)) > 127).astype(np.int32)
NETWORK = Network(Cnn(filters=[4], batch_norm=False), ImageSpec(6, 6, 1), 1)


def losses(pixels, trainer):
    rows = Rows({"pixels": pixels}, LABELS, np.ones(40, dtype=np.float32))
    settings = Settings(epochs=3, batch_size=16, trainer=trainer)
    trained = train(NETWORK, settings, rows, rows, 5)
    return trained.mode, trained.history[["loss", "val_loss"]].to_numpy()


def test_lazy_rows_train_to_the_same_losses_in_every_way():
    lazy = LazyPixels(Images.of(PIXELS))
    found = {
        losses(pixels, trainer)[0]: losses(pixels, trainer)[1]
        for pixels in (PIXELS, lazy)
        for trainer in ("auto", "keras")
    }
    assert set(found) == {"epoch_graph", "step_graph", "keras"}
    for curve in found.values():
        np.testing.assert_allclose(curve, found["epoch_graph"], rtol=1e-4)
