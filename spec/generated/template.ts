/** What `nanoc new` starts from. Written by `npm run generate`. */
export const template = `## template: what it is, and where its weights come from.
## A small GPT as most are built today: grouped heads, rotary positions, a gated feed-forward. Change what yours does otherwise.
model template {
  # Example values serve without a checkpoint; \`from\` says where a checkpoint's config has them.
  config {
    vocab    = 32000  from "vocab_size"
    context  = 2048   from "max_position_embeddings"
    layers   = 4      from "num_hidden_layers"
    heads    = 8      from "num_attention_heads"
    kv_heads = 2      from "num_key_value_heads" else heads
    dim      = 256    from "hidden_size"
    hidden   = 688    from "intermediate_size"
    eps      = 1e-5   from "rms_norm_eps"
    base     = 10_000 from "rope_theta" else 10_000
  }
  require heads % kv_heads == 0, "heads must be a multiple of kv_heads"
  head = dim / heads
  rope: Rotary(head, base=base, length=context)

  # Members carry the names that the checkpoint has: q_proj.weight is [heads * head, dim].
  block Attention {
    q_proj: Linear(dim, heads * head)
    k_proj: Linear(dim, kv_heads * head)
    v_proj: Linear(dim, kv_heads * head)
    o_proj: Linear(heads * head, dim)
    forward(x: [B, T, dim]) -> [B, T, dim] {
      q = rope(q_proj(x) as [B, T, heads, head])
      k = rope(k_proj(x) as [B, T, kv_heads, head])
      v = v_proj(x) as [B, T, kv_heads, head]
      k, v = cache(k, v)                                    # from here [B, P + T, kv_heads, head]
      return o_proj(attention(q, k, v) as [B, T, heads * head])
    }
  }

  block Mlp {
    gate_proj: Linear(dim, hidden)
    up_proj:   Linear(dim, hidden)
    down_proj: Linear(hidden, dim)
    forward(x) = down_proj(swiglu(gate_proj(x), up_proj(x)))
  }

  block Layer {
    input_layernorm:          RMSNorm(dim, eps)
    self_attn:                Attention
    post_attention_layernorm: RMSNorm(dim, eps)
    mlp:                      Mlp
    forward(x) {
      x = x + self_attn(input_layernorm(x))
      return x + mlp(post_attention_layernorm(x))
    }
  }

  model.embed_tokens:   Embedding(vocab, dim)
  model.layers[layers]: Layer
  model.norm:           RMSNorm(dim, eps)
  lm_head:              Linear(dim, vocab)

  forward(tokens: int64[B, T]) -> logits: [B, T, vocab] {
    x = model.embed_tokens(tokens)
    for layer in model.layers { x = layer(x) }
    return lm_head(model.norm(x))
  }
}
`;
