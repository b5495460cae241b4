/** A model's bytes with more of its values as outputs, for looking inside it. */

import { encode } from './schema.ts';
import { framed, held } from './wire.ts';

/**
 * A field that comes twice in protobuf is one message, merged; so what is appended joins the graph that is there, and the
 * rest of the file need not be understood. A runtime infers the types.
 */
export function tapModel(model: Uint8Array, values: readonly string[]): Uint8Array {
  const outputs = values.flatMap((name) =>
    framed('GraphProto', 'output', [held(encode('ValueInfoProto', { name }))]),
  );
  const added = framed('ModelProto', 'graph', outputs).flatMap((chunk) => [...chunk.bytes()]);
  return Buffer.concat([model, ...added]);
}
