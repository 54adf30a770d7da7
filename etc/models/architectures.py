"""Small networks of further well-known architectures, on images, volumes and points."""

import torch
from torch import nn
from torch.nn import functional as F
from vision import SqueezeExcite, conv_bn


class DenseNet(nn.Module):
    """Every layer reads all earlier ones (Huang et al. 2017); normalisation before convolution."""

    def __init__(self, classes=10, growth=4):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        width, self.blocks = 6, nn.ModuleList()
        for _ in range(2):
            layers = nn.ModuleList()
            for _ in range(2):
                layers.append(nn.Sequential(
                    nn.BatchNorm2d(width), nn.ReLU(True), nn.Conv2d(width, 2 * growth, 1, bias=False),
                    nn.BatchNorm2d(2 * growth), nn.ReLU(True),
                    nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)))
                width += growth
            self.blocks.append(layers)
        self.transition = nn.Sequential(
            nn.BatchNorm2d(14), nn.ReLU(True), nn.Conv2d(14, 14, 1, bias=False), nn.AvgPool2d(2, 2))
        self.norm = nn.BatchNorm2d(width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, x):
        x = self.stem(x)
        for index, layers in enumerate(self.blocks):
            parts = [x]
            for layer in layers:
                parts.append(layer(torch.cat(parts, 1)))
            x = torch.cat(parts, 1)
            if index == 0:
                x = self.transition(x)
        return self.classifier(F.adaptive_avg_pool2d(F.relu(self.norm(x)), (1, 1)).flatten(1))


class Inception(nn.Module):
    """Branches of several kernels, factorised ones among them, side by side; overlapping pools; and an
    auxiliary classifier."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = conv_bn(3, 6, 3, 2)
        self.one = conv_bn(6, 4, 1)
        self.three = nn.Sequential(conv_bn(6, 3, 1), conv_bn(3, 4, 3))
        self.factored = nn.Sequential(
            nn.Conv2d(6, 3, (1, 5), padding=(0, 2)), nn.ReLU(), nn.Conv2d(3, 4, (5, 1), padding=(2, 0)),
            nn.ReLU())
        self.pooled = conv_bn(6, 4, 1)
        # Only training uses it.
        self.auxiliary = nn.Sequential(
            conv_bn(16, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes))
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = self.stem(x)
        pool = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        x = torch.cat([self.one(x), self.three(x), self.factored(x), self.pooled(pool)], 1)
        x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class ShuffleNet(nn.Module):
    """Halves that change places (Ma et al. 2018): chunk, depthwise convolution, channel shuffle."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.branch = nn.Sequential(
            conv_bn(4, 4, 1), conv_bn(4, 4, 3, 1, 4, act=None), conv_bn(4, 4, 1))
        self.grouped = nn.Conv2d(8, 8, 1, groups=4)
        self.shuffle = nn.ChannelShuffle(4)
        self.fc = nn.Linear(8, classes)

    @staticmethod
    def shuffled(x, groups):
        n, c, h, w = x.shape
        return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)

    def forward(self, x):
        a, b = self.stem(x).chunk(2, 1)
        x = self.shuffled(torch.cat((a, self.branch(b)), 1), 2)
        x = F.relu(self.shuffle(self.grouped(x)))
        return self.fc(x.mean([2, 3]))


class MobileNetV3(nn.Module):
    """Hard swish, squeeze and excitation with a hard sigmoid."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = conv_bn(3, 6, 3, 2, act=nn.Hardswish)
        self.depthwise = conv_bn(6, 6, 5, 1, 6, act=nn.Hardswish)
        self.fc1, self.fc2 = nn.Conv2d(6, 4, 1), nn.Conv2d(4, 6, 1)
        self.classifier = nn.Sequential(nn.Linear(6, 12), nn.Hardswish(), nn.Linear(12, classes))

    def forward(self, x):
        x = self.depthwise(self.stem(x))
        x = x * F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


class SwinBlock(nn.Module):
    """Attention in windows, rolled by half a window, with a bias by relative position (Liu 2021)."""

    def __init__(self, width, heads, side, window, shift):
        super().__init__()
        self.heads, self.side, self.window, self.shift = heads, side, window, shift
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.relative = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.2)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        place = torch.stack(torch.meshgrid(*[torch.arange(window)] * 2, indexing="ij")).flatten(1)
        difference = place[:, :, None] - place[:, None, :] + window - 1
        self.register_buffer("index", difference[0] * (2 * window - 1) + difference[1])
        self.register_buffer("mask", self.shifted_mask() if shift else None)

    def shifted_mask(self):
        zone = torch.zeros(1, self.side, self.side, 1)
        count = 0
        for h in (slice(0, -self.window), slice(-self.window, -self.shift), slice(-self.shift, None)):
            for w in (slice(0, -self.window), slice(-self.window, -self.shift), slice(-self.shift, None)):
                zone[:, h, w] = count
                count += 1
        zone = self.windows(zone).squeeze(-1)
        return (zone[:, None, :] != zone[:, :, None]).float() * -100

    def windows(self, x):
        n, h, w, c = x.shape
        s = self.window
        return x.view(n, h // s, s, w // s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, s * s, c)

    def forward(self, x):
        n, h, w, c = x.shape
        y = self.norm1(x)
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = self.windows(y)
        b, t, _ = y.shape
        q, k, v = self.qkv(y).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        a = q * (c // self.heads) ** -0.5 @ k.transpose(-2, -1)
        a = a + self.relative[self.index.view(-1)].view(t, t, -1).permute(2, 0, 1)
        if self.mask is not None:
            count = self.mask.shape[0]
            a = (a.view(-1, count, self.heads, t, t) + self.mask[:, None]).view(-1, self.heads, t, t)
        y = self.proj((a.softmax(-1) @ v).transpose(1, 2).reshape(b, t, c))
        s = self.window
        y = y.view(-1, h // s, w // s, s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, c)
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        x = x + y
        return x + self.mlp(self.norm2(x))


class Swin(nn.Module):
    """Two blocks of which the second is shifted, and patches that are merged."""

    def __init__(self, classes=10, width=8):
        super().__init__()
        self.embed = nn.Conv2d(3, width, 2, 2)
        self.blocks = nn.Sequential(SwinBlock(width, 2, 8, 4, 0), SwinBlock(width, 2, 8, 4, 2))
        self.merge = nn.Linear(4 * width, width, bias=False)
        self.norm = nn.LayerNorm(4 * width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.blocks(self.embed(x).permute(0, 2, 3, 1))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.head(self.merge(self.norm(x)).flatten(1, 2).mean(1))


class DeepLab(nn.Module):
    """Dilated convolutions and an image pool side by side, bilinear to the size of the input."""

    def __init__(self, classes=3):
        super().__init__()
        self.body = nn.Sequential(conv_bn(2, 6, 3, 2), conv_bn(6, 8, 3, 2))
        self.rates = nn.ModuleList(
            [nn.Conv2d(8, 4, 3, padding=d, dilation=d, bias=False) for d in (1, 2, 3)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(4) for _ in range(3)])
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU())
        self.project = nn.Sequential(nn.Conv2d(16, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.classifier = nn.Conv2d(6, classes, 1)

    def forward(self, x):
        size = x.shape[-2:]
        x = self.body(x)
        parts = [F.relu(norm(conv(x))) for conv, norm in zip(self.rates, self.norms)]
        pooled = F.interpolate(self.pool(x), size=x.shape[-2:], mode="bilinear", align_corners=False)
        x = self.classifier(self.project(torch.cat([*parts, pooled], 1)))
        return {"out": F.interpolate(x, size=size, mode="bilinear", align_corners=True)}


class UNet3D(nn.Module):
    """Segmentation of volumes: trilinear and transposed ways up, instance normalisation."""

    def __init__(self, classes=3):
        super().__init__()
        block = lambda i, o: nn.Sequential(
            nn.Conv3d(i, o, 3, padding=1), nn.InstanceNorm3d(o, affine=True), nn.LeakyReLU(0.01))
        self.enc1, self.enc2, self.mid = block(1, 3), block(3, 4), block(4, 4)
        self.down = nn.MaxPool3d(2)
        self.up2 = nn.ConvTranspose3d(4, 4, 2, stride=2)
        self.dec2, self.dec1 = block(8, 4), block(7, 4)
        self.head = nn.Conv3d(4, classes, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(self.down(a))
        x = self.dec2(torch.cat([self.up2(self.mid(self.down(b))), b], 1))
        x = F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=True)
        return self.head(self.dec1(torch.cat([x, a], 1)))


class DenoisingUNet(nn.Module):
    """A diffusion model's network: time in sines, group normalisation, attention over pixels."""

    def __init__(self, width=8):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.inward = nn.Conv2d(1, width, 3, padding=1)
        self.norm1, self.conv1 = nn.GroupNorm(4, width), nn.Conv2d(width, width, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(4, width), nn.Conv2d(width, width, 3, padding=1)
        self.shift = nn.Linear(width, 2 * width)
        self.down = nn.Conv2d(width, width, 3, 2, 1)
        self.norm, self.qkv = nn.GroupNorm(2, width), nn.Conv1d(width, 3 * width, 1)
        self.out_attention = nn.Conv1d(width, width, 1)
        self.up = nn.Conv2d(width, width, 3, padding=1)
        self.outward = nn.Sequential(nn.GroupNorm(4, 2 * width), nn.SiLU(), nn.Conv2d(2 * width, 1, 3, padding=1))
        self.width = width

    def forward(self, x, t):
        rates = torch.exp(-torch.arange(self.width // 2, dtype=x.dtype) * 1.5)
        angles = t[:, None].to(x.dtype) * rates
        e = F.silu(self.time(torch.cat([angles.sin(), angles.cos()], -1)))
        x = self.inward(x)
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.shift(e)[:, :, None, None].chunk(2, 1)
        h = self.norm2(h) * (1 + scale) + shift
        x = x + self.conv2(F.silu(h))
        d = self.down(x)
        n, c, height, w = d.shape
        q, k, v = self.qkv(self.norm(d).view(n, c, -1)).reshape(n * 2, 3 * c // 2, -1).split(c // 2, 1)
        a = torch.einsum("bct,bcs->bts", q * 0.7, k * 0.7).softmax(-1)
        d = d + self.out_attention(torch.einsum("bts,bcs->bct", a, v).reshape(n, c, -1)).view(d.shape)
        u = self.up(F.interpolate(d, scale_factor=2.0, mode="nearest"))
        return self.outward(torch.cat([u, x], 1))


class FiLM(nn.Module):
    """Features of an image that a vector scales and shifts, one group after the other."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 3), nn.Conv2d(6, 6, 3)
        self.bn = nn.BatchNorm2d(6, affine=False)
        self.condition = nn.Embedding(4, 12)
        self.fc = nn.Linear(6, classes)

    def forward(self, image, kind):
        scale, shift = self.condition(kind).unsqueeze(-1).unsqueeze(-1).split(6, 1)
        h = self.bn(self.conv2(F.relu(self.conv1(image))))
        return self.fc(F.relu(scale * h + shift).amax((-1, -2)))


class Gated(nn.Module):
    """A parameter and an argument of one name."""

    def __init__(self, width=6, classes=4):
        super().__init__()
        self.mask = nn.Parameter(torch.randn(width))
        self.fc = nn.Linear(width, classes)

    def forward(self, x, mask):
        return self.fc(torch.tanh(x * self.mask) * mask)


class Resampled(nn.Module):
    """Indices that come of products of constants in single precision, where double would choose others."""

    def __init__(self, classes=4):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3, padding=1)
        self.bucket = nn.Embedding(8, 18)
        self.fc = nn.Linear(3 * 18, classes)

    def forward(self, x):
        h = F.interpolate(self.conv(x), scale_factor=(1.5, 2.3), mode="nearest-exact")
        place = (torch.linspace(0, 1, 15, device=x.device) * 7).long()
        weight = self.bucket(place)[: h.shape[-2]].mean(-1)
        return self.fc((h * weight[:, None]).flatten(-2)[..., :18].flatten(1))


class Siamese(nn.Module):
    """One encoder for two images, and what their features' difference says."""

    def __init__(self, classes=2):
        super().__init__()
        self.encoder = nn.Sequential(
            conv_bn(1, 4, 3, 2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 8))
        self.head = nn.Linear(10, classes)

    def forward(self, left, right):
        a, b = self.encoder(left), self.encoder(right)
        alike = F.cosine_similarity(a, b, dim=-1).unsqueeze(-1)
        far = F.pairwise_distance(a, b, keepdim=True)
        return self.head(torch.cat([(a - b).abs(), F.normalize(alike + far, dim=-1), far], -1))


class Parametrised(nn.Module):
    """Weights that are computed as they are used: by spectral, weight and centred norms."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv = nn.utils.parametrizations.spectral_norm(nn.Conv2d(1, 6, 3))
        self.inner = nn.utils.parametrizations.weight_norm(nn.Conv2d(6, 6, 3), dim=None)
        self.older = nn.utils.weight_norm(nn.Linear(6, 8))
        self.standardised = nn.Conv2d(6, 6, 3, padding=1)
        self.fc = nn.utils.parametrizations.spectral_norm(nn.Linear(8, classes))

    def forward(self, x):
        x = F.leaky_relu(self.inner(F.leaky_relu(self.conv(x), 0.2)), 0.2)
        w = self.standardised.weight
        mean, var = w.mean((1, 2, 3), keepdim=True), w.var((1, 2, 3), keepdim=True)
        x = F.conv2d(x, (w - mean) / (var + 1e-4).sqrt(), self.standardised.bias, padding=1)
        return self.fc(torch.tanh(self.older(x.mean((2, 3)))))


class PointNet(nn.Module):
    """A set of points: shared layers, a learned alignment of the input, the largest of each feature."""

    def __init__(self, classes=5):
        super().__init__()
        self.align = nn.Sequential(nn.Conv1d(3, 6, 1), nn.BatchNorm1d(6), nn.ReLU())
        self.matrix = nn.Linear(6, 9)
        self.shared = nn.Sequential(
            nn.Conv1d(3, 8, 1), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 12, 1), nn.BatchNorm1d(12))
        self.head = nn.Sequential(
            nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, classes))

    def forward(self, points):
        x = points.transpose(2, 1)
        t = torch.max(self.align(x), 2)[0]
        t = self.matrix(t).view(-1, 3, 3) + torch.eye(3).repeat(points.shape[0], 1, 1)
        x = self.shared(torch.bmm(points, t).transpose(2, 1))
        return self.head(torch.max(x, 2)[0])


class SpatialTransformer(nn.Module):
    """An image that the network turns before it looks at it (Jaderberg et al. 2015)."""

    def __init__(self, classes=5):
        super().__init__()
        self.localise = nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 6))
        self.conv = nn.Conv2d(1, 6, 3)
        self.fc = nn.Linear(6, classes)

    def forward(self, x):
        unit = torch.tensor([[1.0, 0, 0], [0, 1, 0]])
        theta = 0.3 * self.localise(x).view(-1, 2, 3) + unit
        grid = F.affine_grid(theta, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, align_corners=False)
        return self.fc(F.relu(self.conv(x)).mean((2, 3)))


class GlobalFilter(nn.Module):
    """Patches mixed by a learned filter of their spectrum (Rao et al. 2021), and by a shrunk one of two
    layers (Guibas et al. 2022)."""

    def __init__(self, classes=5, width=4, side=4):
        super().__init__()
        self.patches = nn.Conv2d(1, width, 2, 2)
        self.norm = nn.LayerNorm(width)
        self.complex_weight = nn.Parameter(torch.randn(side, side // 2 + 1, width, 2) * 0.2)
        self.first = nn.Parameter(torch.randn(2, width, width) * 0.3)
        self.bias = nn.Parameter(torch.randn(2, width) * 0.3)
        self.second = nn.Linear(width, 2 * width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).permute(0, 2, 3, 1)
        spectrum = torch.fft.rfft2(self.norm(x), dim=(1, 2), norm="ortho")
        spectrum = spectrum * torch.view_as_complex(self.complex_weight)
        x = x + torch.fft.irfft2(spectrum, s=x.shape[1:3], dim=(1, 2), norm="ortho")
        line = torch.view_as_real(torch.fft.rfft(x.flatten(1, 2), dim=1))
        real = line[..., 0] @ self.first[0] - line[..., 1] @ self.first[1] + self.bias[0]
        mixed = self.second(F.gelu(real)).unflatten(-1, (-1, 2))
        line = torch.view_as_complex(F.softshrink(mixed, 0.01).contiguous())
        return self.head(x.flatten(1, 2).mean(1) + torch.fft.irfft(line, dim=1).mean(1))


class Mixer(nn.Module):
    """Layers across channels and across places (Tolstikhin et al. 2021), patches by unfold."""

    def __init__(self, classes=10, width=8):
        super().__init__()
        self.embed = nn.Linear(48, width)
        self.norm1, self.norm2, self.norm = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.across = nn.Sequential(nn.Linear(16, 10), nn.GELU(), nn.Linear(10, 16))
        self.within = nn.Sequential(nn.Linear(width, 12), nn.GELU(), nn.Linear(12, width))
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.embed(F.unfold(x, 4, stride=4).transpose(1, 2))
        x = x + self.across(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.within(self.norm2(x))
        return self.head(self.norm(x).mean(1))


class SuperResolution(nn.Module):
    """An image four times as large, by sub-pixel convolution (Shi et al. 2016) over a bicubic one."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 4, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        self.slope = nn.PReLU()

    def forward(self, x):
        up = F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
        return up + self.shuffle(self.conv2(self.slope(self.conv1(x))))


class VariationalAutoencoder(nn.Module):
    """Its mean way: the reconstruction first, then the code's parameters."""

    def __init__(self):
        super().__init__()
        self.inward = nn.Linear(12, 10)
        self.mean, self.spread = nn.Linear(10, 3), nn.Linear(10, 3)
        self.outward = nn.Sequential(nn.Linear(3, 10), nn.ELU(), nn.Linear(10, 12))

    def forward(self, x):
        h = F.softplus(self.inward(x))
        mean, spread = self.mean(h), self.spread(h).exp()
        code = mean + torch.randn_like(spread) * spread if self.training else mean
        return self.outward(code), mean, spread


class GatedMLP(nn.Module):
    """A residual tabular network: categories embedded, numbers scaled, gates, several activations."""

    def __init__(self, classes=4):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(5, 3), nn.Embedding(7, 4)])
        self.scale = nn.BatchNorm1d(4)
        self.fc1 = nn.Linear(11, 16)
        self.blocks = nn.ModuleList([nn.Linear(8, 16) for _ in range(2)])
        self.norms = nn.ModuleList([nn.RMSNorm(8), nn.LayerNorm(8, elementwise_affine=False)])
        self.head = nn.Linear(8, classes)

    def forward(self, kinds, numbers):
        parts = [table(kinds[:, i]) for i, table in enumerate(self.tables)]
        x = F.glu(self.fc1(torch.cat([*parts, self.scale(numbers)], -1)))
        for block, norm in zip(self.blocks, self.norms):
            a, b = block(norm(x)).chunk(2, -1)
            x = x + F.mish(a) * F.logsigmoid(b) + F.hardtanh(a) * F.tanhshrink(b) + F.celu(a, 0.5)
        return self.head(F.softsign(x))


class Adapted(nn.Module):
    """A frozen network that low-rank adapters, a scale and a new last layer are trained in (Hu et al. 2021)."""

    class Linear(nn.Module):
        def __init__(self, inputs, outputs, rank=2):
            super().__init__()
            self.base = nn.Linear(inputs, outputs).requires_grad_(False)
            self.down = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
            self.up = nn.Parameter(torch.randn(outputs, rank) / rank**0.5)

        def forward(self, x):
            return self.base(x) + x @ self.down.T @ self.up.T

    def __init__(self, classes=6):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).requires_grad_(False)
        self.scale = nn.BatchNorm2d(4)
        self.scale.weight.requires_grad_(False)
        self.position = nn.Parameter(torch.randn(4 * 36) / 10, requires_grad=False)
        self.first, self.second = Adapted.Linear(4 * 36, 12), Adapted.Linear(12, 12)
        self.classifier = nn.Linear(12, classes)

    def forward(self, x):
        x = F.relu(self.scale(self.stem(x))).flatten(1) + self.position
        return self.classifier(F.relu(self.second(F.relu(self.first(x)))))


class AdaptersAlone(nn.Module):
    """A frozen network whose checkpoints hold nothing of it: a table that is read twice, running statistics
    that stand still."""

    def __init__(self, classes=6):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).requires_grad_(False)
        nn.init.uniform_(self.stem[1].running_var, 0.5, 2)
        self.first, self.second = Adapted.Linear(4 * 36, 12), Adapted.Linear(12, 12)
        self.again = self.second.base
        self.classifier = nn.Linear(12, classes)

    def train(self, mode=True):
        super().train(mode)
        self.stem.eval()
        return self

    def forward(self, x):
        x = self.first(F.relu(self.stem(x)).flatten(1))
        return self.classifier(F.relu(self.again(F.relu(self.second(F.relu(x))))))


class Forgetful(nn.Module):
    """With a normalisation that forward forgot, beside one that it did not."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv, self.bn, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, classes)
        self.bn_forgotten = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.conv(x))).mean((2, 3)))


class Quantised(nn.Module):
    """Features replaced by the nearest of a table's rows (van den Oord et al. 2017), as far as a graph can say it:
    the choice hangs on the table too, and nothing flows back through it."""

    def __init__(self, width=4, codes=6):
        super().__init__()
        self.encoder = nn.Linear(6, width)
        self.codes = nn.Parameter(torch.randn(codes, width))
        self.decoder = nn.Linear(width, 6)

    def forward(self, x):
        h = self.encoder(x)
        distance = h.pow(2).sum(-1, keepdim=True) - 2 * h @ self.codes.T + self.codes.pow(2).sum(-1)
        chosen = self.codes[distance.argmin(-1)]
        gate = (F.linear(chosen, self.codes) > 0).to(h.dtype).mean(-1, keepdim=True)
        return self.decoder(h * gate + F.linear(chosen @ self.codes.T, self.codes.T))


class Standardised(nn.Module):
    """Weights standardised, and images normalised, by a batch normalisation over one example (Qiao et al. 2019)."""

    def __init__(self, classes=5):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.weight = nn.Parameter(torch.randn(6, 4, 3, 3) * 0.3)
        self.gain = nn.Parameter(torch.ones(6))
        self.head = nn.Linear(6, classes)

    def forward(self, x):
        x = self.stem(x)
        n, c, h, w = x.shape
        x = F.batch_norm(x.reshape(1, n * c, h, w), None, None, training=True).view(n, c, h, w)
        weight = F.batch_norm(
            self.weight.reshape(1, 6, -1), None, None, weight=self.gain, training=True, momentum=0.0)
        return self.head(F.relu(F.conv2d(x, weight.reshape_as(self.weight))).mean((2, 3)))


class Deformable(nn.Module):
    """Attention to sampled places of a feature map, heads merged with the examples (Zhu et al. 2021)."""

    def __init__(self, classes=5, heads=2, places=2, queries=3):
        super().__init__()
        self.heads, self.places, self.queries = heads, places, queries
        self.stem, self.value = nn.Conv2d(3, 8, 1), nn.Linear(8, 8)
        self.offset, self.weight = nn.Linear(8, heads * places * 2), nn.Linear(8, heads * places)
        self.query = nn.Parameter(torch.randn(queries, 8))
        self.reference = nn.Parameter(torch.rand(queries, 2))
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        x = self.stem(x)
        n, c, h, w = x.shape
        value = self.value(x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(n * self.heads, -1, h, w)
        query = self.query + x.mean((2, 3)).unsqueeze(1)
        offset = self.offset(query).view(n, self.queries, self.heads, self.places, 2)
        place = 2 * (self.reference[:, None, None] + offset / 10) - 1
        place = place.transpose(1, 2).flatten(0, 1)
        weight = self.weight(query).view(n, self.queries, self.heads, self.places).softmax(-1)
        weight = weight.transpose(1, 2).flatten(0, 1).unsqueeze(1)
        seen = F.grid_sample(value, place, align_corners=False) * weight
        return self.head(seen.sum(-1).view(n, c, -1).mean(-1))
