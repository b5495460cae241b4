/**
 * The folder that onnxruntime-genai opens: `genai_config.json`, the model and the tokenizer side by side. Written by what its
 * sources read (0.16, August 2026); it was not run.
 */

import { layerNames, layerOf } from '../../compiler/ports/port_names.ts';
import { cannotCarry, refuseUncarried } from './carries.ts';
import { jsonFile, type Layout, type LayoutInput, tokenizerFiles } from './layout.ts';
import { shapeFacts } from './shape_facts.ts';

const client = 'onnxruntime-genai';

export const genai: Layout = {
  name: 'genai',
  doc: 'folder that onnxruntime-genai opens; written by its sources, not run',
  caches: ['dynamic'],
  statesAsLayers: false,
  padsUncached: true,
  modelFolder: '',
  sign: 'genai_config.json',
  wantsTokenizer: true,
  suffixes: {},
  around(input) {
    const { manifest, tokenizer } = input;
    refuseUncarried(client, manifest);
    refuseHalves(input);
    return [jsonFile('genai_config.json', config(input)), ...tokenizerFiles(tokenizer)];
  },
};

/** The client expects values for every layer that has keys. */
function refuseHalves({ manifest: { ports } }: LayoutInput): void {
  const names = new Set(ports.map((p) => p.input));
  for (const port of ports) {
    const { layer, half } = layerOf(port)!; // refused before
    const other = layerNames(layer, half === 'key' ? 'value' : 'key').input;
    if (!names.has(other))
      throw cannotCarry(client, `${port.input} without ${other}`, '--layout transformers.js carries it');
  }
}

function config({ manifest, graph, tokenizer, files }: LayoutInput) {
  const { layers, heads, kvHeads, headSize, width } = shapeFacts(manifest, graph);
  const has = (name: string): boolean => manifest.inputs.some((i) => i.name === name);
  const given = ['input_ids', 'attention_mask', 'position_ids'].filter(has);
  const { bos, stops = [] } = tokenizer ?? {};
  const context = manifest.context ?? 2048;
  const [key, value] = [layerNames('%d', 'key'), layerNames('%d', 'value')];
  return {
    model: {
      type: 'decoder',
      ...(bos === undefined ? {} : { bos_token_id: bos }),
      ...(stops.length === 0 ? {} : { eos_token_id: stops, pad_token_id: bos ?? stops[0] }),
      vocab_size: manifest.vocab,
      context_length: context,
      decoder: {
        session_options: { provider_options: [] },
        filename: files.at(-1)!.name,
        head_size: headSize,
        hidden_size: width,
        num_attention_heads: heads,
        num_key_value_heads: kvHeads,
        num_hidden_layers: layers,
        inputs: {
          ...Object.fromEntries(given.map((name) => [name, name])),
          past_key_names: key.input,
          past_value_names: value.input,
        },
        outputs: {
          logits: 'logits',
          present_key_names: key.output,
          present_value_names: value.output,
        },
      },
    },
    search: {
      ...{ do_sample: false, max_length: context, num_beams: 1, num_return_sequences: 1 },
      ...{ temperature: 1, top_k: 50, top_p: 1, repetition_penalty: 1, past_present_share_buffer: false },
    },
  };
}
