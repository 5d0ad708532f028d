import numpy as np
import pytest
import torch
from PIL import Image

import cnnviz
from cnnviz.errors import CnnvizError
from cnnviz.nets.classifiers import torchvision_models
from cnnviz.nets.inputs import as_seen, network_input

PICTURE = cnnviz.sample("coffee").centre_square(224)


@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_v2_l", "inception_v3"])
def test_a_picture_is_normalised_as_the_weights_own_transforms_do_it(name):
    transforms = torchvision_models().get_model_weights(name).DEFAULT.transforms
    expected = transforms(crop_size=224, resize_size=224)(Image.fromarray(PICTURE.pixels))[None]
    torch.testing.assert_close(network_input(PICTURE, name, "imagenet"), expected, rtol=1e-5, atol=1e-5)


def test_random_weights_get_values_from_0_to_1():
    x = network_input(PICTURE, "squeezenet1_1")
    np.testing.assert_allclose(x[0].numpy().transpose(1, 2, 0), PICTURE.pixels / 255, atol=1e-6)


def test_a_network_with_one_channel_gets_brightness():
    x = network_input(PICTURE, "lenet5")
    assert x.shape == (1, 1, 224, 224)
    grey = np.asarray(Image.fromarray(PICTURE.pixels).convert("L"))
    assert np.abs(x[0, 0].numpy() * 255 - grey).max() <= 1
    assert np.abs(as_seen(PICTURE, "lenet5").pixels[..., 2] - grey.astype(int)).max() <= 1
    assert as_seen(PICTURE, "alexnet") is PICTURE


def test_what_there_is_not_is_said():
    with pytest.raises(CnnvizError, match="simple_cnn has no weights named"):
        network_input(PICTURE, "simple_cnn", "imagenet")
    with pytest.raises(CnnvizError, match="no weights named 'coco'"):
        network_input(PICTURE, "resnet50", "coco")
