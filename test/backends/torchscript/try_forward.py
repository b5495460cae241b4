"""Calls an archive as C++ would. JSON in: model, tokens. JSON out: how far apart results are that must be the same, or must not."""

import json
import sys
import warnings

warnings.filterwarnings("ignore")
import torch

torch._C._jit_set_profiling_executor(False)
asked = json.load(sys.stdin)
tokens = torch.tensor(asked["tokens"])
batch, length = tokens.shape
model = torch.jit.load(asked["model"]).eval()
static = any(a.name == "past_length" for a in model.forward.schema.arguments)
pads = torch.ones(batch, length, dtype=torch.long)
pads[0, :2] = 0


def call(past, piece, at, mask=None, positions=None):
    options = {"past_length": torch.tensor([at])} if static else {}
    if mask is not None and static:
        mask = torch.nn.functional.pad(mask, (0, past[0].shape[2] - mask.shape[1]))
    return model(piece, past, attention_mask=mask, position_ids=positions, **options)


def apart(a, b):
    return (a - b).abs().max().item()


with torch.no_grad():
    count = torch.arange(length).expand(batch, -1)
    plain, _ = call(model.new_cache(batch), tokens, 0)
    told, _ = call(model.new_cache(batch), tokens, 0, torch.ones_like(pads), count)
    padded, _ = call(model.new_cache(batch), tokens, 0, pads)
    placed, _ = call(model.new_cache(batch), tokens, 0, pads, (pads.cumsum(1) - 1).clamp(min=0))
    alone, _ = call(model.new_cache(1), tokens[:1, 2:], 0)

    mine = model.new_cache(batch)
    places = [t.data_ptr() for t in mine]
    first, kept = call(mine, tokens[:, :-1], 0)
    second, kept = call(kept, tokens[:, -1:], length - 1)
    print(json.dumps({
        "defaults": apart(plain, told),
        "positions of a padded text": apart(padded[:, 2:], placed[:, 2:]),
        "pads are not seen": apart(padded[:1, 2:], alone),
        "pads matter": apart(padded[:1, 2:], plain[:1, 2:]),
        "one step more": apart(second[:, 0], plain[:, -1]),
        "buffers stay in place": places == [t.data_ptr() for t in kept],
        "finite": bool(torch.isfinite(padded).all()),
        "cache": [[str(t.dtype).replace("torch.", ""), list(t.shape)] for t in model.new_cache(batch)],
        "half cache": sorted({str(t.dtype) for t in model.to(torch.bfloat16).new_cache(1)}),
    }))
