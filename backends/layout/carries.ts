/** Refuses models with inputs or caches that the client of a layout does not support. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import { layerOf } from '../../compiler/ports/port_names.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';

const fed: readonly string[] = ['input_ids', 'attention_mask', 'position_ids'];

export const cannotCarry = (client: string, found: string, hint: string): Refusal =>
  new Refusal([error('N511', `${client} cannot carry this model`, { found, hint })]);

/** The client must know every input; it passes each output of a port on whole, and starts with zeros. */
export function refuseUncarried(client: string, { inputs, ports }: Manifest): void {
  const hint = '--layout plain writes it for your own program';
  const known = new Set([...fed, ...ports.map((p) => p.input)]);
  const strange = inputs.find((i) => !known.has(i.name));
  if (strange) throw cannotCarry(client, `the input ${strange.name}, which it does not give`, hint);
  for (const port of ports) {
    if (!layerOf(port)) throw cannotCarry(client, `the state ${port.input}, for which it has no name`, hint);
    if (port.fill !== 0)
      throw cannotCarry(client, `${port.input}, which starts with ${port.fill}, not 0`, hint);
    if (port.rule !== 'append' && port.rule !== 'replace')
      throw cannotCarry(client, `${port.input}, which the caller has to put together`, hint);
  }
}
