/** The C++ project, built once for all tests in `out/cpp`: what is there of compilers and libraries decides what is built. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../cli/run_cli.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** ONNX Runtime and Debian's LibTorch say things on stderr that are not ours. */
export function start(command: string, args: readonly string[], input = ''): Ran {
  const ran = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return {
    code: ran.status ?? -1,
    out: ran.stdout ?? '',
    err: (ran.stderr ?? '') + (ran.error?.message ?? ''),
  };
}

export const source = join(root, 'examples/cpp');
const home = join(root, 'out/cpp');

export const runtimes = ['onnxruntime', 'libtorch'] as const;
export type Runtime = (typeof runtimes)[number];

const onnxruntime = process.env['ONNXRUNTIME_ROOT'] ?? join(root, 'out/onnxruntime');
const libtorch = process.env['LIBTORCH_ROOT'];

const there = {
  compiler: ['cmake', 'c++'].every((tool) => start(tool, ['--version']).code === 0),
  onnxruntime: existsSync(join(onnxruntime, 'include')),
  libtorch: libtorch !== undefined || existsSync('/usr/include/torch/script.h'),
};

/** How to get what a test needs. */
const wanted = {
  compiler: 'cmake and a C++ compiler (apt-get install cmake g++)',
  onnxruntime: 'headers of ONNX Runtime (scripts/onnxruntime_headers.sh)',
  libtorch: 'LibTorch for C++ (apt-get install libtorch-dev)',
} as const;

/** Registers `tests` when what they need is there; else they are skipped for people and fail in CI. */
export function whenThere(needs: readonly (keyof typeof wanted)[], tests: () => void): void {
  const lacking = needs.filter((need) => !there[need]);
  if (lacking.length === 0) {
    if (!needs.some((need) => need !== 'compiler') || buildAll().code === 0) tests();
    else
      test(`${needs.join(', ')}: the project has to build`, () =>
        assert.unreachable('it does not: see above'));
    return;
  }
  const why = `no ${lacking.map((need) => wanted[need]).join(', no ')}`;
  const title = `runs in C++: ${needs.join(', ')}`;
  if (process.env['CI'] === 'true')
    test(title, () => assert.unreachable(`CI needs what is not here: ${why}`));
  else {
    process.stdout.write(`skipped: ${why}\n`);
    test.skip(title, () => {});
  }
}

const option = (name: string, on: boolean): string => `-D${name}=${on ? 'ON' : 'OFF'}`;

let built: Ran | undefined;

/** Configures and builds, once; what the tools wrote. */
export function buildAll(): Ran {
  built ??= build();
  return built;
}

function build(): Ran {
  const configured = start('cmake', [
    ...['-S', source, '-B', home, `-DONNXRUNTIME_ROOT=${onnxruntime}`, '-DCMAKE_BUILD_TYPE=Release'],
    ...[option('NANOC_ONNXRUNTIME', there.onnxruntime), option('NANOC_LIBTORCH', there.libtorch)],
    ...(libtorch === undefined ? [] : [`-DCMAKE_PREFIX_PATH=${libtorch}`]),
  ]);
  if (configured.code !== 0) return configured;
  return start('cmake', ['--build', home, '--parallel', '2']);
}

export const tokenize = join(home, 'nanoc-tokenize');

const alone = join(root, 'out/cpp_tokenizer');

/** The tokenizer, which needs neither runtime, in a folder of its own: the tests of the whole may run at the same time. */
export const tokenizeAlone = join(alone, 'nanoc-tokenize');
export function buildTokenizer(): Ran {
  const neither = [option('NANOC_ONNXRUNTIME', false), option('NANOC_LIBTORCH', false)];
  const configured = start('cmake', ['-S', source, '-B', alone, '-DCMAKE_BUILD_TYPE=Release', ...neither]);
  return configured.code === 0 ? start('cmake', ['--build', alone, '--parallel', '2']) : configured;
}
export const session = join(home, 'cpp_libtorch', 'nanoc-libtorch-session');
export const program = (runtime: Runtime): string => join(home, `cpp_${runtime}`, `nanoc-${runtime}`);
