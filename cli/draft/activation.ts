/** What configs call activations, in the language's own terms; `$` stands for the argument. */

import { own } from '../../spec/own.ts';
import type { Known } from './families.ts';
import type { Draft } from './notes.ts';
import type { Sizes } from './sizes.ts';

export const activationKeys = [
  'hidden_act',
  'hidden_activation',
  'activation_function',
  'activation',
  'mlp_hidden_act',
  'act_fn',
];

const activations: Readonly<Record<string, string>> = {
  silu: 'silu($)',
  swish: 'silu($)',
  swiglu: 'silu($)',
  gelu: 'gelu($)',
  gelu_new: 'gelu_tanh($)',
  gelu_fast: 'gelu_tanh($)',
  gelu_pytorch_tanh: 'gelu_tanh($)',
  relu: 'relu($)',
  relu2: 'square(relu($))',
  relu_squared: 'square(relu($))',
  sigmoid: 'sigmoid($)',
  tanh: 'tanh($)',
};

export function activationOf(sizes: Sizes, family: Known): Draft['activation'] {
  return (gated) => {
    const said = sizes.find(activationKeys);
    const fn = typeof said?.value === 'string' ? own(activations, said.value) : undefined;
    if (fn !== undefined) return { fn, assumed: [] };
    if (!said && family.activation !== undefined) {
      const named = family.activation.replace('$', 'x');
      return { fn: family.activation, assumed: [`the activation is ${named}, as in ${family.by} code`] };
    }
    const guess = gated ? 'silu' : 'gelu';
    const why = said
      ? `${said.key} is ${JSON.stringify(said.value)}, which the draft does not know`
      : 'no entry names one';
    return { fn: `${guess}($)`, assumed: [`the activation is ${guess}: ${why}`] };
  };
}
