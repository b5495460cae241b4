"""Writes test/fixtures/drafts/*: small random checkpoints of projects other than transformers, as these projects save
them, with the logits that their own code computes. `nanoc new --from-checkpoint` drafts specs of them in the tests.

Run by hand where litgpt, llms-from-scratch, x-transformers and torch are installed: python3 scripts/draft_fixtures.py [NAME ...]
Each folder holds the checkpoint, its config, and io.safetensors with tokens and logits.
"""

import dataclasses
import json
import pathlib
import sys

import torch
import yaml
from litgpt.config import Config
from litgpt.model import GPT
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "drafts"
ROWS, LENGTH, VOCAB = 2, 14, 53
SMALL = dict(n_layer=2, n_embd=16, block_size=32, vocab_size=VOCAB, padded_vocab_size=VOCAB, n_head=4, intermediate_size=24)

# What each name adds to litgpt's own config of that name.
LITGPT = {
    "pythia": ("pythia-160m", dict(head_size=8)),
    "falcon": ("falcon-7b", dict(n_query_groups=1)),
    "llama31": ("Llama-3.1-8B", dict(n_query_groups=2, rope_adjustments=dict(
        factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_seq_len=16))),
    "gemma2": ("Gemma-2-2b", dict(n_query_groups=2, head_size=6, attention_scores_scalar=10, sliding_window_size=5,
                                  sliding_window_indices=[1, 0], attention_logit_softcapping=5.0, final_logit_softcapping=3.0)),
    "gemma3": ("Gemma-3-1b-it", dict(n_query_groups=1, head_size=8, sliding_window_size=5, sliding_window_indices=[1, 0],
                                     rope_indices=[1, 0], rope_local_base_freq=100.0)),
    "mixtral": ("Mixtral-8x7B-v0.1", dict(n_query_groups=2, n_expert=3, n_expert_per_token=2)),
    "olmo2": ("OLMo-2-1124-7B", dict(n_query_groups=4)),
    "qwen3": ("Qwen3-0.6B", dict(n_query_groups=2, head_size=6)),
    "mistral": ("Mistral-7B-v0.1", dict(n_query_groups=2, sliding_window_size=5, sliding_window_indices=[1, 1])),
    "phi": ("phi-2", dict(head_size=8, rotary_percentage=0.5)),
    "yarn": ("Llama-3.1-8B", dict(n_query_groups=2, rope_adjustments=dict(
        factor=4.0, beta_fast=8.0, beta_slow=0.5, original_max_seq_len=16))),
    "latent": ("Llama-2-7b-hf", dict(latent_attention=dict(
        q_lora_rank=6, kv_lora_rank=6, qk_rope_head_dim=4, qk_nope_head_dim=4, v_head_dim=4))),
}


def randomised(model, seed, less_one=False):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:
                centre = 0.0 if less_one or "bias" in name or "shift" in name else 1.0
                p.copy_(centre + 0.2 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) * (0.5 if "emb" in name or "wte" in name else 1.3 / p.shape[-1] ** 0.5))
    return model.eval()


def put(name, model, seed, save, facts):
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    tokens = torch.randint(0, VOCAB, (ROWS, LENGTH), generator=torch.Generator().manual_seed(seed + 1))
    with torch.no_grad():
        logits = model(tokens).float()
    save(folder)
    save_file({"tokens": tokens, "logits": logits.contiguous()}, folder / "io.safetensors")
    (folder / "fixture.json").write_text(json.dumps({"name": name, **facts, "torch": torch.__version__, "seed": seed}, indent=2) + "\n")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: {size / 1000:.0f} kB, logits up to {logits.abs().max().item():.1f}")


def litgpt(name, seed):
    base, options = LITGPT[name]
    config = Config.from_name(base, **{**SMALL, **options})
    model = randomised(GPT(config), seed, less_one="Gemma" in config.name)

    def save(folder):
        torch.save(model.state_dict(), folder / "lit_model.pth")
        # As litgpt.utils.save_config does.
        (folder / "model_config.yaml").write_text(yaml.dump(dataclasses.asdict(config)))

    put(f"litgpt-{name}", model, seed, save, {"source": "litgpt", "config": base})


def safetensors(model, config):
    def save(folder):
        # A buffer shows how long a text may be, and is otherwise the same for every model.
        state = {k: v.contiguous() for k, v in model.state_dict().items()}
        save_file(state, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return save


def from_scratch(seed):
    from llms_from_scratch.ch04 import GPTModel
    from llms_from_scratch.llama3 import Llama3Model

    common = dict(vocab_size=VOCAB, context_length=32, emb_dim=16, n_heads=4, n_layers=2)
    config = dict(common, drop_rate=0.0, qkv_bias=True)
    model = randomised(GPTModel(config), seed)
    put("scratch-gpt", model, seed, safetensors(model, config), {"source": "rasbt/LLMs-from-scratch"})
    config = dict(common, hidden_dim=24, n_kv_groups=2, rope_base=10_000.0, rope_freq=None, dtype=torch.float32)
    model = randomised(Llama3Model(config), seed + 1)
    put("scratch-llama", model, seed + 1, safetensors(model, {**config, "dtype": "float32"}), {"source": "rasbt/LLMs-from-scratch"})


def x_transformers(seed):
    from x_transformers import Decoder, TransformerWrapper

    layers = dict(dim=16, depth=2, heads=2, attn_dim_head=32, rotary_pos_emb=True, ff_glu=True, use_rmsnorm=True)
    model = randomised(TransformerWrapper(num_tokens=VOCAB, max_seq_len=32, use_abs_pos_emb=False, attn_layers=Decoder(**layers)), seed)
    config = dict(num_tokens=VOCAB, max_seq_len=32, use_abs_pos_emb=False, attn_layers=layers)
    put("x-transformers", model, seed, safetensors(model, config), {"source": "lucidrains/x-transformers"})


wanted = sys.argv[1:]
for i, name in enumerate(LITGPT):
    if not wanted or name in wanted:
        litgpt(name, 700 + i)
if not wanted or "scratch" in wanted:
    from_scratch(720)
if not wanted or "x-transformers" in wanted:
    x_transformers(722)
