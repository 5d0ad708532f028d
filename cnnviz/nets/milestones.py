"""Seven architectures from 1998 to 2019: what was new, and what the commonly quoted error measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Milestone:
    """An architecture, and what the timeline says about it.

    Attributes:
        model: its name in the catalog.
        name: on screen.
        year: as it is commonly given.
        idea: what was new.
        quoted: the error that tables quote; empty if there is none on ImageNet.
        meaning: what that number measures.
        paper: authors, title, venue and year.
        variant: how the model in the catalog differs from the paper's; empty if it does not.
    """

    model: str
    name: str
    year: int
    idea: str
    quoted: str
    meaning: str
    paper: str
    variant: str = ""


MILESTONES = (
    Milestone(
        "lenet5",
        "LeNet-5",
        1998,
        "The first widely used convolutional network: local fields, shared weights, subsampling.",
        "",
        "No ImageNet figure: ImageNet came eleven years later. On MNIST the paper reports 0.8 to 0.95 % "
        "error.",
        "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, "
        "Proceedings of the IEEE 86(11), 1998",
        "Every map of C3 sees all maps of S2; plain average pooling; a linear output.",
    ),
    Milestone(
        "alexnet",
        "AlexNet",
        2012,
        "Depth, ReLU and dropout, trained on two graphics cards.",
        "16.4 %",
        "Top-5 error on the ILSVRC-2012 test set, the average of 5 networks (15.3 % with 7, two of them "
        "pre-trained on more data).",
        "Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, "
        "NIPS 2012",
        "torchvision has the one-column variant of Krizhevsky 2014 (arXiv:1404.5997).",
    ),
    Milestone(
        "vgg16",
        "VGG-16",
        2014,
        "Only 3×3 convolutions, many behind each other.",
        "7.3 %",
        "Top-5 error on the ILSVRC-2014 test set, 7 networks together (6.8 % with 2, after the challenge).",
        "Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, "
        "arXiv 2014, ICLR 2015",
    ),
    Milestone(
        "googlenet",
        "GoogLeNet",
        2014,
        "Inception modules: several kernel sizes beside each other, joined by channel.",
        "6.7 %",
        "Top-5 error on the ILSVRC-2014 test set, 7 networks together.",
        "Szegedy et al., Going deeper with convolutions, arXiv 2014, CVPR 2015",
        "torchvision adds batch norm and has 3×3 where the paper has 5×5.",
    ),
    Milestone(
        "resnet152",
        "ResNet-152",
        2015,
        "Skip connections: a block learns what to add to its input.",
        "3.6 %",
        "3.57 %: top-5 error on the ILSVRC-2015 test set, an ensemble of 6 networks.",
        "He, Zhang, Ren and Sun, Deep residual learning for image recognition, arXiv 2015, CVPR 2016",
        "torchvision strides in the 3×3 convolution of a block, not in the 1×1 before it.",
    ),
    Milestone(
        "densenet201",
        "DenseNet",
        2017,
        "Dense connections: each layer reads the maps of all layers before it in its block.",
        "3.5 %",
        "3.46 %: error on CIFAR-10, not ImageNet (DenseNet-BC, 190 layers, growth rate 40). On ImageNet the "
        "paper has 5.29 % top-5 error for DenseNet-264, ten crops.",
        "Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks, CVPR 2017",
        "Shown here: DenseNet-201, the deepest of that growth rate (32) in torchvision.",
    ),
    Milestone(
        "efficientnet_b7",
        "EfficientNet-B7",
        2019,
        "Compound scaling: depth, width and input size grow together.",
        "2.9 %",
        "Top-5 error on the ImageNet validation set, one network, one crop (97.1 % accuracy).",
        "Tan and Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019",
    ),
)
