/** The C++ programs are built, and say what nanochat's own engine and `nanoc run` say. */

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkArchive } from '../../backends/torchscript/check_archive.ts';
import { readArchive } from '../../backends/torchscript/read_archive.ts';
import { generate } from '../../runtime/generate.ts';
import { startLibtorch } from '../../runtime/sessions/libtorch_node_session.ts';
import { openTokenizer } from '../../runtime/tokenizer/open_tokenizer.ts';
import { folder, nanoc, root, tiny, written } from '../cli/run_cli.ts';
import { wordsOf } from '../docs/command_lines.ts';
import {
  type FixtureOptions,
  fixture,
  goldenOf,
  make,
  open,
  readFixture,
} from '../golden/compile_fixture.ts';
import { fixtures, measure, specs } from '../golden/measure.ts';
import {
  buildAll,
  program,
  type Ran,
  type Runtime,
  runtimes,
  session as sessionProgram,
  source,
  start,
  tokenize,
  whenThere,
} from './cpp_build.ts';

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T; // written by us

interface Text {
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly engine_text: string;
  readonly nostop_ids: readonly number[];
}
// Written by nanochat's own engine.
const texts = readJson<readonly Text[]>(`${tiny}/reference/base_greedy.json`);
const long = readJson<{ prompt_ids: readonly number[]; ids: readonly number[] }>(
  `${tiny}/reference/base_long_greedy.json`,
);

const targets = { onnxruntime: 'onnx', libtorch: 'torchscript' } as const satisfies Record<Runtime, string>;
const endings = { onnxruntime: '.onnx', libtorch: '.pt' } as const satisfies Record<Runtime, string>;

const rows = (tokens: readonly (readonly number[])[]): readonly string[] =>
  tokens.flatMap((row) => ['--tokens', row.join(',')]);

const idsOf = ({ out }: Ran): readonly (readonly number[])[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').map(Number));

function programTests(runtime: Runtime): void {
  const home = folder();
  const run = (model: string, ...args: readonly (string | number)[]): Ran => {
    const ran = start(program(runtime), [model, ...args.map(String)]);
    assert.is(ran.code, 0, ran.err);
    return ran;
  };
  const compiled = (name: string, from: string, spec?: string, options: FixtureOptions = {}): string => {
    const path = join(home, `${name}${endings[runtime]}`);
    writeFileSync(path, make(from, spec, { ...options, target: targets[runtime] }).bytes);
    return path;
  };
  const base = `${tiny}/base_checkpoints/d4`;
  const model = join(home, `tiny${endings[runtime]}`);

  test(`${runtime}: text goes on as nanochat's engine goes on, and stops where it stops`, async () => {
    const made = await nanoc(['compile', '--checkpoint', base, '--target', targets[runtime], '-o', model]);
    assert.is(made.code, 0, made.err);
    for (const { prompt, engine_text } of texts) {
      const { out, err } = run(model, '--prompt', prompt, '--max-tokens', 64, '--stats');
      assert.is(out, `${engine_text.replace(/<\|bos\|>$/, '')}\n`);
      assert.match(err, /\d+ tokens in 1 rows, the first after [\d.]+ ms, then [\d.]+ tokens a second/);
    }
  });

  test(`${runtime}: several prompts in one batch are what they are alone, in text and in ids`, () => {
    const prompts = texts.flatMap(({ prompt }) => ['--prompt', prompt]);
    const shown = texts.map((t, i) => `--- ${i + 1}\n${t.engine_text.replace(/<\|bos\|>$/, '')}\n`);
    assert.is(run(model, ...prompts, '--max-tokens', 64).out, shown.join(''));
    const batch = run(model, ...rows(texts.map((t) => t.prompt_ids)), '--max-tokens', 64);
    assert.equal(
      idsOf(batch),
      texts.map((t) => t.nostop_ids),
    );
  });

  test(`${runtime}: 300 tokens across both windows are nanochat's, with every form of the cache`, () => {
    const args = [...rows([long.prompt_ids]), '--max-tokens', '300'];
    assert.equal(idsOf(run(model, ...args)), [long.ids]);
    const fixed = compiled('fixed', base, undefined, { cache: 'static', slots: 400, logits: 'last' });
    assert.equal(idsOf(run(fixed, ...args)), [long.ids]);
    const none = compiled('none', base, undefined, { cache: 'none' });
    assert.equal(idsOf(run(none, ...rows([long.prompt_ids]), '--max-tokens', 40)), [long.ids.slice(0, 40)]);
    const batch = rows(texts.map((t) => t.prompt_ids));
    assert.equal(
      idsOf(run(fixed, ...batch, '--max-tokens', 64)),
      texts.map((t) => t.nostop_ids),
    );
  });

  for (const { name, generation } of fixtures) {
    const { prompt, tokens } = goldenOf(name).steps;
    const count = tokens[0]!.length;
    test(`${runtime}: ${name} goes on as nanochat went on`, () => {
      const file = compiled(name, fixture(name), specs[generation]);
      assert.equal(idsOf(run(file, ...rows(prompt), '--max-tokens', count)), tokens);
      const alone = prompt.map((row) => idsOf(run(file, ...rows([row]), '--max-tokens', count))[0]);
      assert.equal(alone, tokens);
    });
    if (generation !== 3 && generation !== 7) continue;
    test(`${runtime}: ${name} goes on so in a cache of fixed length too`, () => {
      const options = { cache: 'static', slots: prompt[0]!.length + count } as const;
      const file = compiled(`${name}-static`, fixture(name), specs[generation], options);
      assert.equal(idsOf(run(file, ...rows(prompt), '--max-tokens', count)), tokens);
    });
  }

  test(`${runtime}: a model that turns the other way, or at another pace, is seen`, () => {
    const [name, spec] = ['nanochat-g7-mha-t300', specs[7]!];
    const { prompt, tokens } = goldenOf(name).steps;
    const args = [...rows(prompt), '--max-tokens', tokens[0]!.length];
    for (const edit of [
      (text: string) => text.replace('turn=-1', 'turn=1'),
      (text: string) => text.replace('base=100_000', 'base=10_000'),
    ]) {
      const file = compiled('wrong', fixture(name), spec, { edit });
      assert.not.equal(idsOf(run(file, ...args)), tokens);
    }
  });

  test(`${runtime}: a text ends at --stop, at the length asked for, and where the slots end`, () => {
    const [{ prompt_ids, nostop_ids }] = texts as [Text];
    const stopped = run(model, ...rows([prompt_ids]), '--stop', '1000,1015', '--max-tokens', 64);
    assert.equal(idsOf(stopped), [nostop_ids.slice(0, nostop_ids.indexOf(1015) + 1)]);
    assert.equal(idsOf(run(model, ...rows([prompt_ids]), '--max-tokens', 1)), [nostop_ids.slice(0, 1)]);
    const twice = run(model, ...rows([prompt_ids]), '--stop', '1000', '--stop', '1015', '--max-tokens', 64);
    assert.is(twice.out, stopped.out);
    const small = compiled('small', base, undefined, { cache: 'static', slots: 12 });
    assert.equal(idsOf(run(small, ...rows([prompt_ids]))), [nostop_ids.slice(0, 13 - prompt_ids.length)]);
  });

  test(`${runtime}: what follows an option is its value, whatever it says`, () => {
    const { out } = run(model, '--prompt', '--help', '--max-tokens', 4);
    assert.ok(out.length > 0 && !out.includes('usage:'), out);
    assert.match(start(program(runtime), [model, '--prompt', 'x', '--help']).out, /^usage: /);
  });

  test(`${runtime}: draws are those of the seed, row by row`, () => {
    const draw = (...args: (string | number)[]): Ran =>
      run(model, '--temperature', 0.9, '--max-tokens', 25, ...args);
    const two = rows([texts[0]!.prompt_ids, texts[1]!.prompt_ids]);
    const batch = idsOf(draw(...two, '--seed', 7, '--top-k', 40));
    assert.equal(idsOf(draw(...rows([texts[1]!.prompt_ids]), '--seed', 8, '--top-k', 40)), [batch[1]]);
    assert.not.equal(idsOf(draw(...two, '--seed', 9, '--top-k', 40)), batch);
    const narrow = idsOf(draw(...two, '--top-p', 0.000001));
    assert.equal(
      narrow,
      texts.slice(0, 2).map((t) => t.nostop_ids.slice(0, 25)),
    );
  });

  test(`${runtime}: a text that ends at once is said to be so; with -e a prompt has line breaks`, () => {
    const one = run(model, '--prompt', 'JULIET:', '--max-tokens', 8);
    assert.is(one.out, '\n');
    assert.match(one.err, /^the model ended its text at once;/m);
    const two = run(model, '-e', '--prompt', 'JULIET:\\n', '--prompt', 'JULIET:', '--max-tokens', 8);
    assert.match(two.err, /^2: the model ended its text at once;/m);
    const real = run(model, '--prompt', 'JULIET:\n', '--max-tokens', 8);
    assert.ok(real.out.length > 8 && two.out.includes(real.out), two.out);
    assert.not.match(real.err, 'at once');
  });

  test(`${runtime}: prompts begin as the tokenizer says, unless --bos has it otherwise`, () => {
    const said: string[] = [];
    for (const [name, bos, begins] of [
      ['llama3', 'auto', true],
      ['llama3', 'never', false],
      ['llama3', 'always', true],
      ['gpt2', 'auto', false],
      ['gpt2', 'always', true],
    ] as const) {
      const file = join(root, 'test/fixtures/tokenizers', name, 'tokenizer.json');
      const config = readFileSync(join(file, '../tokenizer_config.json'));
      const { stops, bos: first } = openTokenizer(readFileSync(file), file, config);
      const cases = readJson<readonly { text: string; plain: readonly number[] }[]>(
        join(file, '../cases.json'),
      );
      const { text, plain } = cases.find((c) => c.text.startsWith('ROMEO'))!;
      const prompt = begins ? [first!, ...plain] : plain;
      const ran = run(model, ...rows([prompt]), '--stop', stops.join(','), '--max-tokens', 12);
      const shown = idsOf(ran)[0]!.filter((id) => !stops.includes(id));
      const decoded = JSON.parse(start(tokenize, [file, '--decode'], JSON.stringify([shown])).out) as string;
      const { out } = run(model, '--prompt', text, '--tokenizer', file, '--bos', bos, '--max-tokens', 12);
      assert.is(out, `${decoded}\n`, `${name} ${bos}`);
      said.push(out);
    }
    assert.is(said[0], said[2]);
    assert.is.not(said[0], said[1]);
    assert.is.not(said[3], said[4]);
    const file = join(root, 'test/fixtures/tokenizers/qwen3/tokenizer.json');
    const none = start(program(runtime), [model, '--prompt', 'x', '--tokenizer', file, '--bos', 'always']);
    assert.is(none.code, 1);
    assert.match(none.err, 'the tokenizer has no token that begins a text: leave out --bos always');
  });

  test(`${runtime}: special tokens of a prompt count when asked`, () => {
    const given = [...texts.flatMap(({ prompt }) => ['--prompt', `<|bos|>${prompt}`]), '--max-tokens', 64];
    const shown = texts.map((t, i) => `--- ${i + 1}\n${t.engine_text.replace(/<\|bos\|>$/, '')}\n`).join('');
    assert.is(run(model, '--special', '--bos', 'never', ...given).out, shown);
    assert.is.not(run(model, '--bos', 'never', ...given).out, shown);
  });

  test(`${runtime}: what is wrong is said in a line, with the code that scripts look at`, () => {
    const garbage = written(`m${endings[runtime]}`, 'no model');
    const short = compiled('short', base, undefined, { cache: 'static', slots: 4 });
    const lonely = join(folder(), `lonely${endings[runtime]}`);
    cpSync(model, lonely);
    for (const [code, said, ...args] of [
      [2, 'no model given'],
      [2, 'say what to continue: --prompt TEXT, or --tokens IDS', model],
      [2, '--prompt and --tokens do not go together', model, '--prompt', 'x', '--tokens', '1'],
      [2, 'unknown option --promt', model, '--promt', 'x'],
      [2, 'unknown option -t', '-t', '1', model],
      [2, '--top-p takes a number from 0 to 1, not "2"', model, '--tokens', '1', '--top-p', '2'],
      [2, '--tokens takes token ids, as in 1,464,17, not "1,x"', model, '--tokens', '1,x'],
      [2, '--bos is auto, always or never, not "no"', model, '--prompt', 'x', '--bos', 'no'],
      [2, '--bos is for prompts that are text', model, '--tokens', '1', '--bos', 'always'],
      [2, '--seed needs a value: N', model, '--tokens', '1', '--seed'],
      [1, 'no such file: absent', 'absent', '--tokens', '1'],
      [1, garbage, garbage, '--tokens', '1'],
      [1, "token 1024 is none of the model's 1024", model, '--tokens', '1024'],
      [1, 'no tokenizer beside the model', lonely, '--prompt', 'x'],
      [1, "longer than the model's context or cache", short, '--tokens', '1,2,3,4,5'],
      [1, 'CUDA', model, '--tokens', '1', '--device', 'cuda'],
    ] as const) {
      const ran = start(program(runtime), args);
      assert.is(ran.code, code, `${said}: ${ran.err}`);
      assert.ok(ran.err.includes(said), ran.err);
      assert.is(ran.out, '');
    }
  });
}

whenThere(['compiler'], () => {
  test('the project builds without a warning', () => {
    const { code, out, err } = buildAll();
    assert.is(code, 0, out + err);
    assert.not.match(out + err, /warning:/);
  });

  test('without its dependencies the project says what to do', () => {
    const configure = (...options: readonly string[]): Ran =>
      start('cmake', ['-S', source, '-B', folder(), '-DONNXRUNTIME_INCLUDE=', ...options]);
    const wants = configure('-DNANOC_ONNXRUNTIME=ON', '-DNANOC_LIBTORCH=OFF');
    assert.is.not(wants.code, 0);
    assert.match(wants.err, /Unpack a release of ONNX Runtime and add\s+-DONNXRUNTIME_ROOT=FOLDER/);
    const nothing = configure('-DNANOC_LIBTORCH=OFF');
    assert.is.not(nothing.code, 0);
    assert.match(nothing.err, 'Neither ONNX Runtime nor LibTorch was found');
  });
});

for (const runtime of runtimes) whenThere(['compiler', runtime], () => programTests(runtime));

whenThere(['compiler', 'onnxruntime'], () => {
  test('onnxruntime: draws are those of `nanoc run` for the same seed', async () => {
    const file = join(folder(), 'm.onnx');
    const { bytes } = make(`${tiny}/base_checkpoints/d4`, undefined);
    writeFileSync(file, bytes);
    const session = await open(`${tiny}/base_checkpoints/d4`, undefined);
    const prompt = texts[2]!.prompt_ids;
    const tokens: number[] = [];
    const options = { maxTokens: 60, temperature: 0.8, topK: 30, topP: 0.95, seed: 5 };
    for await (const token of generate(session, prompt, options)) tokens.push(token);
    await session.close();
    const args = [
      '--temperature',
      '0.8',
      '--top-k',
      '30',
      '--top-p',
      '0.95',
      '--seed',
      '5',
      '--max-tokens',
      '60',
    ];
    const ran = start(program('onnxruntime'), [file, ...rows([prompt]), ...args]);
    assert.equal(idsOf(ran), [tokens], ran.err);
  });
});

whenThere(['compiler', 'onnxruntime'], () => {
  test('onnxruntime: weights beside the model are found, and asked for where they are missing', async () => {
    const model = join(folder(), 'm.onnx');
    const from = ['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', model];
    assert.is((await nanoc([...from, '--external', 'always', '--data-limit', '2'])).code, 0);
    const args = [...rows([long.prompt_ids]), '--max-tokens', '20'];
    assert.equal(idsOf(start(program('onnxruntime'), [model, ...args])), [long.ids.slice(0, 20)]);
    const alone = join(folder(), 'm.onnx');
    cpSync(model, alone);
    const { code, err } = start(program('onnxruntime'), [alone, ...args]);
    assert.is(code, 1);
    assert.match(err, `${alone} needs its weights, ${alone}_data, beside it: copy both`);
    cpSync(join(model, '..'), join(alone, '..'), { recursive: true });
    assert.is(start(program('onnxruntime'), [alone, ...args]).code, 0);
    writeFileSync(
      `${alone}_data_1`,
      readFileSync(`${alone}_data_1`).map((byte) => byte ^ 1),
    );
    const other = start(program('onnxruntime'), [alone, ...args]);
    assert.is(other.code, 1);
    assert.match(other.err, `${alone}_data_1 is not the data that ${alone} was written with`);
  });

  test('onnxruntime: new rows alone are taken, and whole caches from a model that has no others', () => {
    const { bytes } = make(`${tiny}/base_checkpoints/d4`, undefined);
    const args = [...rows([long.prompt_ids]), '--max-tokens', '300']; // beyond the first buffer
    const padded = [...rows(texts.map((t) => t.prompt_ids)), '--max-tokens', '64'];
    /** The model with keys of its manifest, or names of ports in it, that mean nothing. */
    const without = (...words: readonly (readonly [from: string, to: string])[]): string => {
      let text = Buffer.from(bytes).toString('latin1');
      for (const [from, to] of words) {
        assert.ok(text.includes(from) && from.length === to.length);
        text = text.replaceAll(from, to);
      }
      return written('m.onnx', Buffer.from(text, 'latin1'));
    };
    const noWhole = ['"output":"present.', '"output":"missing.'] as const;
    const noRows = ['"newRows":', '"oldRows":'] as const;
    for (const model of [without(noWhole), without(noRows)]) {
      const [one, batch] = [args, padded].map((more) => start(program('onnxruntime'), [model, ...more]));
      assert.is(one!.code, 0, one!.err);
      assert.equal(idsOf(one!), [long.ids]);
      assert.equal(
        idsOf(batch!),
        texts.map((t) => t.nostop_ids),
      );
    }
    assert.is(start(program('onnxruntime'), [without(noWhole, noRows), ...args]).code, 1);
  });

  test('onnxruntime: nothing is written down for sending, unless it is asked for', () => {
    const model = join(folder(), 'm.onnx');
    writeFileSync(model, make(`${tiny}/base_checkpoints/d4`, undefined).bytes);
    const leftBy = (env: Readonly<Record<string, string>>): readonly string[] => {
      const home = folder();
      const { CI, ORT_DISABLE_TELEMETRY, NANOC_ORT_TELEMETRY, ...rest } = process.env;
      const ran = spawnSync(program('onnxruntime'), [model, '--tokens', '1,2', '--max-tokens', '2'], {
        env: { ...rest, HOME: home, XDG_CACHE_HOME: join(home, 'cache'), ...env },
      });
      assert.is(ran.status, 0, String(ran.stderr));
      return (readdirSync(home, { recursive: true }) as string[]).sort(); // names, without `withFileTypes`
    };
    assert.equal(leftBy({}), []);
    assert.equal(leftBy({ NANOC_ORT_TELEMETRY: '1', ORT_DISABLE_TELEMETRY: '1' }), []);
    const seen = leftBy({ NANOC_ORT_TELEMETRY: '1' });
    assert.ok(
      seen.some((name) => name.endsWith('onnxruntime.db')),
      seen.join(),
    );
  });
});

whenThere(['compiler', 'libtorch'], () => {
  test('the C++ end of a LibTorch session gives the numbers that nanochat gave', async () => {
    const host = await startLibtorch({ pythons: [], native: sessionProgram });
    assert.match(host.version, /^[12]\.\d+.* \(C\+\+\)$/);
    const name = 'nanochat-g7-mha-t300';
    const { atol_float32: allowed } = readFixture(name).tolerance;
    for (const options of [{}, { cache: 'static', slots: 320 }, { cache: 'none' }] as const) {
      const { compiled, bytes } = make(fixture(name), specs[7], { ...options, target: 'torchscript' });
      const { manifest } = compiled;
      const path = written('with a space.pt', bytes);
      const whole = 'cache' in options ? { model: path, manifest } : checkArchive(readArchive(path));
      const session = await host.open(whole);
      const { uncached, cached, sameTokens } = await measure(session, name);
      assert.ok(uncached <= allowed && cached <= allowed, `${uncached}, ${cached} apart`);
      assert.ok(sameTokens);
      await session.close();
    }
    const [bad, device] = [written('bad.pt', 'no archive'), 'cuda'];
    const { manifest } = make(fixture(name), specs[7], { target: 'torchscript' }).compiled;
    const said = async (model: string, more: object): Promise<string> =>
      host.open({ model, manifest, ...more }).then(
        () => 'it opened',
        (cause: Error) => cause.message,
      );
    assert.match(await said(bad, {}), 'LibTorch cannot load the model');
    assert.match(await said(bad, { device }), 'device cuda is not available here');
    await host.close();
  });
});

whenThere(['compiler', 'libtorch'], () => {
  test('a message that cannot be read ends the C++ end of a session, and says why', () => {
    for (const [line, said] of [
      ['x float8 2', 'a tensor of float8 came in'],
      ['x float32 -2', 'a tensor of size -2 came in'],
    ]) {
      const text = `run 1\n${line}`;
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      const input = Buffer.concat([length, Buffer.from(text), Buffer.alloc(64)]);
      const { status, stdout } = spawnSync(sessionProgram, { input });
      assert.is(status, 1);
      assert.ok(stdout.toString('latin1').includes(`failed call ${said}`));
    }
  });
});

whenThere(['compiler', ...runtimes], () => {
  test('what the README shows for this system runs', async () => {
    const readme = readFileSync(join(source, 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) =>
      block!.trim().split('\n'),
    );
    assert.is(blocks.flat().length, 6);
    for (const line of blocks.flat()) {
      const words = wordsOf(line.replace(/^npx /, ''));
      const made = words[0] === 'nanoc' ? await nanoc([...words.slice(1), '--force']) : undefined;
      const { code, err } = made ?? start('sh', ['-c', `cd "${root}" && ${line}`]);
      assert.is(code, 0, `${line}: ${err}`);
    }
  });
});

test.run();
