/** Matches the arguments of a call with parameters: by place first, then by name. */

import type { Code } from '../../codes.ts';
import { didYouMean } from '../../nearest.ts';
import type { Span } from '../../source.ts';
import type { Site } from '../values/context.ts';
import type { GivenArgument, Invocation } from '../values/frame.ts';

export interface Parameter {
  readonly name: string;
  readonly optional?: boolean;
}

interface Hint {
  readonly hint?: string;
}

/** Each argument under its parameter's name; undefined after a report. `what` is the name of what is called. */
export function matchArguments<V>(
  site: Site<V, Invocation<V>>,
  what: string,
  params: readonly Parameter[],
): ReadonlyMap<string, GivenArgument<V>> | undefined {
  const { node: call } = site;
  const found = new Map<string, GivenArgument<V>>();
  let sound = true;
  const wrong = (at: { readonly span: Span }, code: Code, message: string, extra: Hint = {}): void => {
    site.at(at).fail(code, message, extra);
    sound = false;
  };
  let placed = 0;
  for (const argument of call.args) {
    const { name } = argument;
    const param = name ? params.find((p) => p.name === name.text) : params[placed++];
    if (!param) {
      if (name)
        wrong(name, 'N202', `\`${what}\` has no argument \`${name.text}\``, unknownHint(name.text, params));
      else if (placed === params.length + 1) wrong(argument, 'N205', tooMany(what, params, call));
    } else if (found.has(param.name)) {
      wrong(name ?? argument, 'N205', `\`${what}\` is given \`${param.name}\` twice`);
    } else found.set(param.name, argument);
  }
  const missing = params.filter((p) => !p.optional && !found.has(p.name));
  if (sound && missing.length > 0) {
    const names = missing.map((p) => `\`${p.name}\``).join(' and ');
    wrong(call, 'N204', `\`${what}\` needs ${names}`, { hint: `it takes ${takes(params)}` });
  }
  return sound ? found : undefined;
}

const takes = (params: readonly Parameter[]): string =>
  params.map((p) => (p.optional ? `${p.name}=...` : p.name)).join(', ') || 'no arguments';

function unknownHint(name: string, params: readonly Parameter[]): Hint {
  const near = didYouMean(
    name,
    params.map((p) => p.name),
  );
  return near.hint ? near : { hint: `it takes ${takes(params)}` };
}

function tooMany<V>(what: string, params: readonly Parameter[], { args }: Invocation<V>): string {
  const accepted = params.length === 1 ? 'one argument' : `${params.length || 'no'} arguments`;
  return `\`${what}\` takes ${accepted}, found ${args.length}`;
}
