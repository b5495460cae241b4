"""What LibTorch sees in archives. JSON in: a list of paths. JSON out: for each its keys, shared tensors, operators and code."""

import json
import sys
import warnings

warnings.filterwarnings("ignore")
import torch


def nodes(block):
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes(inner)


def operators(model):
    graphs = [model.inlined_graph] + [getattr(model, m).inlined_graph for m in ("new_cache",) if hasattr(model, m)]
    return sorted({n.kind() for g in graphs for n in nodes(g)})


def look(path):
    extra = {"nanoc.json": ""}
    model = torch.jit.load(path, _extra_files=extra)
    state = model.state_dict()
    first = {}
    for name, tensor in state.items():
        first.setdefault(tensor.data_ptr() if tensor.numel() else name, name)
    return {
        "keys": {name: [str(t.dtype).replace("torch.", ""), list(t.shape)] for name, t in state.items()},
        "shared": {n: first[t.data_ptr()] for n, t in state.items() if t.numel() and first[t.data_ptr()] != n},
        "parameters": [name for name, _ in model.named_parameters()],
        "trained": any(p.requires_grad for p in model.parameters()),
        "buffers": [name for name, _ in model.named_buffers()],
        "operators": operators(model),
        "schema": str(model.forward.schema),
        "manifest": json.loads(extra["nanoc.json"])["model"],
        "printed": str(model),
        "code": model.code,
    }


print(json.dumps([look(path) for path in json.load(sys.stdin)]))
