/** Names of activations in configs, and their expressions in the language; `$` stands for the argument. */

import type { Json } from '../../compiler/checkpoint/checkpoint.ts';
import { own } from '../../spec/own.ts';
import type { KnownFamily } from './families.ts';
import { assumedIf, type Draft, noOpenPoints } from './notes.ts';
import type { Sizes } from './sizes.ts';

const named = [
  'hidden_act',
  'hidden_activation',
  'activation_function',
  'activation',
  'mlp_hidden_act',
  'act_fn',
  'ffn_config.ffn_act_fn.name',
  'mlp_class_name',
  '_mlp_class',
];

/** Matches further names of entries for the activation. */
const another = /(^|_)(act|activation|activ|nonlinearity|non_linearity)(_|$)/i;
const ofOthers = /summary|checkpoint|router|expert_act_limit|dropout|quant/i;

interface Activation {
  readonly fn: string;
  /** Set when the name also tells whether there is a gate. */
  readonly gated?: boolean;
}

const activations: Readonly<Record<string, Activation>> = {
  silu: { fn: 'silu($)' },
  swish: { fn: 'silu($)' },
  swiglu: { fn: 'silu($)', gated: true },
  gelu: { fn: 'gelu($)' },
  gelu_python: { fn: 'gelu($)' },
  geglu: { fn: 'gelu($)', gated: true },
  gelu_new: { fn: 'gelu_tanh($)' },
  gelu_fast: { fn: 'gelu_tanh($)' },
  gelu_tanh: { fn: 'gelu_tanh($)' },
  gelu_pytorch_tanh: { fn: 'gelu_tanh($)' },
  relu: { fn: 'relu($)' },
  reglu: { fn: 'relu($)', gated: true },
  relu2: { fn: 'square(relu($))' },
  relu_squared: { fn: 'square(relu($))' },
  sigmoid: { fn: 'sigmoid($)' },
  tanh: { fn: 'tanh($)' },
  // The classes of litgpt.
  llamamlp: { fn: 'silu($)', gated: true },
  llamamoe: { fn: 'silu($)', gated: true },
  gemmamlp: { fn: 'gelu($)', gated: true },
  gptneoxmlp: { fn: 'gelu($)', gated: false },
};

const activationWords = (value: Json): Activation | undefined => {
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return own(activations, word);
};

export function activationOf(sizes: Sizes, family: KnownFamily): Draft['activation'] {
  const keys = [
    ...named,
    ...Object.entries(sizes.config).flatMap(([key, value]) =>
      another.test(key) && !ofOthers.test(key) && typeof value === 'string' ? key : [],
    ),
  ];
  return (gated) => {
    const said = sizes.look(keys);
    const known = said && activationWords(said.value);
    if (said && known && (known.gated ?? gated) === gated) {
      sizes.rely([said.key]);
      return { fn: approximated(sizes, known.fn), ...noOpenPoints };
    }
    if (!said && family.activation !== undefined && (family.gated ?? gated) === gated) {
      const fn = approximated(sizes, family.activation);
      return {
        fn,
        assumed: [`the activation is ${fn.replace('$', 'x')}, as in ${family.by} code`],
        lacks: [],
      };
    }
    const guess = gated ? 'silu' : 'gelu';
    if (!said && gated && family.sure)
      return {
        fn: `${guess}($)`,
        ...assumedIf(true, `the activation is ${guess}: no entry names one`, ''),
      };
    const what = said
      ? `what activation the config's ${said.key} = ${JSON.stringify(said.value)} means; ${guess} stands for it`
      : `which activation it is, as no entry names one; ${guess} stands for it`;
    if (said) sizes.find([said.key]);
    return { fn: `${guess}($)`, ...assumedIf(false, '', what) };
  };
}

/** `gelu_approximate` of litgpt and torch. */
function approximated(sizes: Sizes, fn: string): string {
  const how = sizes.look(['gelu_approximate', 'approximate'])?.value;
  if (how !== 'tanh' && how !== 'none') return fn;
  sizes.rely(['gelu_approximate', 'approximate']);
  return fn === 'gelu($)' && how === 'tanh' ? 'gelu_tanh($)' : fn;
}
