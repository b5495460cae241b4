/** What `--help` gives as examples, typed in a folder that has what they name. */

import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, nanocShown, root, tiny } from '../cli/run_cli.ts';
import { wordsOf } from './command_lines.ts';

const cwd = folder();
cpSync(`${tiny}/base_checkpoints/d4`, join(cwd, 'checkpoint'), { recursive: true });
cpSync(`${tiny}/tokenizer`, join(cwd, 'checkpoint/tokenizer'), { recursive: true });
const chat = ['compile', '--checkpoint', `${tiny}/chatsft_checkpoints/d4`, '-o', 'chat.onnx'];
const made = await nanoc(chat, { cwd });

const elsewhere: Readonly<Record<string, string>> = {
  'nanoc chat chat.onnx': 'test/cli/chat.test.ts',
  'echo "What is 365-48?" | nanoc chat chat.onnx --temperature 0': 'test/docs/commands.test.ts',
  'source <(nanoc completion bash)': 'test/cli/completion.test.ts',
  'nanoc completion fish > ~/.config/fish/completions/nanoc.fish': 'test/cli/completion.test.ts',
};

/** In an order in which what one makes is there for the next. */
const verbs = [
  'new',
  'compile',
  'verify',
  'run',
  'chat',
  'bench',
  'check',
  'fmt',
  'inspect',
  'specs',
  'targets',
  'completion',
];
const seen: string[] = [];

test('every verb has examples', async () => {
  assert.is(made.code, 0, made.err);
  const listed = (await nanoc(['--help'])).out.matchAll(/^ {2}([a-z]+) (?:\[options\]|<)/gm);
  assert.equal([...listed].map((m) => m[1]).sort(), [...verbs].sort());
});

for (const verb of verbs) {
  test(`the examples of ${verb} do what they say`, async () => {
    const { out } = await nanoc([verb, '--help']);
    const examples = out.split('\nExamples:\n')[1]!.trimEnd().split('\n');
    assert.ok(examples.length > 0);
    for (const line of examples.map((text) => text.trim())) {
      seen.push(line);
      if (line in elsewhere) continue;
      const [first, ...args] = wordsOf(line);
      assert.is(first, 'nanoc', line);
      const ran = await nanocShown(args, { cwd });
      assert.is(ran.code, 0, `${line}\n${ran.shown}`);
      assert.not.match(ran.shown, 'ended its text at once', line);
    }
  });
}

test('what is run elsewhere is shown, and run there', () => {
  for (const [line, file] of Object.entries(elsewhere)) {
    assert.ok(seen.includes(line), line);
    assert.ok(existsSync(join(root, file)), file);
  }
});

test.run();
