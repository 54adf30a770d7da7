"""Small networks on sounds, series and texts, in further forms that people write them."""

import torch
from torch import nn
from torch.nn import functional as F


class Conformer(nn.Module):
    """Half steps around attention and a gated depthwise convolution (Gulati et al. 2020)."""

    def __init__(self, classes=4, width=8):
        super().__init__()
        self.subsample = nn.Conv1d(5, width, 3, 2, 1)
        feed = lambda: nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU(), nn.Dropout(0.1),
            nn.Linear(2 * width, width))
        self.first, self.last = feed(), feed()
        self.norm_a, self.norm_c = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.pointwise1 = nn.Conv1d(width, 2 * width, 1)
        self.depthwise = nn.Conv1d(width, width, 5, padding=2, groups=width)
        self.bn = nn.BatchNorm1d(width)
        self.pointwise2 = nn.Conv1d(width, width, 1)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = F.relu(self.subsample(x.transpose(1, 2))).transpose(1, 2)
        x = x + 0.5 * self.first(x)
        a = self.norm_a(x)
        x = x + self.attention(a, a, a, need_weights=False)[0]
        c = F.glu(self.pointwise1(self.norm_c(x).transpose(1, 2)), dim=1)
        x = x + self.pointwise2(F.silu(self.bn(self.depthwise(c)))).transpose(1, 2)
        x = x + 0.5 * self.last(x)
        return self.head(self.norm(x).mean(1))


class WaveNet(nn.Module):
    """Causal dilated convolutions with gates and skips: a language model of samples."""

    def __init__(self, words=12, width=6):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.filters = nn.ModuleList([nn.Conv1d(width, 2 * width, 2, dilation=d) for d in (1, 2)])
        self.skips = nn.ModuleList([nn.Conv1d(width, width, 1) for _ in range(2)])
        self.out = nn.Conv1d(width, words, 1)

    def forward(self, tokens):
        x, total = self.embed(tokens).transpose(1, 2), 0
        for conv, skip in zip(self.filters, self.skips):
            a, b = conv(F.pad(x, (conv.dilation[0], 0))).chunk(2, 1)
            h = torch.tanh(a) * torch.sigmoid(b)
            total, x = total + skip(h), x + h
        return self.out(F.relu(total)).transpose(1, 2)


class SoundCNN(nn.Module):
    """A waveform: strided and circular convolutions, a learned pooling over time."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 6, 8, 4, bias=False)
        self.bn1 = nn.BatchNorm1d(6)
        self.conv2 = nn.Conv1d(6, 8, 3, padding=1, padding_mode="circular")
        self.conv3 = nn.Conv1d(8, 8, 3, padding=1, padding_mode="reflect")
        self.weigh = nn.Linear(8, 1)
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.gelu(self.conv3(F.gelu(self.conv2(x)))).transpose(1, 2)
        a = torch.softmax(self.weigh(x), 1)
        mean = (a * x).sum(1)
        spread = ((a * (x - mean.unsqueeze(1)).square()).sum(1) + 1e-5).sqrt()
        return self.fc(torch.cat([mean, spread], -1))


class SequenceFirst(nn.Module):
    """A recurrent layer with the examples on its second axis, its own start, and its last state."""

    def __init__(self, cell=nn.GRU, classes=5):
        super().__init__()
        self.embed = nn.Embedding(12, 6)
        self.rnn = cell(6, 5, bidirectional=True)
        self.head = nn.Linear(10, classes)

    def forward(self, tokens):
        x = self.embed(tokens).transpose(0, 1)
        _, state = self.rnn(x)
        h = state[0] if isinstance(state, tuple) else state
        return self.head(torch.cat([h[0], h[1]], -1))


class TimeFirst(nn.Module):
    """Everything with the examples on the second axis, the inputs too: a label for each time, or one."""

    def __init__(self, cell=nn.LSTM, classes=4, whole=False):
        super().__init__()
        self.rnn = cell(3, 6)
        self.head = nn.Linear(6, classes)
        self.whole = whole

    def forward(self, x):
        h, _ = self.rnn(x)
        return self.head(h[-1] if self.whole else h)


class TimeFirstWords(nn.Module):
    """Words with the examples on the second axis, through torch.nn.TransformerEncoder."""

    def __init__(self, classes=4, width=8):
        super().__init__()
        self.embed = nn.Embedding(12, width)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, 2, 16), 1, enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens):
        return self.head(self.encoder(self.embed(tokens)))


class AttentiveRecurrent(nn.Module):
    """A bidirectional recurrent layer of which attention with a mask makes one vector."""

    def __init__(self, classes=4):
        super().__init__()
        self.embed = nn.Embedding(12, 6, padding_idx=0)
        self.rnn = nn.LSTM(6, 5, bidirectional=True, batch_first=True, bias=False)
        self.weigh = nn.Linear(10, 1)
        self.head = nn.Linear(10, classes)

    def forward(self, tokens):
        h, _ = self.rnn(self.embed(tokens))
        score = self.weigh(torch.tanh(h)).squeeze(-1).masked_fill(tokens == 0, -1e4)
        return self.head(torch.bmm(torch.softmax(score, -1).unsqueeze(1), h).squeeze(1))


class UnrolledCell(nn.Module):
    """Recurrent cells in a loop of Python's."""

    def __init__(self, cell=nn.LSTMCell, classes=4):
        super().__init__()
        self.embed = nn.Embedding(12, 6)
        self.cell = cell(6, 5)
        self.head = nn.Linear(5, classes)

    def forward(self, tokens):
        x = self.embed(tokens)
        h = x.new_zeros(x.shape[0], 5)
        c = x.new_zeros(x.shape[0], 5)
        for t in range(x.shape[1]):
            if isinstance(self.cell, nn.LSTMCell):
                h, c = self.cell(x[:, t], (h, c))
            else:
                h = self.cell(x[:, t], h)
        return self.head(h)


class Translator(nn.Module):
    """torch.nn.Transformer: an encoder, a causal decoder with attention across."""

    def __init__(self, words=11, width=8, batch_first=True):
        super().__init__()
        self.batch_first = batch_first
        self.source, self.target = nn.Embedding(words, width), nn.Embedding(words, width)
        self.places = nn.Parameter(torch.randn(8, width) * 0.3)
        self.transformer = nn.Transformer(
            width, 2, 1, 1, 16, batch_first=batch_first, norm_first=True)
        self.out = nn.Linear(width, words)

    def forward(self, source, target):
        t = target.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(t)
        x = self.source(source) + self.places[: source.shape[1]]
        y = self.target(target) + self.places[:t]
        if self.batch_first:
            return self.out(self.transformer(x, y, tgt_mask=mask))
        h = self.transformer(x.transpose(0, 1), y.transpose(0, 1), tgt_mask=mask)
        return self.out(h).transpose(0, 1)


class PaddedEncoder(nn.Module):
    """torch.nn.TransformerEncoder with a mask of the padding, and a class token."""

    def __init__(self, classes=4, width=8):
        super().__init__()
        self.embed = nn.Embedding(12, width, padding_idx=0)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        layer = nn.TransformerEncoderLayer(
            width, 2, 16, batch_first=True, norm_first=True, activation="relu")
        self.encoder = nn.TransformerEncoder(
            layer, 1, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens):
        x = torch.cat([self.token.expand(tokens.shape[0], -1, -1), self.embed(tokens)], 1)
        padding = F.pad(tokens == 0, (1, 0), value=False)
        return self.head(self.encoder(x, src_key_padding_mask=padding)[:, 0])


class BagOfWords(nn.Module):
    """The mean of words' vectors by torch.nn.EmbeddingBag."""

    def __init__(self, classes=4, mode="mean"):
        super().__init__()
        self.bag = nn.EmbeddingBag(12, 6, mode=mode)
        self.fc = nn.Linear(6, classes)

    def forward(self, tokens):
        return self.fc(torch.tanh(self.bag(tokens)))


class Routed(nn.Module):
    """A sparse mixture of experts: the two best of three, with their weights made to sum to one."""

    def __init__(self, classes=5):
        super().__init__()
        self.gate = nn.Linear(8, 3)
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, 8)) for _ in range(3)])
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        weight, chosen = torch.topk(torch.softmax(self.gate(x), -1), 2)
        weight = weight / weight.sum(-1, keepdim=True)
        every = torch.stack([expert(x) for expert in self.experts], 1)
        picked = torch.gather(every, 1, chosen.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
        return self.head((weight.unsqueeze(-1) * picked).sum(1))


class RoutedByLayer(nn.Module):
    """Experts that see all examples and keep those that chose them, by a one-hot of the choice."""

    def __init__(self, classes=5):
        super().__init__()
        self.gate = nn.Linear(8, 3)
        self.experts = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        weight, chosen = torch.softmax(self.gate(x), -1).topk(2, dim=-1)
        taken = F.one_hot(chosen, 3).to(weight) * weight.unsqueeze(-1)
        total = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            total = total + taken[:, :, index].sum(-1, keepdim=True) * torch.relu(expert(x))
        return self.head(total)


class Graph(nn.Module):
    """Two rounds of messages along the edges that each example brings (Kipf and Welling 2017)."""

    def __init__(self, classes=3):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 6)
        self.head = nn.Linear(6, classes)

    def forward(self, nodes, edges):
        a = edges + torch.eye(edges.shape[-1])
        degree = a.sum(-1)
        a = a * degree.rsqrt().unsqueeze(-1) * degree.rsqrt().unsqueeze(-2)
        h = F.relu(a @ self.fc1(nodes))
        h = F.relu(torch.baddbmm(self.fc2.bias.view(1, 1, -1), a, h @ self.fc2.weight.t()))
        return self.head(h.max(dim=1).values)


class GraphAttention(nn.Module):
    """Attention over the edges into each node (Velickovic et al. 2018), as libraries of graphs scatter it:
    along edges that each example brings, then along fixed ones, which are pooled by extremes with ties."""

    def __init__(self, classes=3, width=6, count=5):
        super().__init__()
        self.count = count
        self.register_buffer("fixed", torch.tensor([[0, 1, 2, 3, 4, 0, 2], [1, 2, 3, 4, 0, 3, 0]]))
        self.first, self.second = nn.Linear(4, width), nn.Linear(width, width)
        self.score_first, self.score_second = nn.Linear(2 * width, 1), nn.Linear(2 * width, 1)
        self.head = nn.Linear(2 * width, classes)

    def attend(self, h, score, edges):
        source, target = edges[:, 0], edges[:, 1]
        wide = lambda places: places.unsqueeze(-1).expand(-1, -1, h.shape[-1])
        sent = h.gather(1, wide(source))
        e = F.leaky_relu(score(torch.cat([sent, h.gather(1, wide(target))], -1)).squeeze(-1), 0.2)
        none = e.new_zeros(e.shape[0], self.count)
        largest = none.scatter_reduce(1, target, e, "amax", include_self=False)
        weight = (e - largest.gather(1, target)).exp()
        total = none.scatter_add(1, target, weight)
        messages = sent * (weight / total.gather(1, target)).unsqueeze(-1)
        return messages, wide(target)

    def forward(self, nodes, edges):
        messages, target = self.attend(self.first(nodes), self.score_first, edges)
        nothing = messages.new_zeros(messages.shape[0], self.count, messages.shape[-1])
        h = F.relu(nothing.scatter_add(1, target, messages))
        messages, target = self.attend(
            self.second(h), self.score_second, self.fixed.expand(h.shape[0], -1, -1))
        messages = F.relu(messages)
        high = h.scatter_reduce(1, target, messages, "amax")
        low = (h + 1).scatter_reduce(1, target, messages, "amin", include_self=False)
        product = (h + 0.5).scatter_reduce(1, target, 1 + messages, "prod")
        return self.head(torch.cat([high + low, product], -1).mean(1))


class Retention(nn.Module):
    """Linear attention with decay: running sums along the sequence, of logarithms for products."""

    def __init__(self, words=11, width=8):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.qkv = nn.Linear(width, 3 * width)
        self.decay = nn.Linear(width, width)
        self.out = nn.Linear(width, words)

    def forward(self, tokens):
        x = self.embed(tokens)
        q, k, v = self.qkv(x).chunk(3, -1)
        k = F.elu(k) + 1
        total = torch.cumsum(k * v, 1) / torch.cumsum(k, 1)
        kept = torch.exp(torch.cumsum(F.logsigmoid(self.decay(x)), 1))
        return self.out(torch.sigmoid(q) * total * kept)
