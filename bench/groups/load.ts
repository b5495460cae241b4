/** How long onnxruntime takes to load what `nanoc compile` writes and what torch.onnx writes, and the memory that it takes. */

import { execFileSync } from 'node:child_process';
import { medianOf } from '../../driver/bench/spread.ts';
import { torchModel } from '../peers/torch_onnx.ts';
import type { Findings } from '../rows.ts';
import { root, type Setting } from '../setting.ts';
import { compiledModels } from './decode.ts';

interface Loaded {
  readonly seconds: number;
  /** MiB. */
  readonly peak: number;
}

function load(model: string): Loaded {
  const said = execFileSync(process.execPath, [`${root}bench/hosts/load.mjs`, model], { encoding: 'utf8' });
  return JSON.parse(said);
}

export async function loading(setting: Setting): Promise<Findings> {
  const { nanoc } = compiledModels(setting);
  const torch = torchModel(setting);
  if (typeof torch !== 'string') return { load_time: torch, load_memory: torch };
  const rounds: { readonly ours: Loaded; readonly theirs: Loaded }[] = [];
  for (let round = -1; round < setting.sizes.rounds; round++) {
    const [ours, theirs] = [load(nanoc), load(torch)];
    if (round >= 0) rounds.push({ ours, theirs }); // files are in the page cache by then
  }
  const finding = (what: keyof Loaded, unit: string, digits: number) => {
    const middle = (of: 'ours' | 'theirs'): string =>
      `${medianOf(rounds.map((round) => round[of][what])).toFixed(digits)} ${unit}`;
    return {
      values: rounds.map(({ ours, theirs }) => ours[what] / theirs[what]),
      ours: middle('ours'),
      theirs: middle('theirs'),
    };
  };
  return { load_time: finding('seconds', 's', 2), load_memory: finding('peak', 'MB', 0) };
}
