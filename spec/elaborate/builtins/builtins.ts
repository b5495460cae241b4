/** The built-in functions: a table of what each takes and does, and the call of one by its name. */

import { Bug } from '../../diagnostic.ts';
import { addedOp } from '../../ops/added.ts';
import { own } from '../../own.ts';
import { ofOneToken, type Site } from '../values/context.ts';
import type { GivenArgument, Invocation } from '../values/frame.ts';
import { poison, type Value } from '../values/value.ts';
import { addedBuiltin } from './added_op.ts';
import { matchArguments } from './arguments.ts';
import { attention } from './attention.ts';
import type { Builtin, BuiltinParameter } from './builtin.ts';
import { elementwise } from './builtin_elementwise.ts';
import { numbers } from './builtin_number.ts';
import { reductions } from './builtin_reduce.ts';
import { shapes } from './builtin_shape.ts';
import { weights } from './builtin_weights.ts';
import { cache } from './cache.ts';
import { rotaryDoc, rotaryParameters } from './rotary.ts';
import { scan } from './scan.ts';

/** Only a member can be a rotary table; called in a body, this says so. */
const rotary: Builtin = {
  doc: rotaryDoc,
  params: rotaryParameters,
  call: ({ site }) =>
    site.fail('N314', '`Rotary` is a member, not a function', {
      hint: 'rope: Rotary(head, length=n)',
    }),
};

/** The built-in functions, in the groups of LANGUAGE.md's table. */
export const builtins: Readonly<Record<string, Builtin>> = {
  ...elementwise,
  ...reductions,
  ...shapes,
  ...weights,
  attention,
  cache,
  scan,
  Rotary: rotary,
  ...numbers,
};

export const builtinNames: readonly string[] = Object.keys(builtins);

export const isBuiltin = (name: string): boolean =>
  Object.hasOwn(builtins, name) || addedOp(name) !== undefined;

/** As a reference writes it: `rms_norm(x, eps=2**-23)`, `concat(value, ..., axis=-1)`. */
export function signature(name: string): string {
  const { rest, params } = builtins[name]!;
  const said = ({ name: p, default: value }: BuiltinParameter) => (value === undefined ? p : `${p}=${value}`);
  return `${name}(${[...(rest ? ['value', '...'] : []), ...params.map(said)].join(', ')})`;
}

/** Calls the built-in `name`; an error is reported, and the result is poison. */
export function callBuiltin<V>(site: Site<V, Invocation<V>>, name: string): Value<V> {
  const { frame, node: call } = site;
  const builtin = own(builtins, name) ?? addedBuiltin(name);
  if (!builtin) throw new Bug(`no built-in named ${name}`);
  const { rest, others } = splitRest(builtin, call);
  const params = builtin.params.map((p) => ({ name: p.name, optional: p.default !== undefined }));
  const given = matchArguments(site.at({ ...call, args: others }), name, params);
  if (!given || call.args.some((a) => a.value.kind === 'poison')) return poison;
  if (frame.pairs && builtin.ofTokens) {
    return site.fail('N310', `\`${name}\` inside \`bias\` or \`visible\` mixes tokens`, {
      hint: 'these are functions of the order of two tokens alone',
    });
  }
  if (frame.stepping && builtin.ofTokens) return ofOneToken(site, `\`${name}\``);
  return builtin.call({ site, name, given, rest });
}

/** The values that may be any number, and the rest of the arguments. */
function splitRest<V>({ rest, params }: Builtin, { args }: Invocation<V>) {
  const isRest = ({ name }: GivenArgument<V>): boolean => {
    if (!name) return rest !== undefined;
    return rest === 'named' && !params.some((p) => p.name === name.text);
  };
  return { rest: args.filter(isRest), others: args.filter((a) => !isRest(a)) };
}
