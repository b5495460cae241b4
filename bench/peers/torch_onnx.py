"""Writes a nanochat of the first generation, random and with a cache, by torch.onnx.export: torch_onnx.py MODEL LAYERS DIM HEADS VOCAB"""

import sys

import torch
from torch import nn
from torch.nn import functional as F


def norm(x):
    return F.rms_norm(x, (x.size(-1),))


def rotated(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos + b * sin, b * cos - a * sin], dim=-1)


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(dim, 4 * dim, bias=False), nn.Linear(4 * dim, dim, bias=False)

    def forward(self, x, cos, sin, mask, past_k, past_v):
        batch, length, dim = x.shape
        split = lambda y: y.view(batch, length, self.heads, dim // self.heads).transpose(1, 2)
        h = norm(x)
        q, k = (norm(rotated(split(w(h)), cos, sin)) for w in (self.q, self.k))
        k, v = torch.cat([past_k, k], dim=2), torch.cat([past_v, split(self.v(h))], dim=2)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, dim))
        return x + self.down(F.relu(self.up(norm(x))).square()), k, v


class Model(nn.Module):
    def __init__(self, layers, dim, heads, vocab, context=2048):
        super().__init__()
        self.wte = nn.Embedding(vocab, dim)
        self.layers = nn.ModuleList(Layer(dim, heads) for _ in range(layers))
        self.head = nn.Linear(dim, vocab, bias=False)
        width = dim // heads
        angles = torch.outer(torch.arange(context).float(), 10000.0 ** (-torch.arange(0, width, 2).float() / width))
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, tokens, past):
        length, before = tokens.shape[1], past[0].shape[2]
        at = before + torch.arange(length)
        cos, sin = self.cos[at], self.sin[at]
        mask = torch.arange(before + length)[None, :] <= at[:, None]
        x = norm(self.wte(tokens))
        present = []
        for i, layer in enumerate(self.layers):
            x, k, v = layer(x, cos, sin, mask, past[2 * i], past[2 * i + 1])
            present += [k, v]
        return 15 * torch.tanh(self.head(norm(x)) / 15), *present


def main():
    path, (layers, dim, heads, vocab) = sys.argv[1], map(int, sys.argv[2:])
    torch.manual_seed(0)
    model = Model(layers, dim, heads, vocab).eval()
    past = [torch.randn(1, heads, 5, dim // heads) for _ in range(2 * layers)]
    tokens = torch.randint(0, vocab, (1, 3))
    torch.onnx.export(
        model,
        (tokens, past),
        path,
        dynamo=True,
        input_names=["tokens", *(f"past.{i}" for i in range(2 * layers))],
        output_names=["logits", *(f"present.{i}" for i in range(2 * layers))],
        dynamic_shapes=({1: torch.export.Dim("T")}, [{2: torch.export.Dim("P")} for _ in past]),
        external_data=True,
    )


main()
