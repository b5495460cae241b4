/** onnxruntime writes down and sends what a model's metadata holds: not from here, unless it is asked for. */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command, folder, nanoc, root, tiny, written } from './run_cli.ts';

const model = join(folder(), 'm.onnx');
const made = await nanoc(['compile', '--checkpoint', `${tiny}/chatsft_checkpoints/d4`, '-o', model]);

/** A process of its own, at the home of somebody who never ran anything. */
function ranAt(home: string, args: readonly string[], env: Readonly<Record<string, string>>, input: string) {
  const { CI, ORT_DISABLE_TELEMETRY, NANOC_ORT_TELEMETRY, ...rest } = process.env;
  const homes = { HOME: home, USERPROFILE: home, XDG_CACHE_HOME: join(home, 'cache') };
  const ran = spawnSync(process.execPath, args, {
    ...{ cwd: root, input, encoding: 'utf8' },
    env: { ...rest, ...homes, ...env, NO_COLOR: '1' },
  });
  assert.is(ran.status, 0, ran.stderr);
  assert.is.not(ran.stdout, '');
  return ran.stdout;
}

/** What it leaves there. */
function leftBy(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): string[] {
  const home = folder();
  ranAt(home, args, env, input);
  return (readdirSync(home, { recursive: true }) as string[]).sort(); // names, without `withFileTypes`
}

/** What it says, having left nothing. */
function outOf(args: readonly string[]): string {
  const home = folder();
  const said = ranAt(home, args, {}, '');
  assert.equal(readdirSync(home), []);
  return said;
}

const run = command(['run', model, '--tokens', '1,2,3', '-n', '2']);
const small = ['--set', 'layers=2', '--set', 'dim=64', '--set', 'heads=2', '--set', 'vocab=100'];

const api = JSON.stringify(`${root}index.ts`);
const library = written(
  'session.mts',
  `import { onnxSession, readModel, Refusal } from ${api};
   const model = process.argv[2];
   try {
     const session = await onnxSession({ model, manifest: readModel(model).manifest });
     console.log(session.label);
     await session.close();
   } catch (cause) {
     if (!(cause instanceof Refusal)) throw cause;
     console.log(cause.diagnostics[0].hint);
   }`,
);

test('nothing is written by run, chat, verify and the library', () => {
  assert.is(made.code, 0, made.err);
  assert.equal(leftBy(run), []);
  assert.equal(leftBy(command(['chat', model, '-n', '2']), {}, 'hello\n'), []);
  assert.equal(leftBy(command(['verify', 'nanochat', ...small])), []);
  assert.equal(leftBy([...command([]).slice(0, 2), library, model]), []);
});

test('whoever asks for it has it: this is what the test would see', () => {
  const seen = leftBy(run, { NANOC_ORT_TELEMETRY: '1' });
  assert.ok(
    seen.some((name) => name.endsWith('onnxruntime.db')),
    seen.join(),
  );
});

test('what the user said to onnxruntime itself stands', () => {
  assert.equal(leftBy(run, { NANOC_ORT_TELEMETRY: '1', ORT_DISABLE_TELEMETRY: '1' }), []);
  assert.is.not(leftBy(run, { ORT_DISABLE_TELEMETRY: '0' }).length, 0);
});

/** In a worker tsx has to be asked for. */
const loaded = written(
  'loaded.mjs',
  `import { tsImport } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
   await tsImport(${JSON.stringify(library)}, import.meta.url);`,
);
const inWorker = written(
  'worker.mts',
  `import { Worker } from 'node:worker_threads';
   import { silenceTelemetry } from ${api};
   if (process.argv[3]) silenceTelemetry();
   new Worker(${JSON.stringify(loaded)}, { argv: [process.argv[2]] });`,
);

test('a worker, which cannot turn it off, says what can', () => {
  const start = command([]).slice(0, 2);
  assert.match(outOf([...start, inWorker, model]), 'silenceTelemetry()');
  assert.match(outOf([...start, inWorker, model, 'first']), 'onnxruntime-node cpu');
});

test.run();
