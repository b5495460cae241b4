import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lettersTokenizer } from '../harness/letters.ts';
import { command, folder, lines, nanoc, nanocProcess, root, tiny } from './run_cli.ts';

interface Text {
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly engine_ids: readonly number[];
  readonly engine_text: string;
  readonly nostop_ids: readonly number[];
}

// Written by nanochat's own engine.
const texts = JSON.parse(readFileSync(`${tiny}/reference/base_greedy.json`, 'utf8')) as readonly Text[];
const model = join(folder(), 'tiny.onnx');
const made = await nanoc(['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', model]);

test("text goes on as nanochat's engine goes on, and stops where it stops", async () => {
  assert.is(made.code, 0, made.err);
  for (const { prompt, engine_text } of texts) {
    const { code, out, err } = await nanoc(['run', model, '--prompt', prompt, '-n', '64', '--stats']);
    assert.is(code, 0, err);
    assert.is(out, `${engine_text.replace(/<\|bos\|>$/, '')}\n`);
    assert.match(err, /^\d+ tokens, first after \d+ ms, then \d+\.\d a second\n$/);
  }
});

test('an empty prompt is a text from its beginning, or refused where nothing begins a text', async () => {
  const { code, out } = await nanoc(['run', model, '--prompt', '', '-n', '5']);
  assert.is(code, 0);
  assert.ok(out.length > 1);
  const none = await nanoc(['run', model, '--prompt', '', '--tokenizer', lettersTokenizer(2)]);
  assert.is(none.code, 1);
  assert.match(none.err, /N705: the prompt has no tokens/);
  assert.match(none.err, 'no token that begins a text');
});

test('ids come out where ids went in', async () => {
  const { prompt_ids, nostop_ids } = texts[1]!;
  const { code, out } = await nanoc(['run', model, '--tokens', prompt_ids.join(','), '-n', '64']);
  assert.is(code, 0);
  assert.is(out, `${nostop_ids.join(' ')}\n`);
  const json = await nanoc(['run', model, '--tokens', prompt_ids.join(' '), '-n', '5', '--json']);
  assert.equal(
    lines(json.out).map((line) => JSON.parse(line).token),
    nostop_ids.slice(0, 5),
  );
});

const answerOf = ({ engine_text }: Text): string => engine_text.replace(/<\|bos\|>$/, '');

test('several prompts in a batch say what each says alone, one below the other', async () => {
  const given = texts.flatMap(({ prompt }) => ['--prompt', prompt]);
  const { code, out, err } = await nanoc(['run', model, ...given, '-n', '64']);
  assert.is(code, 0, err);
  assert.is(err, '');
  assert.is(out, texts.map((t, i) => `--- ${i + 1}\n${answerOf(t)}\n`).join(''));
  const ids = texts.flatMap(({ prompt_ids }) => ['--tokens', prompt_ids.join(',')]);
  const numbers = await nanoc(['run', model, ...ids, '-n', '64']);
  assert.is(numbers.out, texts.map((t, i) => `--- ${i + 1}\n${t.nostop_ids.join(' ')}\n`).join(''));
});

test('a text that the model ends at once is said to be so, row by row', async () => {
  const one = await nanoc(['run', model, '--prompt', 'JULIET:', '-n', '8']);
  assert.is(one.out, '\n');
  assert.is(
    one.err,
    'the model ended its text at once\n' +
      'it may go on from a line break: end the prompt in \\n, and add -e\n',
  );
  const prompts = ['JULIET:', 'My lord', 'ROMEO:'].flatMap((text) => ['--prompt', text]);
  const three = await nanoc(['run', model, ...prompts, '--num-samples', '2', '-n', '8']);
  assert.match(three.err, /^1, 2, 5, 6: the model ended its text at once\n/);
  assert.is((await nanoc(['run', model, '--prompt', 'JULIET:', '--quiet'])).err, '');
  const ids = await nanoc(['run', model, '--tokens', texts[0]!.prompt_ids.join(','), '-n', '4']);
  assert.is(ids.err, '');
});

test('with -e a backslash and an n are a line break, and without it that is said', async () => {
  const run = (...args: string[]) => nanoc(['run', model, '-n', '8', ...args]);
  const real = await run('--prompt', 'JULIET:\n');
  assert.ok(real.out.trim().length > 8, real.out);
  assert.is(real.err, '');
  const escaped = await run('-e', '--prompt', 'JULIET:\\n');
  assert.equal(escaped, real);
  assert.is((await run('-e', '--prompt', 'a\\\\n\\q')).out, (await run('--prompt', 'a\\n\\q')).out);
  const plain = await run('--prompt', 'JULIET:\\n');
  assert.is.not(plain.out, real.out);
  assert.match(plain.err, 'the prompt has a backslash and an n in it; with -e they mean a line break');
  const stopped = await run('-e', '--prompt', 'JULIET:\\n', '--stop', ', my', '-n', '40');
  assert.is(stopped.out, "I'll tell you\n");
});

test('the text is the same with any number of threads, and a number that is none is refused', async () => {
  const text = async (...more: string[]) => nanoc(['run', model, '--prompt', 'ROMEO:\n', '-n', '9', ...more]);
  const usual = await text();
  for (const threads of ['1', '3']) assert.equal(await text('--threads', threads), usual);
  for (const bad of ['0', '-1', '1.5', 'all', '5000']) {
    const { code, err } = await text('--threads', bad);
    assert.is(code, 2);
    assert.match(err, 'say a whole number of at least 1 and at most 1024');
  }
});

test('samples of one prompt are those of the seeds from --seed on', async () => {
  const args = ['--prompt', 'ROMEO:\n', '-n', '20', '--temperature', '0.9', '--json'];
  const made = async (...more: string[]) =>
    lines((await nanoc(['run', model, ...args, ...more])).out).map((line) => JSON.parse(line));
  const three = await made('--num-samples', '3', '--seed', '5');
  for (const row of [0, 1, 2]) {
    const alone = await made('--seed', String(5 + row));
    const mine = three.filter((step) => step.row === row);
    assert.equal(
      mine.map(({ token }) => token),
      alone.map(({ token }) => token),
    );
    assert.ok(['stop', 'length'].includes(mine.at(-1).end));
  }
  assert.is.not(
    String(three.map((s) => s.row === 0 && s.token)),
    String(three.map((s) => s.row === 1 && s.token)),
  );
});

test('a text ends before --stop, wherever its tokens end', async () => {
  const [first] = texts as readonly [Text];
  const whole = answerOf(first);
  const middle = whole.slice(20, 29);
  const { out } = await nanoc(['run', model, '--prompt', first.prompt, '-n', '64', '--stop', middle]);
  assert.is(out, `${whole.slice(0, whole.indexOf(middle))}\n`);
  const never = await nanoc(['run', model, '--prompt', first.prompt, '-n', '64', '--stop', `${middle}\0`]);
  assert.is(never.out, `${whole}\n`);
  const { nostop_ids, prompt_ids } = first;
  const ids = ['--tokens', prompt_ids.join(','), '--stop', String(nostop_ids[4])];
  const ended = await nanoc(['run', model, ...ids]);
  assert.is(ended.out, `${nostop_ids.slice(0, nostop_ids.indexOf(nostop_ids[4]!) + 1).join(' ')}\n`);
});

test('what is there already comes less often with a penalty', async () => {
  const repeated = async (...more: string[]): Promise<number> => {
    const { out } = await nanoc(['run', model, '--tokens', '7,8,7,8', '-n', '80', ...more]);
    const tokens = out.trim().split(' ');
    return tokens.length - new Set(tokens).size;
  };
  assert.ok((await repeated('--repetition-penalty', '1.5')) < (await repeated()));
  assert.is(await repeated('--repetition-penalty', '1'), await repeated());
});

test('draws are those of the seed', async () => {
  const draw = async (...more: string[]): Promise<string> => {
    const args = ['--prompt', 'ROMEO:\n', '-n', '30', '--temperature', '0.9', '--top-k', '50'];
    const { code, out, err } = await nanoc(['run', model, ...args, ...more]);
    assert.is(code, 0, err);
    return out;
  };
  const one = await draw('--seed', '1');
  assert.is(await draw('--seed', '1'), one);
  assert.is.not(await draw('--seed', '2'), one);
  assert.is(await draw('--seed', '1', '--top-k', '1'), await draw('--seed', '2', '--top-k', '1'));
  assert.ok((await draw('--seed', '3', '--top-p', '0.5', '--min-p', '0.05')).length > 1);
});

test('the prompt may come from stdin', () => {
  const { prompt, engine_text } = texts[0]!;
  const { code, out } = nanocProcess(['run', model, '--prompt', '-', '-n', '64'], prompt);
  assert.is(code, 0);
  assert.is(out, `${engine_text.replace(/<\|bos\|>$/, '')}\n`);
});

test('the tokenizer is found beside the model or where it is said to be', async () => {
  const lonely = join(folder(), 'tiny.onnx');
  cpSync(model, lonely);
  const none = await nanoc(['run', lonely, '--prompt', 'a']);
  assert.is(none.code, 1);
  assert.match(none.err, /N708: no tokenizer beside the model/);
  assert.match(none.err, '--tokenizer PATH');
  for (const at of [`${tiny}/tokenizer`, `${tiny}/tokenizer/tokenizer.pkl`, tiny]) {
    const { code, err } = await nanoc(['run', lonely, '--prompt', 'a', '-n', '2', '--tokenizer', at]);
    assert.is(code, 0, err);
  }
  cpSync(`${tiny}/tokenizer/tokenizer.pkl`, join(dirname(lonely), 'tokenizer.pkl'));
  assert.is((await nanoc(['run', lonely, '--prompt', 'a', '-n', '2'])).code, 0);
});

test('a missing tokenizer is said while standard input is still open', async () => {
  const lonely = join(folder(), 'tiny.onnx');
  cpSync(model, lonely);
  const child = spawn(process.execPath, command(['run', lonely, '--prompt', '-']), { cwd: root });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void said.push(text));
  const [code] = await once(child, 'close');
  assert.is(code, 1);
  assert.match(said.join(''), 'N708');
});

test('a tokenizer may be a rank file, or a vocabulary beside its merges', async () => {
  const json = JSON.parse(readFileSync(model.replace('.onnx', '.tokenizer.json'), 'utf8'));
  const names = ['vocab.json', 'merges.txt'];
  const texts = [JSON.stringify(json.model.vocab), json.model.merges.join('\n')];
  const two = folder();
  names.forEach((name, i) => {
    writeFileSync(join(two, name), texts[i]!);
  });
  const run = (tokenizer: string) =>
    nanoc(['run', model, '--prompt', 'JULIET', '-n', '3', '--tokenizer', tokenizer]);
  const fine = await run(two);
  assert.is(fine.code, 0, fine.err);
  assert.is((await run(join(two, 'vocab.json'))).out, fine.out);
  rmSync(join(two, 'merges.txt'));
  const alone = await run(join(two, 'vocab.json'));
  assert.is(alone.code, 1);
  assert.match(alone.err, 'merges.txt beside it');
  assert.match((await run(two)).err, 'a .tiktoken file, vocab.json with merges.txt');
});

test('what cannot be continued is refused with a reason', async () => {
  const both = await nanoc(['run', model, '--tokens', '1', '--prompt', 'a']);
  assert.match(both.err, 'give one of them');
  for (const [args, code, said] of [
    [['--tokens', '1,2,1024'], 'N705', 'whole numbers from 0 to 1023'],
    [['--tokens', Array(2561).fill('7').join(',')], 'N706', 'at most 2560 positions'],
    [['--tokens', '1', '--device', 'cuda'], 'N703', '--device cpu'],
  ] as const) {
    const ran = await nanoc(['run', model, ...args]);
    assert.is(ran.code, 1);
    assert.match(ran.err, `error ${code}`);
    assert.match(ran.err, said);
  }
  for (const args of [
    [],
    ['--prompt', 'a', '--tokens', '1'],
    ['--tokens', 'a'],
    ['--tokens', '1', '-n', '0'],
    ['--prompt', '-', '--prompt', '-'],
    ['--tokens', '1', '--stop', 'x'],
    ['--tokens', '1', '--repetition-penalty', '0.5'],
    ['--tokens', '1', '--num-samples', '0'],
  ]) {
    assert.is((await nanoc(['run', model, ...args])).code, 2, args.join(' '));
  }
});

test('a static cache ends where its slots end', async () => {
  const out = join(folder(), 'fixed.onnx');
  const from = ['--checkpoint', `${tiny}/base_checkpoints/d4`];
  assert.is((await nanoc(['compile', ...from, '--cache', 'static:8', '-o', out])).code, 0);
  assert.is((await nanoc(['run', out, '--tokens', '1,2,3', '-n', '6'])).code, 0);
  const over = await nanoc(['run', out, '--tokens', '1,2,3', '-n', '7']);
  assert.is(over.code, 1);
  assert.match(over.err, /N706: the text outgrows the static cache/);
  assert.match(over.err, '--cache static:N');
});

test('Ctrl-C ends the text with 130', async () => {
  const args = command(['run', model, '--tokens', '1,2,3', '-n', '2000']);
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  assert.is(code, 130);
});

test('a pipe that closes early is no failure', async () => {
  const args = command(['run', model, '--tokens', '1,2,3', '-n', '2000']);
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = await once(child, 'exit');
  assert.is(code, 0);
});

test.run();
