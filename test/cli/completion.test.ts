/** Completion as the shells themselves give it, held against what `--help` shows. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, written } from './run_cli.ts';

type Shell = 'bash' | 'zsh' | 'fish';

const script = async (shell: Shell): Promise<string> => {
  const { code, out, err } = await nanoc(['completion', shell]);
  assert.is(code, 0, err);
  return written(`nanoc.${shell}`, out);
};

/** Registers tests where the shell is there; else they are skipped for people and fail in CI. */
function withShell(shell: Shell, tests: () => void): void {
  if (spawnSync(shell, ['-c', 'exit 0']).status === 0) {
    tests();
    return;
  }
  const why = `no ${shell} (apt-get install ${shell})`;
  if (process.env['CI'] === 'true')
    test(shell, () => assert.unreachable(`CI needs what is not here: ${why}`));
  else {
    process.stdout.write(`skipped: ${why}\n`);
    test.skip(shell, () => {});
  }
}

/** What the shell offers for the last of some words: [words, what must be there, what must not]. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['comp', ['compile', 'completion'], ['verify']],
  ['compile --dtype ', ['f32', 'f16', 'bf16'], ['onnx']],
  ['compile --layout tr', ['transformers.js', 'triton'], ['plain']],
  ['compile --mod', ['--model-tag'], ['--dtype']],
  ['inspect hunyuan', ['hunyuan_v1_dense'], ['llama']],
  ['completion ', ['bash', 'zsh', 'fish'], ['llama']],
];

/** Lines of bash that print what it would complete. */
function bashOffers(file: string, lines: readonly string[]): readonly (readonly string[])[] {
  const calls = lines.map((line) => {
    const words = ['nanoc', ...line.split(' ')].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _nanoc; echo "\${COMPREPLY[*]}"`;
  });
  const text = ['set -u', `source '${file}'`, ...calls].join('\n');
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', text], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  assert.is(stderr, '');
  return stdout.split('\n').map((line) => line.split(' ').filter((word) => word !== ''));
}

withShell('bash', () => {
  test('bash offers verbs, options, values and specs', async () => {
    const found = bashOffers(
      await script('bash'),
      cases.map(([line]) => line),
    );
    for (const [i, [line, there, absent]] of cases.entries()) {
      for (const word of there) assert.ok(found[i]!.includes(word), `${line}: ${found[i]}`);
      for (const word of absent) assert.not(found[i]!.includes(word), `${line}: ${found[i]}`);
    }
  });

  test('bash offers every option that --help shows, and the values that it lists', async () => {
    const file = await script('bash');
    const verbs = (await nanoc(['--help'])).out.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm);
    let count = 0;
    for (const [, verb] of verbs) {
      if (verb === 'help') continue;
      const help = (await nanoc([verb!, '--help'])).out;
      const shown = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((m) => m[1]!);
      const listed = help.split(/\n(?= {2}-)/).flatMap((entry) => {
        const [, option] = /^ {2}(?:-\w, )?(--[a-z-]+) </.exec(entry) ?? [];
        const [, words] = /\[(?!default)([^\];]+)[^\]]*\]\n*$/.exec(entry.split('\n\n')[0]!) ?? [];
        return option && words ? [{ option, words: words.split(/,\s+/) }] : [];
      });
      const [options, ...values] = bashOffers(file, [
        `${verb} -`,
        ...listed.map(({ option }) => `${verb} ${option} `),
      ]);
      for (const option of shown) assert.ok(options!.includes(option), `${verb} ${option}`);
      for (const [i, { option, words }] of listed.entries())
        assert.equal(values[i], words, `${verb} ${option}`);
      count += shown.length + listed.length;
    }
    assert.ok(count > 80, `${count}`);
  });

  test('bash takes a value after a sign of equality, and offers files where nothing is known', async () => {
    const file = await script('bash');
    assert.equal(bashOffers(file, ['compile --dtype = b', 'compile --checkpoint ']).slice(0, 2), [
      ['bf16'],
      [],
    ]);
    const how = spawnSync('bash', ['--norc', '-c', `source '${file}'; complete -p nanoc`], {
      encoding: 'utf8',
    });
    assert.match(how.stdout, '-o default');
  });
});

withShell('fish', () => {
  test('fish offers the same', async () => {
    const file = await script('fish');
    const home = { ...process.env, HOME: folder(), XDG_CONFIG_HOME: join(folder(), 'config') };
    for (const [line, there, absent] of cases) {
      const call = `source '${file}'; complete -C 'nanoc ${line}'`;
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', call], {
        encoding: 'utf8',
        env: home,
      });
      assert.is(stderr, '');
      const found = stdout.split('\n').map((text) => text.split('\t')[0]!);
      for (const word of there) assert.ok(found.includes(word), `${line}: ${found}`);
      for (const word of absent) assert.not(found.includes(word), `${line}: ${found}`);
    }
  });
});

/** A terminal of zsh's own: types a line and the tab key, and prints what then stands in the line. */
const zshTerminal = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "PS1=; stty -echo; autoload -U compinit; compinit -u -D; source '$1'; bindkey '^I' complete-word; show-line(){ print -r -- \\"<line>\\$BUFFER</line>\\" }; zle -N show-line; bindkey '^X' show-line; print ready"
zpty -r shell out '*ready*'
zpty -w -n shell "nanoc $2"$'\\t\\C-X'
zpty -r shell out '*</line>*'
print -r -- $out
zpty -d shell
`;

withShell('zsh', () => {
  test('zsh completes what only one word fits', async () => {
    const file = await script('zsh');
    const terminal = written('terminal.zsh', zshTerminal);
    for (const [line, whole] of [
      ['veri', 'verify '],
      ['compile --dtype bf', 'compile --dtype bf16 '],
      ['compile --model-', 'compile --model-tag '],
      ['inspect hunyuan', 'inspect hunyuan_v1_dense '],
      ['completion fi', 'completion fish '],
    ]) {
      const { stdout } = spawnSync('zsh', ['-f', terminal, file, line!], {
        encoding: 'utf8',
      });
      assert.match(stdout, `<line>nanoc ${whole}</line>`);
    }
  });
});

test('another shell is refused by the names of those that there are', async () => {
  const { code, err } = await nanoc(['completion', 'zhs']);
  assert.is(code, 2);
  assert.match(err, 'did you mean zsh? allowed: bash, zsh, fish.');
});

test.run();
