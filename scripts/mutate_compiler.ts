/**
 * Breaks the compiler on purpose, one line at a time, and reports what notices: `npm run mutate` draws 150 mutations by a seed, puts
 * each into a copy of the tree, and writes test/mutation/RESULTS.md. What notices is looked for in this order: the verifier with
 * the laws of graphs, other people's numbers, the unit tests of the folder. With `--of checks` what is broken is the verifier
 * itself, and sizes, of which the unit tests alone can tell; the page is then test/mutation/CHECKS.md. Beside each page lies the
 * log that it was written from.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { equivalent } from '../test/mutation/equivalent.ts';
import { bundleTrial } from './mutation/bundle.ts';
import { type Copy, copyOf, type Limits, node, type Ran } from './mutation/copy.ts';
import { applied, drawn, keyOf, type Mutation, mutationsOf } from './mutation/edits.ts';
import { filesOf, type Kind, places, type Struck } from './mutation/places.ts';
import { type Outcome, report } from './mutation/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '150' },
    seed: { type: 'string', default: '1' },
    /** Of all that can be drawn, those whose place or text holds this. */
    only: { type: 'string', default: '' },
    of: { type: 'string', default: 'compiler' },
    /** Where the page goes; nothing is written when it is empty. */
    out: { type: 'string' },
    /** Ask the unit tests too, of what nothing else notices: minutes each. */
    tests: { type: 'boolean', default: false },
    /** Outcomes so far, one a line, to go on from. */
    log: { type: 'string' },
    /** Run those again that the log has under this word, `nothing`, but those that are equivalent. */
    again: { type: 'string' },
    /** Only write the page anew, of what the log holds. */
    report: { type: 'boolean', default: false },
    /** Print what would be drawn, type-checked or not, and end. */
    list: { type: 'boolean', default: false },
  },
});

/** What is the verifier's own can be noticed by someone else's numbers alone. */
const trialsOf: Readonly<Record<Exclude<Kind, 'checks'>, readonly string[]>> = {
  onnx: ['onnx'],
  torchscript: ['torchscript'],
  passes: ['onnx', 'torchscript', 'interpreter'],
  runtime: ['onnx', 'torchscript', 'interpreter'],
  shared: ['onnx', 'interpreter', 'goldens'],
};

/** The driver bundles, for one process less: a copy's own files, by their own names. */
async function trial(copy: Copy, words: readonly string[], limits: Limits): Promise<Ran> {
  await bundleTrial(copy.root, join(copy.root, 'trial.mjs'));
  return node(copy.root, ['--max-old-space-size=2000', 'trial.mjs', ...words], limits);
}

/** What a mutation leaves unused is no error of types. */
const typed = {
  extends: './tsconfig.json',
  compilerOptions: {
    incremental: true,
    tsBuildInfoFile: './.types',
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ['*.ts', 'spec', 'compiler', 'backends', 'runtime', 'driver', 'cli', 'scripts/mutation'],
};

const typeCheck = (copy: Copy) =>
  node(copy.root, ['node_modules/typescript/bin/tsc', '--noEmit', '--project', 'typed.json'], {
    seconds: 300,
  });

/** What the verifier, the laws or other people's numbers say. */
async function tried(kind: Exclude<Kind, 'checks'>, copy: Copy, limits: Limits): Promise<Finding> {
  const { out: printed, code } = await trial(copy, trialsOf[kind], limits);
  // Copies lie in folders whose names say nothing.
  const out = printed.replaceAll(/(?:file:\/\/)?\/\S*nanoc-(?:mutant|trial)-\w+\//g, '');
  const line = out.split('\n').findLast((l) => l.startsWith('{"by"'));
  if (line !== undefined) {
    const { by, what } = JSON.parse(line) as Finding; // trial.ts wrote it
    return { by, ...(what ? { what } : {}) };
  }
  const ended = code === null || code > 128 ? 'it comes to no end' : /^\w*Error: .*/m.exec(out)?.[0];
  return { by: 'laws', what: ended ?? `exit code ${code}` };
}

/** The first of the unit tests that fails, of the file's own and then of its folder. */
async function tested(file: string, tests: readonly string[], copy: Copy): Promise<Finding> {
  const own = `test/${file.replace(/\.ts$/, '.test.ts')}`;
  for (const word of [...(existsSync(`${root}/${own}`) ? [own] : []), ...tests]) {
    const ran = await node(copy.root, ['--import', 'tsx', 'test/run.ts', '--no-coverage', word], {
      seconds: 900,
    });
    const failed = /^(?:\[.*?\] )?FAIL (\S+)/m.exec(ran.out)?.[1];
    if (ran.code !== 0) return { by: 'unit tests', what: failed ?? word };
  }
  return { by: 'nothing' };
}

async function outcomeOf(
  mutation: Mutation,
  { kind, tests }: Struck,
  copy: Copy,
  limits: Limits,
): Promise<Outcome> {
  const head = { ...mutation, kind, commit };
  const found: Finding = kind === 'checks' ? { by: 'nothing' } : await tried(kind, copy, limits);
  const asksTests = found.by === 'nothing' && (values.tests || kind === 'checks');
  return { ...head, ...(asksTests ? await tested(mutation.file, tests, copy) : found) };
}

type Finding = Pick<Outcome, 'by' | 'what'>;

interface Logged extends Omit<Outcome, 'by'> {
  readonly by: Outcome['by'] | 'not typed';
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const ofChecks = values.of === 'checks';
const struck = filesOf(
  root,
  places.filter(({ kind }) => (kind === 'checks') === ofChecks),
);
const placeOf = new Map(struck.map((place) => [place.path, place]));
const all = struck.flatMap(({ path }) => mutationsOf(path, readFileSync(`${root}/${path}`, 'utf8')));
const wanted = all.filter((m) => `${m.file}:${m.line} ${keyOf(m)}`.includes(values.only));
const [count, seed] = [Number(values.count), Number(values.seed)];

const known = new Map<string, Logged>();
if (values.log && existsSync(values.log)) {
  for (const line of readFileSync(values.log, 'utf8').split('\n').filter(Boolean)) {
    const outcome = JSON.parse(line) as Logged; // this script wrote it
    known.set(keyOf(outcome), outcome);
  }
}
for (const [key, { by }] of known) if (by === values.again && !(key in equivalent)) known.delete(key);

function keep(outcome: Logged): void {
  known.set(keyOf(outcome), outcome);
  if (values.log) writeFileSync(values.log, `${JSON.stringify(outcome)}\n`, { flag: 'a' });
}

const source = drawn(wanted, seed);
const chosen: Mutation[] = [];
let aside = 0;

/** The next that type-checks, put into the copy when it is not known yet. */
async function take(copy: Copy): Promise<Mutation | undefined> {
  while (chosen.length < count) {
    const { value, done } = source.next();
    if (done) return undefined;
    const before = known.get(keyOf(value));
    if (before?.by === 'not typed') aside++;
    else if (before) chosen.push(value);
    else {
      copy.put(value.file, applied(readFileSync(`${root}/${value.file}`, 'utf8'), value));
      if ((await typeCheck(copy)).code === 0) {
        chosen.push(value);
        return value;
      }
      aside++;
      keep({ ...value, kind: placeOf.get(value.file)!.kind, commit, by: 'not typed' });
      copy.restore(value.file);
    }
  }
  return undefined;
}

/** One after the other, so that which are chosen does not depend on who is faster. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const mine = last.then(act);
  last = mine.catch(() => {});
  return mine;
}

async function work(copy: Copy, limits: Limits): Promise<void> {
  for (let next = await inTurn(() => take(copy)); next; next = await inTurn(() => take(copy))) {
    const outcome = await outcomeOf(next, placeOf.get(next.file)!, copy, limits);
    copy.restore(next.file);
    keep(outcome);
    const { by, what = '' } = outcome;
    process.stderr.write(
      `${chosen.length}/${count} ${by}: ${next.file}:${next.line} ${keyOf(next)} ${what}\n`,
    );
  }
}

if (values.list) {
  for (const m of [...source].slice(0, count))
    process.stdout.write(`${m.file}:${m.line} [${m.edit}] ${m.before} -> ${m.after}\n`);
  process.exit(0);
}

/** Chooses as a run would, and breaks nothing. */
function choose(): void {
  for (const m of source) {
    if (chosen.length === count) return;
    const before = known.get(keyOf(m));
    if (!before) throw new Error(`the log does not hold ${keyOf(m)}`);
    if (before.by === 'not typed') aside++;
    else chosen.push(m);
  }
}

/** By what the trial of copies that are not broken takes; throws where it fails. */
async function limitsOf([one, other]: readonly Copy[]): Promise<Limits> {
  const plain = await Promise.all([
    trial(one!, ['onnx', 'torchscript', 'interpreter'], { seconds: 3000 }),
    trial(other!, ['onnx', 'interpreter', 'goldens'], { seconds: 3000 }),
  ]);
  const lines = plain.map(({ out }) => {
    const line = out.split('\n').findLast((l) => l.startsWith('{"by":"nothing"'));
    if (line === undefined) throw new Error(`the trial of what is not changed fails: ${out.slice(-2000)}`);
    return (JSON.parse(line) as { readonly seconds: number }).seconds; // trial.ts wrote it
  });
  const [seconds, clock] = [Math.max(...lines), Math.max(...plain.map((p) => p.seconds))];
  const limits = { seconds: Math.max(120, 10 * clock), processor: 3 * seconds };
  process.stderr.write(`the unbroken trial takes ${seconds.toFixed(0)} s of the processor\n`);
  return limits;
}

if (values.report) choose();
const copies = values.report ? [] : [copyOf(root), copyOf(root)];
try {
  for (const copy of copies) {
    writeFileSync(join(copy.root, 'typed.json'), JSON.stringify(typed));
    const { code, out } = await typeCheck(copy);
    if (code !== 0) throw new Error(`what is not changed does not type-check: ${out.slice(0, 2000)}`);
  }
  const limits = values.report || ofChecks ? { seconds: 0 } : await limitsOf(copies);
  await Promise.all(copies.map((copy) => work(copy, limits)));
} finally {
  for (const copy of copies) copy.remove();
}

const outcomes = chosen.map((m): Outcome => {
  const outcome = { ...known.get(keyOf(m))!, ...m } as Outcome; // what is not typed is not chosen
  const why = equivalent[keyOf(m)];
  const unseen = outcome.by === 'nothing' || outcome.by === 'unit tests';
  return unseen && why !== undefined ? { ...outcome, by: 'equivalent', what: why } : outcome;
});
const out = values.out ?? `test/mutation/${ofChecks ? 'CHECKS' : 'RESULTS'}.md`;
if (out) writeFileSync(resolve(root, out), report(outcomes, { seed, commit, of: all.length, aside }));
