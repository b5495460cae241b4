/** A TorchScript archive with one method and no numbers, written by hand. */

import { pickle } from '../../../backends/torchscript/pickle_writer.ts';
import { zipFile } from '../../../backends/torchscript/zip_writer.ts';

/** `method` is the text of `forward`, indented by two. */
export function smallArchive(method: string): Uint8Array {
  const text = (name: string, content: string | Uint8Array) => {
    const bytes = Buffer.from(content as string); // either is taken
    return { name: `archive/${name}`, size: bytes.length, chunks: () => [bytes] };
  };
  const attributes = new Map<string, boolean | null>([
    ['training', false],
    ['_is_full_backward_hook', null],
  ]);
  const head = ['class M(Module):', '  __parameters__ = []', '  __buffers__ = []', '  training : bool'];
  const code = [...head, '  _is_full_backward_hook : Optional[bool]', method, ''].join('\n');
  const zip = zipFile([
    text('version', '10\n'),
    text('data.pkl', pickle({ what: 'object', module: '__torch__.test', name: 'M', attributes })),
    text('code/__torch__/test.py', code),
    text('constants.pkl', Uint8Array.from([0x80, 2, 0x29, 0x2e])),
  ]);
  return Buffer.concat([...zip.chunks()].map((c) => Uint8Array.from(c)));
}
