import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, lines, nanoc, root, written } from './run_cli.ts';

const broken = `model broken {
  config {
    dim   = 16 from "n_embd"
    vocab = 32 from "vocab_size"
  }
  wte: Embedding(vocab, dim)
  up: Linear(dim, 4 * dim)
  down: Linear(dim, dim)
  head: Lineer(dim, vocab)

  forward(tokens: int64[B, T]) -> logits: float32[B, T, vocab] {
    x = wte(tokens)
    h = down(up(x))
    y = rms_nrm(x)
    return head(y)
  }
}
`;

test('three errors come out in one run, each with its place and what to type', async () => {
  const file = written('broken.nanospec', broken);
  const { code, out, err } = await nanoc(['check', file]);
  assert.is(code, 1);
  assert.is(out, '');
  assert.match(err, `${file}:9:9 error N201: unknown block \`Lineer\``);
  assert.match(err, 'hint: did you mean `Linear`?');
  assert.match(err, `${file}:13:9 error N301`);
  assert.match(err, 'found    [B, T, 4 * dim (64)]');
  assert.match(err, `${file}:14:9 error N201: unknown name \`rms_nrm\``);
  assert.match(err, '3 errors');
});

test('machines get one object a line on stdout, and nothing on stderr', async () => {
  const file = written('broken.nanospec', broken);
  const { code, out, err } = await nanoc(['check', '--json', file]);
  assert.is(code, 1);
  assert.is(err, '');
  const all = lines(out).map((line) => JSON.parse(line));
  assert.equal(
    all.map((d) => [d.code, d.severity, d.span.start.line]),
    [
      ['N201', 'error', 9],
      ['N301', 'error', 13],
      ['N201', 'error', 14],
    ],
  );
});

test('every shipped spec is fine, by file and by name, with dashes too', async () => {
  const { out } = await nanoc(['specs', '--json']);
  const names = lines(out).map((line): string => JSON.parse(line).name);
  assert.ok(names.length >= 8);
  const { code, err } = await nanoc([
    'check',
    ...names,
    'nanochat-2025-10',
    'examples/nanochat_2026_01.nanospec',
  ]);
  assert.is(code, 0, err);
  assert.is(lines(err).length, names.length + 2);
});

test('a config that is set is the one that is checked', async () => {
  assert.is((await nanoc(['check', 'nanochat', '--set', 'heads=8', '--set', 'dim=1024'])).code, 0);
  const { code, err } = await nanoc(['check', 'nanochat', '--set', 'heads=7', '--set', 'kv_heads=3']);
  assert.is(code, 1);
  assert.match(err, 'heads must be a multiple of kv_heads');
  const unknown = await nanoc(['check', 'nanochat', '--set', 'hedas=8']);
  assert.is(unknown.code, 1);
  assert.match(unknown.err, 'heads');
});

test('files that are not there, folders and unknown names are refused with what to do', async () => {
  const missing = await nanoc(['check', 'nowhere/m.nanospec']);
  assert.is(missing.code, 1);
  assert.match(missing.err, 'error N507: spec nowhere/m.nanospec does not exist');
  assert.match((await nanoc(['check', `${root}test`])).err, 'is a folder');
  const near = await nanoc(['check', 'nanochta']);
  assert.is(near.code, 1);
  assert.match(near.err, 'did you mean `nanochat`?');
});

test('a spec that is not there does not hide what is wrong with the next', async () => {
  const { code, err } = await nanoc(['check', 'nowhere.nanospec', written('broken.nanospec', broken)]);
  assert.is(code, 1);
  assert.match(err, 'N507: spec nowhere.nanospec does not exist');
  assert.match(err, 'N301');
});

test('machines get a wrong command line as one object too', async () => {
  for (const [args, said] of [
    [['chekc', '--json'], "unknown command 'chekc'"],
    [['check', '--json'], "missing required argument 'spec'"],
    [['check', '--json', '--set', 'a', 'nanochat'], 'say name=value'],
  ] as const) {
    const { code, out, err } = await nanoc(args);
    assert.is(code, 2);
    assert.is(err, '');
    const { code: name, message } = JSON.parse(out);
    assert.is(name, 'N510');
    assert.match(message, said);
  }
});

test('a wrong command line ends with 2 and says what is right', async () => {
  for (const [args, said] of [
    [['check'], "missing required argument 'spec'"],
    [['check', '--sett', 'a=1', 'nanochat'], 'Did you mean --set?'],
    [['check', '--set', 'a', 'nanochat'], 'say name=value'],
    [['chekc', 'nanochat'], 'Did you mean check?'],
    [['export', 'nanochat'], 'Did you mean compile?'],
    [['my.nanospec'], 'Did you mean nanoc compile my.nanospec?'],
    [['check', '--color', 'pink', 'nanochat'], 'auto, always, never'],
  ] as const) {
    const { code, out, err } = await nanoc(args);
    assert.is(code, 2, args.join(' '));
    assert.match(err, said);
    assert.is(out, '');
  }
});

test('no verb at all shows the help and ends with 2; asking for it ends with 0', async () => {
  const bare = await nanoc([]);
  assert.is(bare.code, 2);
  assert.match(bare.err, 'Usage: nanoc');
  const asked = await nanoc(['--help']);
  assert.is(asked.code, 0);
  for (const verb of ['compile', 'verify', 'run', 'chat', 'check', 'fmt', 'inspect', 'targets', 'specs']) {
    assert.match(asked.out, new RegExp(`^  ${verb} `, 'm'));
    assert.is((await nanoc([verb, '--help'])).code, 0);
  }
  const { version } = JSON.parse(bytesOf(join(root, 'package.json')).toString());
  assert.is((await nanoc(['--version'])).out, `${version}\n`);
});

test('colour is there when asked for and never under --json', async () => {
  const file = written('broken.nanospec', broken);
  assert.match((await nanoc(['check', '--color', 'always', file])).err, '\u001b[31;1m');
  assert.not.match(
    (await nanoc(['check', file], { env: { NO_COLOR: '', FORCE_COLOR: '0' } })).err,
    '\u001b[',
  );
  assert.not.match((await nanoc(['check', '--color', 'always', '--json', file])).out, '\u001b[');
});

test('quiet leaves the errors and nothing else', async () => {
  assert.equal(await nanoc(['check', '--quiet', 'nanochat']), { code: 0, out: '', err: '' });
  const { code, err } = await nanoc(['check', '--quiet', written('broken.nanospec', broken)]);
  assert.is(code, 1);
  assert.match(err, 'N301');
});

test('a spec of the user includes those that ship by their names, unless one of that name lies beside it', async () => {
  const own = written('mine.nanospec', bytesOf(join(root, 'examples/gemma3.nanospec')));
  const { code, err } = await nanoc(['check', own]);
  assert.is(code, 0, err);
  writeFileSync(join(dirname(own), 'gemma2.nanospec'), 'block Norm(n) { }');
  const beside = await nanoc(['check', own]);
  assert.is(beside.code, 1);
  assert.match(beside.err, /gemma2 has no|N20\d/);
});

test.run();
