/** What a command costs before it does anything, against an empty script. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { medianOf } from '../../driver/bench/spread.ts';
import type { Finding, Findings } from '../rows.ts';
import { root, type Setting, setArguments, toySize } from '../setting.ts';
import { type Timed, timedTree } from '../timed_process.ts';

export async function starting({ sizes, folder, command }: Setting): Promise<Findings> {
  const broken = join(folder, 'broken.nanospec');
  const spec = readFileSync(`${root}examples/nanochat_2025_10.nanospec`, 'utf8');
  writeFileSync(broken, spec.replace('rms_norm(x)', 'rsm_norm(x)').replace('heads, head]', 'head, heads]'));
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const small = setArguments({ ...toySize.model, n_layer: 1 });
  const out = ['-o', join(folder, 'small.onnx'), '--force', '--quiet'];
  const commands = {
    empty: { args: [empty], expected: 0 },
    version: { args: [command, '--version'], expected: 0 },
    check: { args: [command, 'check', broken], expected: 1 },
    front: { args: [command, 'compile', 'nanochat_2025_10', ...small, ...out], expected: 0 },
  } as const;
  type Name = keyof typeof commands;
  const rounds: Record<Name, Timed[]> = { empty: [], version: [], check: [], front: [] };
  for (let round = -1; round < sizes.starts; round++)
    for (const [name, { args, expected }] of Object.entries(commands)) {
      const taken = timedTree(process.execPath, args, folder, expected);
      if (round >= 0) rounds[name as Name].push(taken); // a key of `commands`
    }
  const beyond = (name: Name, what: 'seconds' | 'processor'): Finding => {
    const milliseconds = (of: Name): readonly number[] => rounds[of].map((taken) => 1000 * taken[what]);
    const [mine, bare] = [milliseconds(name), milliseconds('empty')];
    return {
      values: mine.map((ms, round) => ms - bare[round]!),
      ours: `${medianOf(mine).toFixed(0)} ms`,
      theirs: `${medianOf(bare).toFixed(0)} ms`,
    };
  };
  return {
    version: beyond('version', 'processor'),
    check: beyond('check', 'processor'),
    front: beyond('front', 'seconds'),
  };
}
