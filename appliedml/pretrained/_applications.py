"""The networks of ``keras.applications`` by name, as data: what builds them and how their input is scaled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Application:
    """One network of ``keras.applications``.

    Parameters
    ----------
    constructor : str
        Its function.
    scaling : str
        What the ImageNet weights expect: "caffe" (BGR, mean taken away), "torch" (mean and standard deviation of
        ImageNet), "tf" (-1..1), or "inside" (0..255; the network scales by itself).
    size : int
        Side of the pictures it was trained on, in pixels.
    """

    constructor: str
    scaling: str
    size: int


APPLICATIONS: dict[str, Application] = {
    "convnext_base": Application("ConvNeXtBase", "inside", 224),
    "convnext_small": Application("ConvNeXtSmall", "inside", 224),
    "convnext_tiny": Application("ConvNeXtTiny", "inside", 224),
    "densenet121": Application("DenseNet121", "torch", 224),
    "densenet169": Application("DenseNet169", "torch", 224),
    "densenet201": Application("DenseNet201", "torch", 224),
    "efficientnet_b0": Application("EfficientNetB0", "inside", 224),
    "efficientnet_b1": Application("EfficientNetB1", "inside", 240),
    "efficientnet_b2": Application("EfficientNetB2", "inside", 260),
    "efficientnet_b3": Application("EfficientNetB3", "inside", 300),
    "efficientnet_b4": Application("EfficientNetB4", "inside", 380),
    "efficientnet_b5": Application("EfficientNetB5", "inside", 456),
    "efficientnet_b6": Application("EfficientNetB6", "inside", 528),
    "efficientnet_b7": Application("EfficientNetB7", "inside", 600),
    "efficientnet_v2_b0": Application("EfficientNetV2B0", "inside", 224),
    "efficientnet_v2_b1": Application("EfficientNetV2B1", "inside", 240),
    "efficientnet_v2_b2": Application("EfficientNetV2B2", "inside", 260),
    "efficientnet_v2_b3": Application("EfficientNetV2B3", "inside", 300),
    "efficientnet_v2_s": Application("EfficientNetV2S", "inside", 384),
    "inception_resnet_v2": Application("InceptionResNetV2", "tf", 299),
    "inception_v3": Application("InceptionV3", "tf", 299),
    "mobilenet": Application("MobileNet", "tf", 224),
    "mobilenet_v2": Application("MobileNetV2", "tf", 224),
    "mobilenet_v3_large": Application("MobileNetV3Large", "inside", 224),
    "mobilenet_v3_small": Application("MobileNetV3Small", "inside", 224),
    "resnet101": Application("ResNet101", "caffe", 224),
    "resnet101_v2": Application("ResNet101V2", "tf", 224),
    "resnet152": Application("ResNet152", "caffe", 224),
    "resnet152_v2": Application("ResNet152V2", "tf", 224),
    "resnet50": Application("ResNet50", "caffe", 224),
    "resnet50_v2": Application("ResNet50V2", "tf", 224),
    "vgg16": Application("VGG16", "caffe", 224),
    "vgg19": Application("VGG19", "caffe", 224),
    "xception": Application("Xception", "tf", 299),
}
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_MEAN_BGR = (103.939, 116.779, 123.68)


def scaled(pictures: object, scaling: str) -> object:
    """Return pictures as the weights of a network expect them.

    Parameters
    ----------
    pictures : tensor of shape (n, height, width, 3)
        RGB, 0..255.
    scaling : str
        Of :class:`Application`.

    Returns
    -------
    tensor of the same shape
    """
    import keras

    if scaling == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(pictures)
    if scaling == "torch":
        scale = [1 / (255 * deviation) for deviation in _DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)]
        return keras.layers.Rescaling(scale, offset=offset, name="scale")(pictures)
    if scaling == "caffe":
        offset = [-mean for mean in _MEAN_BGR]
        return keras.layers.Rescaling(1.0, offset=offset, name="scale")(keras.ops.flip(pictures, axis=-1))
    return pictures
