/** A TorchScript archive with something in it changed, as a file of its own. */

import { zipFile } from '../../backends/torchscript/zip_writer.ts';
import { withFile } from '../../compiler/checkpoint/file_node.ts';
import { readEntry, readZip } from '../../compiler/checkpoint/zip_node.ts';
import { written } from './run_cli.ts';

export interface Changes {
  readonly code?: (text: string) => string;
  readonly manifest?: (text: string) => string;
  /** By name below the top folder: `data/7`; the bytes may be changed where they are. */
  readonly record?: (name: string, bytes: Uint8Array) => void;
}

export function changedArchive(path: string, { code, manifest, record }: Changes = {}): string {
  const records = withFile(path, (file) =>
    [...readZip(file).entries].map(([name, entry]) => {
      const bytes = Uint8Array.from(readEntry(file, entry, 2 ** 30));
      record?.(name.slice(name.indexOf('/') + 1), bytes);
      const change = name.endsWith('.py') ? code : name.endsWith('extra/nanoc.json') ? manifest : undefined;
      const changed = change ? Buffer.from(change(Buffer.from(bytes).toString())) : bytes;
      return { name, size: changed.length, chunks: () => [changed] };
    }),
  );
  return written('m.pt', Buffer.concat([...zipFile(records).chunks()].map((c) => Uint8Array.from(c))));
}

/** Replaces what must be there. */
export const swap =
  (from: string | RegExp, to: string) =>
  (text: string): string => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`no ${from} in the code`);
    return changed;
  };
