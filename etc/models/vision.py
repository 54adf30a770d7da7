"""Small networks on images and vectors, in the forms that people write them in PyTorch."""

import torch
from torch import nn
from torch.nn import functional as F


def conv_bn(i, o, kernel=3, stride=1, groups=1, act=nn.ReLU):
    layers = [nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([act()] if act else []))


class MLP(nn.Module):
    def __init__(self, widths=(20, 24, 16, 10), act=nn.ReLU):
        super().__init__()
        layers = []
        for i, o in zip(widths, widths[1:]):
            layers += [nn.Linear(i, o), act()]
        self.net = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.net(x)


class AllCNN(nn.Module):
    """All-CNN-C (Springenberg et al. 2015): strides for pools, an average for the classifier."""

    def __init__(self, width=6, classes=10):
        super().__init__()
        w, v = width, 2 * width
        self.features = nn.Sequential(
            nn.Dropout(0.2), nn.Conv2d(3, w, 3, padding=1), nn.ReLU(True),
            nn.Conv2d(w, w, 3, padding=1), nn.ReLU(True),
            nn.Conv2d(w, w, 3, stride=2, padding=1), nn.ReLU(True), nn.Dropout(),
            nn.Conv2d(w, v, 3, padding=1), nn.ReLU(True),
            nn.Conv2d(v, v, 3, stride=2, padding=1), nn.ReLU(True), nn.Dropout(),
            nn.Conv2d(v, v, 3), nn.ReLU(True), nn.Conv2d(v, v, 1), nn.ReLU(True),
            nn.Conv2d(v, classes, 1), nn.ReLU(True), nn.AvgPool2d(2))

    def forward(self, x):
        return torch.flatten(self.features(x), 1)


class VGG(nn.Module):
    """VGG with batch normalisation, an adaptive pool and a classifier of three layers."""

    def __init__(self, classes=10):
        super().__init__()
        layers, i = [], 3
        for o in (6, "M", 8, 8, "M", 12, "M"):
            if o == "M":
                layers.append(nn.MaxPool2d(2, 2))
            else:
                layers += [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(True)]
                i = o
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.classifier = nn.Sequential(
            nn.Linear(i, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 16), nn.ReLU(True),
            nn.Dropout(), nn.Linear(16, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class BasicBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.downsample = None
        if stride > 1 or i != o:
            self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        h = F.relu(self.bn1(self.conv1(x)))
        h = self.bn2(self.conv2(h))
        return F.relu(h + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self, width=4, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        i = width
        for stage in range(4):
            o = width << stage
            blocks = [BasicBlock(i, o, 1 if stage == 0 else 2), BasicBlock(o, o, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            i = o
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride, expand):
        super().__init__()
        h = i * expand
        self.skip = stride == 1 and i == o
        self.conv = nn.Sequential(
            *([conv_bn(i, h, 1, act=nn.ReLU6)] if expand > 1 else []),
            conv_bn(h, h, 3, stride, h, act=nn.ReLU6), conv_bn(h, o, 1, act=None))

    def forward(self, x):
        return x + self.conv(x) if self.skip else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.Sequential(
            conv_bn(3, 4, 3, 2, act=nn.ReLU6), InvertedResidual(4, 4, 1, 1),
            InvertedResidual(4, 6, 2, 4), InvertedResidual(6, 6, 1, 4), conv_bn(6, 16, 1, act=nn.ReLU6))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(16, classes))

    def forward(self, x):
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), 1).flatten(1))


class OnePlace(nn.Module):
    """Convolutions down to one pixel, where a kernel's gradient is one outer product."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 2, 1)
        self.conv2 = nn.Conv2d(4, 6, 3, 2, 1)
        self.conv3 = nn.Conv2d(6, 6, 3, 1, 1)
        self.conv4 = nn.Conv2d(6, 8, 1)
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = F.relu(conv(x))
        return self.fc(x.flatten(1))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.fc2 = nn.Conv2d(inner, channels, 1)

    def forward(self, x):
        s = F.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.fc2(F.silu(self.fc1(s))))


class EfficientNet(nn.Module):
    """MBConv blocks: depthwise convolution, squeeze and excitation, SiLU."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = conv_bn(3, 6, 3, 2, act=nn.SiLU)
        self.expand = conv_bn(6, 18, 1, act=nn.SiLU)
        self.depthwise = conv_bn(18, 18, 5, 1, 18, act=nn.SiLU)
        self.se = SqueezeExcite(18, 3)
        self.project = conv_bn(18, 6, 1, act=None)
        self.head = conv_bn(6, 20, 1, act=nn.SiLU)
        self.fc = nn.Linear(20, classes)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.project(self.se(self.depthwise(self.expand(x))))
        return self.fc(self.head(x).mean((2, 3)))


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x):
        h = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        h = self.gamma * self.pwconv2(self.act(self.pwconv1(h)))
        return x + h.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 4, 4), LayerNorm2d(6, eps=1e-6))
        self.stages = nn.Sequential(
            ConvNeXtBlock(6), LayerNorm2d(6, eps=1e-6), nn.Conv2d(6, 8, 2, 2), ConvNeXtBlock(8))
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        return self.head(self.norm(self.stages(self.stem(x)).mean([-2, -1])))


class UNet(nn.Module):
    """Segmentation: down, up by a transposed convolution and by interpolation, skips."""

    def __init__(self, classes=3, width=4):
        super().__init__()
        w = width
        self.enc1 = nn.Sequential(conv_bn(2, w), conv_bn(w, w))
        self.enc2 = nn.Sequential(conv_bn(w, 2 * w), conv_bn(2 * w, 2 * w))
        self.mid = conv_bn(2 * w, 2 * w)
        self.up2 = nn.ConvTranspose2d(2 * w, 2 * w, 2, stride=2)
        self.dec2 = conv_bn(4 * w, w)
        self.up1 = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.dec1 = conv_bn(2 * w, w)
        self.head = nn.Conv2d(w, classes, 1)

    def forward(self, x):
        e1 = self.enc1(x)
        e2 = self.enc2(F.max_pool2d(e1, 2))
        m = self.mid(F.max_pool2d(e2, 2))
        d2 = self.dec2(torch.cat([self.up2(m), e2], 1))
        d1 = self.dec1(torch.cat([self.up1(d2), e1], 1))
        return self.head(d1)


class Autoencoder(nn.Module):
    """Regression of the input itself; transposed convolutions with padding and output padding."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1), nn.LeakyReLU(0.1), nn.Conv2d(4, 6, 3, 2, 1), nn.ELU(),
            nn.Flatten(), nn.Linear(6 * 2 * 2, 5))
        self.decoder = nn.Sequential(
            nn.Linear(5, 6 * 2 * 2), nn.Softplus(), nn.Unflatten(1, (6, 2, 2)),
            nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1), nn.Mish(),
            nn.ConvTranspose2d(4, 1, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Normalised(nn.Module):
    """Group, instance and layer normalisation side by side, other activations and pools."""

    def __init__(self, classes=6):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, padding_mode="replicate")
        self.norm1 = nn.GroupNorm(4, 8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2)
        self.norm2 = nn.InstanceNorm2d(8, affine=True)
        self.prelu = nn.PReLU(8)
        self.conv3 = nn.Conv2d(8, 6, 3, padding=1)
        self.norm3 = nn.LayerNorm([6, 4, 4])
        self.fc = nn.Linear(6, classes)

    def forward(self, x):
        x = F.hardswish(self.norm1(self.conv1(x)))
        x = F.avg_pool2d(self.prelu(self.norm2(self.conv2(x))), 2)
        x = F.selu(self.norm3(self.conv3(x)))
        return self.fc(F.adaptive_max_pool2d(x, 1).flatten(1))


class Volumes(nn.Module):
    """Three- and one-dimensional convolutions."""

    def __init__(self, classes=4):
        super().__init__()
        self.conv3d = nn.Conv3d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm3d(4)
        self.conv1d = nn.Conv1d(16, 6, 3, padding="same")
        self.fc = nn.Linear(6, classes)

    def forward(self, x):
        x = F.max_pool3d(F.relu(self.bn(self.conv3d(x))), 2)
        x = F.relu(self.conv1d(x.flatten(1, 2).flatten(2)))
        return self.fc(x.mean(-1))


class TwoInputs(nn.Module):
    """An image and a vector of facts, joined; two outputs, of which the first is the prediction."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2)
        self.facts = nn.Linear(6, 8)
        self.mix = nn.Bilinear(8, 36, 10)
        self.head = nn.Linear(10, classes)
        self.other = nn.Linear(10, 2)

    def forward(self, image, facts):
        h = F.relu(self.conv(image)).flatten(1)
        h = torch.relu(self.mix(torch.tanh(self.facts(facts)), h))
        return self.head(h), self.other(h)


class TiedAutoencoder(nn.Module):
    """One matrix used forward and transposed."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 12) * 0.3)
        self.down = nn.Parameter(torch.zeros(6))
        self.up = nn.Parameter(torch.zeros(12))

    def forward(self, x):
        h = torch.sigmoid(F.linear(x, self.weight, self.down))
        return F.linear(h, self.weight.t(), self.up)


class Experts(nn.Module):
    """A soft mixture of experts by einsum, and a weight that is normalised as it is used."""

    def __init__(self, classes=5):
        super().__init__()
        self.gate = nn.Linear(8, 3)
        self.experts = nn.Parameter(torch.randn(3, 8, 12) * 0.3)
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(12, classes))

    def forward(self, x):
        h = torch.einsum("ni,eio->neo", x, self.experts)
        h = (torch.softmax(self.gate(x), -1).unsqueeze(-1) * F.gelu(h)).sum(1)
        return self.head(h)
