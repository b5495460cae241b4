"""Runs an archive after what people do to archives. JSON in: model, tokens. JSON out: how far logits move, by treatment."""

import io
import json
import sys
import warnings

warnings.filterwarnings("ignore")
import torch

torch._C._jit_set_profiling_executor(False)
asked = json.load(sys.stdin)
tokens = torch.tensor(asked["tokens"])
model = torch.jit.load(asked["model"]).eval()
static = any(a.name == "past_length" for a in model.forward.schema.arguments)
half = tokens.shape[1] // 2


def cache(dtype):
    """Frozen models have no other method than forward."""
    return [t.to(dtype) for t in model.new_cache(tokens.shape[0])]


def logits(of, tokens=tokens):
    """The first half of the text in one call, the rest in another."""
    past, parts = cache(of_dtype(of)), []
    for at, piece in ((0, tokens[:, :half]), (half, tokens[:, half:])):
        length = {"past_length": torch.tensor([at])} if static else {}
        out, past = of(piece, past, **length)
        parts.append(out.float())
    return torch.cat(parts, 1)


def of_dtype(of):
    return next((p.dtype for p in of.parameters()), torch.float32)


def saved(of):
    file = io.BytesIO()
    torch.jit.save(of, file)
    file.seek(0)
    return torch.jit.load(file)


def fresh():
    return torch.jit.load(asked["model"]).eval()


def apart(of, tokens=tokens):
    return (logits(of, tokens) - expected).abs().max().item()


with torch.no_grad():
    expected = logits(model)
    other = tokens.clone()
    other[:, 1] = (other[:, 1] + 1) % expected.shape[2]
    print(json.dumps({
        "saved": apart(saved(fresh())),
        "frozen": apart(torch.jit.freeze(fresh())),
        "optimised": apart(torch.jit.optimize_for_inference(fresh())),
        "bfloat16": apart(fresh().to(torch.bfloat16)),
        "another token": apart(fresh(), other),
    }))
