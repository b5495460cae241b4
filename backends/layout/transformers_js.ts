/**
 * The folder that @huggingface/transformers opens (`pipeline('text-generation', folder)`): its config, the tokenizer, and
 * `onnx/model.onnx` under the suffix of its dtype. What of a config the library reads was found by running it (4.3.1):
 * `model_type` picks a class that runs any graph with these names, `num_hidden_layers` counts its past_key_values.
 */

import { fileName } from '../../compiler/bytes/paths.ts';
import { refuseUncarried } from './carries.ts';
import { jsonFile, type Layout, type LayoutInput, tokenizerFiles } from './layout.ts';
import { shapeFacts } from './shape_facts.ts';

const client = 'transformers.js';

/** The library's names of dtypes. They say what is computed in, so bfloat16, which is computed in float32, is `fp32`. */
const dtypeNames = { float32: 'fp32', bfloat16: 'fp32', float16: 'fp16' } as const;

export const transformers_js: Layout = {
  name: 'transformers.js',
  otherNames: ['hf', 'huggingface', 'transformers'],
  doc: 'folder that @huggingface/transformers opens in Node and in the browser',
  caches: ['dynamic'],
  statesAsLayers: true,
  padsUncached: true,
  // A page holds each file in one array, and those end at 2 GiB in some browsers.
  dataLimit: 2000,
  modelFolder: 'onnx',
  sign: 'config.json',
  wantsTokenizer: true,
  suffixes: { float16: '_fp16' },
  around(input) {
    const { manifest, tokenizer } = input;
    refuseUncarried(client, manifest);
    const storage = manifest.storage as keyof typeof dtypeNames; // the dtypes that --dtype offers
    return [
      jsonFile('config.json', config(input, dtypeNames[storage])),
      jsonFile('generation_config.json', generationConfig(input)),
      ...tokenizerFiles(tokenizer),
    ];
  },
};

function config({ manifest, graph, tokenizer, files, existing }: LayoutInput, dtype: string) {
  const { layers, heads, kvHeads, headSize, width } = shapeFacts(manifest, graph);
  // A further dtype of the same model: which files have data beside them is kept from the others.
  const beside = { ...besideOf(existing('config.json')), [fileName(files.at(-1)!.name)]: files.length - 1 };
  return {
    architectures: [/^nanochat/.test(manifest.model) ? 'NanoChatForCausalLM' : 'LlamaForCausalLM'],
    model_type: /^nanochat/.test(manifest.model) ? 'nanochat' : 'llama',
    vocab_size: manifest.vocab,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headSize,
    ...(manifest.context === undefined ? {} : { max_position_embeddings: manifest.context }),
    ...ids(tokenizer),
    use_cache: true,
    'transformers.js_config': { dtype, use_external_data_format: beside },
  };
}

function besideOf(text: string | undefined): Readonly<Record<string, number>> {
  try {
    const before = text === undefined ? undefined : JSON.parse(text)['transformers.js_config'];
    return before?.use_external_data_format ?? {};
  } catch {
    return {}; // whatever is there is overwritten
  }
}

const generationConfig = ({ tokenizer, manifest }: LayoutInput) => ({
  ...ids(tokenizer),
  ...(manifest.context === undefined ? {} : { max_length: manifest.context }),
});

/** Padding needs a token; the one that begins or ends a text is safe, since it is never part of one. */
function ids(tokenizer: LayoutInput['tokenizer']) {
  const { bos, stops = [] } = tokenizer ?? {};
  const pad = bos ?? stops[0];
  return {
    ...(bos === undefined ? {} : { bos_token_id: bos }),
    ...(stops.length === 0 ? {} : { eos_token_id: stops }),
    ...(pad === undefined ? {} : { pad_token_id: pad }),
  };
}
