/** Adds values inside a model to its outputs, for looking inside it. */

import { encode } from './schema.ts';
import { framed, held } from './wire.ts';

/**
 * Appends a second graph field that holds only outputs: protobuf merges a message that comes twice, so the rest of the file need
 * not be understood. A runtime infers the types.
 */
export function tapModel(model: Uint8Array, values: readonly string[]): Uint8Array {
  const outputs = values.flatMap((name) =>
    framed('GraphProto', 'output', [held(encode('ValueInfoProto', { name }))]),
  );
  const added = framed('ModelProto', 'graph', outputs).flatMap((chunk) => [...chunk.bytes()]);
  return Buffer.concat([model, ...added]);
}
