/** The compiler as a page would load it: bundled for browsers, in a context that has nothing of Node. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as registry from '../../backends/index.ts';
import * as compiler from '../../compiler/compile.ts';
import { emitOptions } from '../../driver/target_options.ts';

type Library = Pick<typeof registry, 'findBackend'> & Pick<typeof compiler, 'compile'>;

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = {
  name: 'gpt2.nanospec',
  text: readFileSync(`${root}examples/gpt2.nanospec`, 'utf8'),
};
const sizes = { vocab: 64, context: 32, layers: 1, heads: 2, dim: 32, hidden: 64 };

async function inPage(): Promise<Library> {
  const contents = `export { compile } from './compiler/compile.ts'; export { findBackend } from './backends/index.ts';`;
  const { outputFiles } = await build({
    ...{ stdin: { contents, resolveDir: root }, bundle: true, write: false, logLevel: 'error' },
    ...{ format: 'iife', globalName: 'library', platform: 'browser', target: 'es2022' },
  });
  const page = createContext({ TextEncoder, TextDecoder });
  return runInContext(`${outputFiles[0]!.text}; library`, page) as Library; // of these two exports
}

/** Files as a target gives them, each as its sha256. */
function made({ compile, findBackend }: Library, target: string, seed: number): readonly string[] {
  const backend = findBackend(target);
  const options = emitOptions(backend, {}, `m${backend.extension}`);
  const { value } = compile({
    ...{ source, include: () => undefined, seed, set: new Map(Object.entries(sizes)) },
    wholeWeights: backend.wholeWeights ?? false,
    backendPasses: backend.passes(options),
  });
  assert.ok(value);
  return Array.from(backend.emit({ ...value, options }).files, (file) => {
    const hash = createHash('sha256');
    for (const chunk of file.chunks()) hash.update(chunk);
    return hash.digest('hex');
  });
}

const page = await inPage();

for (const { name: target } of registry.backends) {
  test(`${target}: a page writes the bytes that Node writes`, () => {
    const here = made({ ...registry, ...compiler }, target, 3);
    assert.equal(made(page, target, 3), here);
    assert.not.equal(made(page, target, 4), here, 'of other weights other bytes');
  });
}

test.run();
