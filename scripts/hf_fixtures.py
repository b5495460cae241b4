"""Writes test/fixtures/golden/hf-* (families with a spec) and test/fixtures/unshipped/hf-* (those without one): small
random models of the transformers library with the logits it computes.

Run by hand where torch and transformers are installed: python3 scripts/hf_fixtures.py [FAMILY ...]
Each folder is what `save_pretrained` writes, and io.safetensors with the tokens, the logits of the whole text, a prompt,
the greedy continuation and the logits of each step, computed with the library's own cache.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers import CONFIG_MAPPING

ROOT = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures"
ROWS, LENGTH, PROMPT, STEPS = 2, 40, 9, 8

COMMON = dict(vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT = {**COMMON, "num_key_value_heads": None}


def kind(n, every, a="sliding_attention", b="full_attention"):
    return [b if i % every == every - 1 else a for i in range(n)]


FAMILIES = {
    "gpt2": ("gpt2", dict(vocab_size=97, n_positions=64, n_embd=32, n_layer=3, n_head=4, bos_token_id=1, eos_token_id=2)),
    "llama": ("llama", dict(COMMON, rope_theta=500000.0, tie_word_embeddings=True, rope_scaling=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16))),
    "mistral": ("mistral", dict(COMMON, head_dim=12, sliding_window=7, tie_word_embeddings=False)),
    "qwen3": ("qwen3", dict(COMMON, head_dim=12, tie_word_embeddings=True, rope_theta=1000000.0)),
    "gemma2": ("gemma2", dict(COMMON, head_dim=12, query_pre_attn_scalar=10, sliding_window=6, num_hidden_layers=4,
                              attn_logit_softcapping=5.0, final_logit_softcapping=3.0)),
    "gemma3": ("gemma3_text", dict(COMMON, head_dim=12, query_pre_attn_scalar=10, sliding_window=6, num_hidden_layers=4,
                                   layer_types=kind(4, 3))),
    "phi3": ("phi3", dict(COMMON, hidden_size=48, partial_rotary_factor=0.5, tie_word_embeddings=False,
                          sliding_window=None, original_max_position_embeddings=64)),
    "olmo2": ("olmo2", dict(COMMON, num_key_value_heads=2, tie_word_embeddings=False)),
    "gpt_neox": ("gpt_neox", dict(GPT, rotary_pct=0.25, hidden_size=64, intermediate_size=80, tie_word_embeddings=False)),
    "falcon": ("falcon", dict(vocab_size=97, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
                              multi_query=True, parallel_attn=True, bias=False, alibi=False, new_decoder_architecture=False,
                              max_position_embeddings=64, bos_token_id=1, eos_token_id=2)),
    "stablelm": ("stablelm", dict(COMMON, partial_rotary_factor=0.5, use_qkv_bias=True, tie_word_embeddings=False)),
    "mpt": ("mpt", dict(vocab_size=97, d_model=36, n_heads=6, n_layers=3, max_seq_len=64, expansion_ratio=2,
                        attn_config=dict(alibi=True, clip_qkv=1.5))),
    "bloom": ("bloom", dict(vocab_size=97, hidden_size=36, n_head=6, n_layer=3, bos_token_id=1, eos_token_id=2)),
    "mixtral": ("mixtral", dict(COMMON, num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False)),
    "qwen3_moe": ("qwen3_moe", dict(COMMON, head_dim=12, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=20,
                                    norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[1], tie_word_embeddings=False)),
    "deepseek_v2": ("deepseek_v2", dict(COMMON, num_key_value_heads=4, kv_lora_rank=10, q_lora_rank=None, qk_nope_head_dim=8,
                                        qk_rope_head_dim=4, v_head_dim=6, n_routed_experts=4, n_shared_experts=1,
                                        num_experts_per_tok=2, moe_intermediate_size=16, first_k_dense_replace=1,
                                        topk_method="greedy", tie_word_embeddings=False)),
    "gpt_oss": ("gpt_oss", dict(COMMON, head_dim=8, sliding_window=6, num_local_experts=4, num_experts_per_tok=2,
                                num_hidden_layers=4, tie_word_embeddings=False, rope_scaling=dict(
                                    rope_type="yarn", factor=4.0, beta_fast=32.0, beta_slow=1.0, truncate=False,
                                    original_max_position_embeddings=16))),
}

YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=8.0, beta_slow=0.5)

LONG = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3], long_factor=[1.0, 2.5, 6.0])


# A state space layer multiplies activations by each other: the library in float32 is itself 6e-5 from what it gives in float64.
ATOL = {"mamba": 3e-4}


def variant(family, **options):
    return FAMILIES[family][0], {**FAMILIES[family][1], **options}


FAMILIES |= {
    "falcon_grouped": variant("falcon", new_decoder_architecture=True, num_kv_heads=2, bias=True),
    "mixtral_window": variant("mixtral", sliding_window=7, tie_word_embeddings=True, num_local_experts=3),
    "deepseek_v2_yarn": variant("deepseek_v2", q_lora_rank=12, qk_rope_head_dim=8, topk_method="group_limited_greedy",
                                n_group=2, topk_group=1, routed_scaling_factor=2.5,
                                rope_scaling=dict(YARN, mscale=0.7, mscale_all_dim=0.9)),
    "gpt_oss_truncated": variant("gpt_oss", head_dim=16, num_hidden_layers=2, num_local_experts=3,
                                 rope_scaling=dict(YARN, truncate=True)),
    "mamba": ("mamba", dict(vocab_size=97, hidden_size=32, state_size=5, num_hidden_layers=3, intermediate_size=64, expand=2,
                            conv_kernel=4, time_step_rank=6, bos_token_id=1, eos_token_id=2)),
}


FAMILIES |= {
    "qwen2": ("qwen2", dict(COMMON, tie_word_embeddings=False)),
    "phi": ("phi", dict(COMMON, tie_word_embeddings=False, partial_rotary_factor=0.5)),
    "olmo3": ("olmo3", dict(COMMON, num_hidden_layers=4, tie_word_embeddings=False, sliding_window=6)),
    "qwen2_moe": ("qwen2_moe", dict(COMMON, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=20,
                                    shared_expert_intermediate_size=28, tie_word_embeddings=False)),
    "granite": ("granite", dict(COMMON, tie_word_embeddings=True, embedding_multiplier=3.0, residual_multiplier=0.5,
                                attention_multiplier=0.2, logits_scaling=2.0)),
    "qwen2_yarn": ("qwen2", dict(COMMON, tie_word_embeddings=True, use_sliding_window=True, sliding_window=6, max_window_layers=1,
                                 rope_scaling=YARN)),
    "gemma": ("gemma", dict(COMMON, head_dim=12, tie_word_embeddings=True)),
    "smollm3": ("smollm3", dict(COMMON, num_hidden_layers=4, tie_word_embeddings=True, no_rope_layer_interval=3)),
    "phi3_long": variant("phi3", original_max_position_embeddings=8, rope_parameters=LONG),
    "phi3_short": variant("phi3", original_max_position_embeddings=48, rope_parameters=LONG),
    "stablelm_12b": variant("stablelm", qk_layernorm=True, use_parallel_residual=True, use_qkv_bias=False),
    "qwen3_yarn": variant("qwen3", rope_scaling=dict(YARN, attention_factor=1.3)),
    "lfm2": ("lfm2", dict(COMMON, full_attn_idxs=[1, 3], num_hidden_layers=4, block_multiple_of=8)),
    "lfm2_biased": ("lfm2", dict(COMMON, layer_types=kind(3, 2, "conv"), conv_L_cache=4, conv_bias=True, tie_word_embeddings=False,
                                 block_auto_adjust_ff_dim=False)),
    "starcoder2": ("starcoder2", dict(COMMON, sliding_window=7, tie_word_embeddings=False)),
    "cohere": ("cohere", dict(COMMON, logit_scale=0.5, tie_word_embeddings=True)),
    "cohere_normed": ("cohere", dict(COMMON, logit_scale=0.5, use_qk_norm=True, tie_word_embeddings=True)),
    "cohere2": ("cohere2", dict(COMMON, num_hidden_layers=4, logit_scale=0.5, sliding_window=6, tie_word_embeddings=True,
                                layer_types=kind(4, 2))),
    "olmo3_yarn": ("olmo3", dict(COMMON, num_hidden_layers=2, layer_types=kind(2, 2), tie_word_embeddings=True, sliding_window=6,
                                 rope_scaling=YARN)),
    "arcee": ("arcee", dict(COMMON, tie_word_embeddings=False)),
    "gpt_bigcode": ("gpt_bigcode", dict(vocab_size=97, n_positions=64, n_embd=32, n_layer=3, n_head=4, n_inner=80,
                                        bos_token_id=1, eos_token_id=2)),
    "persimmon": ("persimmon", dict(COMMON, num_key_value_heads=None, tie_word_embeddings=False)),
    "qwen3_5": ("qwen3_5_text", dict(COMMON, head_dim=12, tie_word_embeddings=True, layer_types=kind(3, 2, "linear_attention"),
                                     partial_rotary_factor=0.5, linear_num_key_heads=2, linear_num_value_heads=6,
                                     linear_key_head_dim=6, linear_value_head_dim=8, linear_conv_kernel_dim=3, rms_norm_eps=1e-3)),
    "glm4": ("glm4", dict(COMMON, head_dim=12, partial_rotary_factor=0.5, attention_bias=True, tie_word_embeddings=False)),
    "gptj": ("gptj", dict(vocab_size=97, n_positions=64, n_embd=32, n_layer=3, n_head=2, n_inner=56, rotary_dim=6,
                          bos_token_id=1, eos_token_id=2)),
    "exaone4": ("exaone4", dict(COMMON, num_hidden_layers=4, head_dim=12, sliding_window=6, sliding_window_pattern=3,
                                tie_word_embeddings=False, rope_scaling=FAMILIES["llama"][1]["rope_scaling"])),
    "exaone4_full": ("exaone4", dict(COMMON, num_hidden_layers=2, sliding_window=None, layer_types=["full_attention"] * 2,
                                     tie_word_embeddings=True)),
    "nemotron": ("nemotron", dict(COMMON, head_dim=12, partial_rotary_factor=0.5, tie_word_embeddings=False)),
    "hunyuan_v1_dense": ("hunyuan_v1_dense", dict(COMMON, head_dim=12, tie_word_embeddings=True, rope_scaling=dict(
        type="dynamic", rope_type="dynamic", alpha=1000.0, factor=1.0))),
    "opt": ("opt", dict(vocab_size=97, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, ffn_dim=48,
                        max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)),
    "helium": ("helium", dict(COMMON, head_dim=8, tie_word_embeddings=False)),
    "gpt_neo": ("gpt_neo", dict(vocab_size=97, hidden_size=32, num_layers=3, num_heads=4, intermediate_size=72, window_size=6,
                                attention_types=[[["local", "global"], 1], [["local"], 1]], max_position_embeddings=64,
                                bos_token_id=1, eos_token_id=2)),
}

FAMILIES |= {
    "opt_350m": variant("opt", do_layer_norm_before=False, word_embed_proj_dim=20),
    "deepseek_v3": ("deepseek_v3", dict(COMMON, num_key_value_heads=4, num_hidden_layers=2, kv_lora_rank=10, q_lora_rank=12,
                                        qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=6, n_routed_experts=6, n_shared_experts=1,
                                        num_experts_per_tok=2, moe_intermediate_size=16, first_k_dense_replace=1, n_group=2,
                                        topk_group=1, routed_scaling_factor=1.5, tie_word_embeddings=False,
                                        rope_scaling=dict(YARN, mscale=0.7, mscale_all_dim=0.9))),
    "deepseek_v3_plain": ("deepseek_v3", dict(COMMON, num_key_value_heads=4, num_hidden_layers=2, kv_lora_rank=10, q_lora_rank=None,
                                              qk_nope_head_dim=8, qk_rope_head_dim=4, v_head_dim=6, n_routed_experts=4,
                                              n_shared_experts=2, num_experts_per_tok=2, moe_intermediate_size=16,
                                              first_k_dense_replace=1, n_group=1, topk_group=1, norm_topk_prob=False,
                                              tie_word_embeddings=False)),
    "recurrent_gemma": ("recurrent_gemma", dict(COMMON, num_key_value_heads=1, intermediate_size=88, attention_window_size=6,
                                                lru_width=40, conv1d_width=3, block_types=["recurrent", "attention"])),
    "seed_oss": ("seed_oss", dict(COMMON, head_dim=12, attention_out_bias=True, tie_word_embeddings=False)),
}

# No spec of ours: what `nanoc new --from-checkpoint` makes of them is tested.
UNSHIPPED = {"arcee", "gpt_bigcode", "persimmon", "qwen2_moe"}


# Where a recurrence amplifies, matrices of the others' size would put float32 itself too far from float64.
SCALE = {"qwen3_5": 0.7, "recurrent_gemma": 1.0}

# Its cache takes the state to be as wide as the model and is not handed back: each step computes the whole text.
CACHELESS = {"recurrent_gemma"}


def randomised(model, seed, scale):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:
                centre = 0.0 if "bias" in name or "sink" in name or is_less_one(model, name) else 1.0
                p.copy_(centre + 0.2 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) * (scale / p.shape[-1] ** 0.5 if "embed" not in name and "wte" not in name else 0.5))
        for name, b in model.named_buffers():
            if "correction_bias" in name:
                b.copy_(0.2 * torch.randn_like(b))
    return model


def is_less_one(model, name):
    less_one = model.config.model_type.startswith(("gemma", "nemotron", "qwen3_5", "recurrent_gemma"))
    return less_one and "norm" in name and "linear_attn" not in name


def kept(out):
    """What the library wants back from the call before."""
    return {name: out[name] for name in ("past_key_values", "cache_params") if out.get(name) is not None}


def make(family, seed):
    model_type, options = FAMILIES[family]
    config = CONFIG_MAPPING[model_type](**{k: v for k, v in options.items() if v is not None or k == "sliding_window" or k == "q_lora_rank"})
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = randomised(AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval(), seed, SCALE.get(family, 1.3))
    folder = ROOT / ("unshipped" if family in UNSHIPPED else "golden") / f"hf-{family.replace('_', '-')}"
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    for extra in folder.glob("generation_config.json"):
        extra.unlink()
    generator = torch.Generator().manual_seed(seed + 1)
    tokens = torch.randint(0, config.vocab_size, (ROWS, LENGTH), generator=generator)
    prompt = torch.randint(0, config.vocab_size, (ROWS, PROMPT), generator=generator)
    with torch.no_grad():
        logits = model(tokens, use_cache=False).logits.float()
        cached = family not in CACHELESS
        out = model(prompt, use_cache=cached)
        generated, steps = [], []
        for _ in range(STEPS):
            last = out.logits[:, -1].float()
            steps.append(last)
            generated.append(last.argmax(-1))
            text = torch.cat([prompt, *(g[:, None] for g in generated)], 1)
            out = model(text[:, -1:] if cached else text, **kept(out), use_cache=cached)
    step_logits = torch.stack(steps, 1)
    top = step_logits.topk(2, -1).values
    save_file({"tokens": tokens, "logits": logits.contiguous(), "prompt": prompt, "generated": torch.stack(generated, 1),
               "step_logits": step_logits.contiguous()}, folder / "io.safetensors")
    fixture = {
        "name": folder.name,
        "source": "transformers",
        "version": transformers.__version__,
        "torch": torch.__version__,
        "seed": seed,
        "tolerance": {"atol_float32": ATOL.get(family, 1e-4)},
        "measured": {"logits_absmax": logits.abs().max().item(), "greedy_min_top2_gap": (top[..., 0] - top[..., 1]).min().item()},
    }
    (folder / "fixture.json").write_text(json.dumps(fixture, indent=2) + "\n")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{folder.name}: {size / 1000:.0f} kB, {fixture['measured']}")


for i, family in enumerate(FAMILIES):
    if len(sys.argv) == 1 or family in sys.argv[1:]:
        make(family, 100 + i)
