/** What the figures were measured on. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { machineHere } from '../driver/bench/machine.ts';
import { llamaVersion } from './peers/llama_package.ts';
import { root, type Setting } from './setting.ts';
import type { Facts, Occasion } from './table.ts';

const versionOf = (folder: string): string => {
  const file = join(folder, 'package.json');
  return existsSync(file) ? String(JSON.parse(readFileSync(file, 'utf8')).version) : 'not there';
};

function commitOf(): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout ?? '';
  const changed =
    git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/RESULTS.md').trim() !== '';
  return `${git('rev-parse', '--short', 'HEAD').trim() || 'unknown'}${changed ? ' with changes' : ''}`;
}

export const occasionOf = (now = new Date()): Occasion => ({
  date: now.toISOString().slice(0, 10),
  commit: commitOf(),
  load: loadavg()[0]!.toFixed(1),
});

export function factsOf({ peers }: Setting): Facts {
  const { processor, threads, memory, node } = machineHere();
  return [
    ['processor', `${processor}, ${threads} hardware threads`],
    ['memory', `${(memory / 2 ** 30).toFixed(0)} GiB`],
    ['Node', node],
    ['onnxruntime-node', versionOf(join(root, 'node_modules/onnxruntime-node'))],
    ['node-llama-cpp', `${versionOf(join(peers, 'node_modules/node-llama-cpp'))} (wanted ${llamaVersion})`],
  ];
}
