/** Whether an entry of a config could change the arithmetic, judged by its name. */

import { lastOf } from '../../spec/dotted_path.ts';

/** The words of a name: `rope_scaling.longFactor` -> rope, scaling, long, factor. */
const wordsOf = (key: string): readonly string[] =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

const listed = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words of names of entries about training, files, tokens or programs, which change nothing in what is computed. */
const idleWords = listed(`
  dropout pdrop dropprob droppath layerdrop drop jitter initializer init std loss losses coef coeff dtype version
  architecture architectures impl cache path auto pretraining summary classifier label labels id2label label2id problem quantile gradient
  checkpoint checkpointing torch transformers flash sdpa kernels kernel_impl backend device compile compiled implementation
  epoch epochs lr learning warmup decay optimizer optim adam seed wandb log logging eval evaluation dataset batch grad
  save steps iters iterations iter source note name description author date license url file folder dir tokenizer
  parallelism pp tp tensor_parallel world keys return chunked_ffn torchscript revision commit comment
`);

const idleNames =
  /(^|_)(bos|eos|eod|pad|padding|sep|unk|mask|cls|img|image|audio|video|boi|eoi|boa|eoa|decoder_start|forced_\w+)(_token)?_(id|ids|idx|index)$|_token$|token_ids?$|^tokens?$|^model_type$|^is_encoder$|^use_mambapy$|padding_multiple|multiple_of|ffn_dim_multiplier|^output_(attentions|hidden_states|router_logits|scores)$|chunk_size_feed_forward|^tensor_parallel|^fused_|^use_fused|residual_in_fp32|^fp32_|_fp32$|upcast|^num_logits_to_keep$|^tp_plan|^ep_size$|_in_fp32$|sinusoid_cache/;

/** What could change what is computed, by any part of a name. */
const bearingWords = listed(`
  norm norms subln offset offsets unit plus sin cos dilation altup normalization normalize normalized layernorm rmsnorm ln rms eps epsilon act activation activations activ gelu silu swish
  swiglu geglu glu relu reglu sigmoid tanh softmax nonlinearity mlp ffn ff feed feedforward intermediate hidden inner fc
  rope rotary rot roformer theta base freq freqs frequency frequencies interleave interleaved pairing condense
  alibi pos position positions positional embed embedding embeddings embd emb sinusoidal relative absolute
  window windows sliding local global chunk chunks span context attend attention attn att self cross causal bidirectional prefix
  q k v qk kv qkv query queries key value values head heads group groups gqa mqa mla lora rank latent compress compressed
  scale scales scaled scaling scalar multiplier multipliers mult factor factors ratio alpha beta gamma temperature temp lambda
  lambdas mup percent percentage pct partial fraction part
  softcap softcapping softcaps capping cap clip clamp limit bound logit logits
  expert experts moe router routed routing gate gated gating topk top shared scoring score scores sparse dense capacity choice
  bias biases tie tied tying share shares weight weights
  residual resid skip stream parallel prenorm postnorm pre post sandwich before after first order reverse
  block blocks layer layers depth pattern types type kind kinds indices interval period every step schedule
  conv convolution kernel ssm state mamba recurrent recurrence rnn linear delta mixer memory mem sink sinks smear shift shifted
  token_shift mix mixing expansion expand rwkv retention hash engram ngram mtp
  encoder decoder seq2seq affine elementwise method mode variant quantization quant quantized bits
  dim size width length len vocab num n d
`);

export const idle = (key: string): boolean => {
  const name = lastOf(key).toLowerCase();
  return (
    name.startsWith('_name') || idleNames.test(name) || wordsOf(name).some((word) => idleWords.has(word))
  );
};

export const isBearing = (key: string): boolean => wordsOf(key).some((word) => bearingWords.has(word));
