"""Small networks on sequences, from torch.nn's own layers."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Recurrent(nn.Module):
    """The last state of LSTM, GRU or RNN classifies."""

    def __init__(self, cell, classes=5, **options):
        super().__init__()
        self.embed = nn.Embedding(12, 8)
        self.rnn = cell(8, 7, batch_first=True, **options)
        self.head = nn.Linear(7 * (2 if options.get("bidirectional") else 1), classes)

    def forward(self, tokens):
        h, _ = self.rnn(self.embed(tokens))
        return self.head(h[:, -1])


class RecurrentLanguage(nn.Module):
    """A language model on an LSTM whose output embedding is its input's."""

    def __init__(self, words=11, width=8):
        super().__init__()
        self.encoder = nn.Embedding(words, width)
        self.rnn = nn.LSTM(width, width, batch_first=True)
        self.decoder = nn.Linear(width, words)
        self.decoder.weight = self.encoder.weight

    def forward(self, tokens):
        return self.decoder(self.rnn(self.encoder(tokens))[0])


class Attentive(nn.Module):
    """torch.nn.MultiheadAttention with a query of its own."""

    def __init__(self, classes=4):
        super().__init__()
        self.embed = nn.Linear(5, 8)
        self.query = nn.Parameter(torch.randn(1, 1, 8) * 0.5)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        h = self.embed(x)
        q = self.query.expand(x.shape[0], -1, -1)
        a, _ = self.attention(q, h, h, need_weights=False)
        return self.head(self.norm(a[:, 0]))


class Encoder(nn.Module):
    """torch.nn.TransformerEncoder over positions in sines, mean pooled."""

    def __init__(self, classes=4, width=8):
        super().__init__()
        self.embed = nn.Embedding(12, width)
        layer = nn.TransformerEncoderLayer(width, 2, 16, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)
        position = torch.arange(16).unsqueeze(1)
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        table = torch.zeros(16, width)
        table[:, 0::2], table[:, 1::2] = torch.sin(position * rates), torch.cos(position * rates)
        self.register_buffer("table", table)

    def forward(self, tokens):
        h = self.embed(tokens) + self.table[: tokens.shape[1]]
        return self.head(self.encoder(h).mean(1))


class TextCNN(nn.Module):
    """Convolutions of several widths over words (Kim 2014)."""

    def __init__(self, classes=4):
        super().__init__()
        self.embed = nn.Embedding(20, 8, padding_idx=0)
        self.convs = nn.ModuleList([nn.Conv1d(8, 5, k) for k in (2, 3, 4)])
        self.head = nn.Linear(15, classes)

    def forward(self, tokens):
        x = self.embed(tokens).transpose(1, 2)
        return self.head(torch.cat([F.relu(c(x)).amax(-1) for c in self.convs], 1))


class NanoGPT(nn.Module):
    """Attention written out with a causal mask in a buffer, as tutorials do."""

    def __init__(self, words=13, width=12, heads=3, length=10):
        super().__init__()
        self.heads = heads
        self.wte = nn.Embedding(words, width)
        self.wpe = nn.Embedding(length, width)
        self.ln_1 = nn.LayerNorm(width)
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.ln_2 = nn.LayerNorm(width)
        self.fc = nn.Linear(width, 4 * width)
        self.proj = nn.Linear(4 * width, width)
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, words, bias=False)
        self.lm_head.weight = self.wte.weight
        self.register_buffer("bias", torch.tril(torch.ones(length, length)).view(1, 1, length, length))

    def forward(self, idx):
        n, t = idx.size()
        x = self.wte(idx) + self.wpe(torch.arange(t, device=idx.device))
        q, k, v = self.c_attn(self.ln_1(x)).split(x.size(2), dim=2)
        q, k, v = (a.view(n, t, self.heads, -1).transpose(1, 2) for a in (q, k, v))
        a = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        a = F.softmax(a.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf")), dim=-1)
        x = x + self.c_proj((a @ v).transpose(1, 2).contiguous().view(n, t, -1))
        x = x + self.proj(F.gelu(self.fc(self.ln_2(x)), approximate="tanh"))
        return self.lm_head(self.ln_f(x))


class DiagonalStateSpace(nn.Module):
    """A linear recurrence with real diagonal states, unrolled over the sequence."""

    def __init__(self, classes=4, width=6):
        super().__init__()
        self.inward = nn.Linear(3, width)
        self.decay = nn.Parameter(torch.linspace(-1, 2, width))
        self.out = nn.Linear(width, classes)

    def forward(self, x):
        x = self.inward(x)
        state = torch.zeros_like(x[:, 0])
        for t in range(x.shape[1]):
            state = torch.sigmoid(self.decay) * state + x[:, t]
        return self.out(torch.tanh(state))


class Squares(nn.Module):
    """Square matrices of every kind, whose transposition no shape tells."""

    def __init__(self, classes=4, width=5):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width, bias=False)])
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.weight = nn.Parameter(torch.randn(width, width) * 0.3)
        self.net = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width))
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        for layer, norm in zip(self.layers, self.norms):
            x = x + torch.tanh(norm(layer(x)))
        return self.head(self.net(x @ self.weight).mean(1))
