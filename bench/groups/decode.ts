/** Tokens a second and first tokens: `nanoc run`, a host that copies least and llama.cpp take turns with models of one shape. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { medianOf } from '../../driver/bench/spread.ts';
import { type Answered, type AskedHost, startHost } from '../hosts/asked_host.ts';
import { zeroCopyProgram } from '../hosts/zero_copy.ts';
import { makeCheckpoint } from '../make_checkpoint.ts';
import { writeGguf } from '../peers/llama_gguf.ts';
import { llamaPackage } from '../peers/llama_package.ts';
import type { Finding, Findings } from '../rows.ts';
import { root, type Setting } from '../setting.ts';
import { timedNode } from '../timed_process.ts';

const names = ['nanoc', 'last', 'present', 'rows', 'llama'] as const;
type Name = (typeof names)[number];
type Hosts = Readonly<Record<Name, AskedHost | { readonly skipped: string }>>;

/** Answers of each host by the length of the prompt, one for each round. */
type Taken = Readonly<Record<Name, Map<number, Answered[]>>>;

export async function decode(setting: Setting): Promise<Findings> {
  const hosts = await openHosts(setting);
  try {
    return findingsOf(setting, hosts, await takeTurns(setting, hosts));
  } finally {
    for (const host of Object.values(hosts)) if (!('skipped' in host)) await host.close();
  }
}

/** The model as `nanoc compile` writes it with no option, and with logits of the last token. */
export function compiledModels({
  sizes,
  folder,
  command,
}: Setting): Readonly<Record<'nanoc' | 'last', string>> {
  const checkpoint = join(folder, 'model');
  const paths = { nanoc: join(folder, 'default.onnx'), last: join(folder, 'last.onnx') };
  if (existsSync(paths.nanoc)) return paths;
  makeCheckpoint(checkpoint, sizes.model);
  for (const [name, path] of Object.entries(paths)) {
    const logits = name === 'last' ? ['--logits', 'last'] : [];
    const args = [
      'compile',
      'nanochat_2025_10',
      '--checkpoint',
      checkpoint,
      ...logits,
      '-o',
      path,
      '--quiet',
    ];
    timedNode([command, ...args], folder);
  }
  return paths;
}

async function openHosts(setting: Setting): Promise<Hosts> {
  const { library, peers, sizes, say } = setting;
  const models = compiledModels(setting);
  const node = (script: string, ...args: string[]): Promise<AskedHost> =>
    startHost(process.execPath, [`${root}bench/hosts/${script}`, ...args]);
  const nanoc = await node('nanoc_host.mjs', library, models.nanoc);
  const last = await node('nanoc_host.mjs', library, models.last);
  const program = zeroCopyProgram();
  const plain = async (mode: string) =>
    typeof program === 'string' ? startHost(program, [models.nanoc, mode]) : program;
  const llama = async () => {
    const missing = llamaPackage(setting);
    if (missing) return missing;
    mkdirSync(peers, { recursive: true });
    const file = join(peers, `llama_${sizes.model.n_layer}x${sizes.model.n_embd}.gguf`);
    if (!existsSync(file)) writeGguf(file, sizes.model);
    return node('llama_host.mjs', peers, file, String(sizes.model.sequence_len));
  };
  const hosts = {
    nanoc,
    last,
    present: await plain('present'),
    rows: await plain('rows'),
    llama: await llama(),
  };
  for (const [name, host] of Object.entries(hosts))
    say(`${name}: ${'skipped' in host ? host.skipped : host.label}`);
  return hosts;
}

async function takeTurns({ sizes, say }: Setting, hosts: Hosts): Promise<Taken> {
  const taken = Object.fromEntries(
    names.map((name) => [name, new Map<number, Answered[]>()]),
  ) as unknown as Taken; // of all names
  const [short] = sizes.contexts;
  // The first round only warms caches and clocks.
  for (let round = -1; round < sizes.rounds; round++) {
    for (const length of round < 0 ? [short, sizes.prompt] : [...sizes.contexts, sizes.prompt]) {
      // Whoever is first in one round is last in a later one.
      for (const [i] of names.entries()) {
        const name = names[(i + Math.max(0, round)) % names.length]!;
        const host = hosts[name];
        if ('skipped' in host || (name === 'last' && length !== sizes.prompt && round >= 0)) continue;
        const answer = await host.ask(length, length === sizes.prompt ? 1 : sizes.steps);
        if (round >= 0) taken[name].set(length, [...(taken[name].get(length) ?? []), answer]);
      }
    }
    if (round >= 0) say(`round ${round + 1} of ${sizes.rounds}`);
  }
  return taken;
}

const rate = (milliseconds: number): string => `${(1000 / milliseconds).toFixed(1)} tok/s`;
const shown = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(3)} s`;

function findingsOf({ sizes }: Setting, hosts: Hosts, taken: Taken): Findings {
  const of = (name: Name, length: number, what: keyof Answered): readonly number[] =>
    (taken[name].get(length) ?? []).map((answer) => answer[what]);
  const faster = (length: number, what: keyof Answered): Name =>
    medianOf(of('present', length, what)) <= medianOf(of('rows', length, what)) ? 'present' : 'rows';
  const against = (peer: Name | undefined, length: number, what: keyof Answered): Finding => {
    const skipped = [hosts.present, hosts.rows].find((host) => 'skipped' in host);
    if (peer === undefined && skipped && 'skipped' in skipped) return skipped;
    const other = peer ?? faster(length, what);
    const host = hosts[other];
    if ('skipped' in host) return host;
    const [mine, theirs] = [of('nanoc', length, what), of(other, length, what)];
    const text = what === 'step' ? rate : shown;
    return {
      values: mine.map((ms, round) => theirs[round]! / ms),
      ours: text(medianOf(mine)),
      theirs: `${text(medianOf(theirs))}${peer === undefined ? ` (${other})` : ''}`,
    };
  };
  const [short, middle, long] = sizes.contexts;
  const [atShort, atLong] = [of('nanoc', short, 'step'), of('nanoc', long, 'step')];
  return {
    decode_short: against(undefined, short, 'step'),
    decode_middle: against(undefined, middle, 'step'),
    decode_long: against(undefined, long, 'step'),
    decode_own: {
      values: atLong.map((ms, round) => atShort[round]! / ms),
      ours: rate(medianOf(atLong)),
      theirs: rate(medianOf(atShort)),
    },
    llama_middle: against('llama', middle, 'step'),
    llama_long: against('llama', long, 'step'),
    first_token: against(undefined, sizes.prompt, 'first'),
    logits: against('last', sizes.prompt, 'first'),
  };
}
