import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encode } from '../../../backends/onnx/schema.ts';
import { framed, held, joined } from '../../../backends/onnx/wire.ts';
import { compileSmall, modelBytes, small, type Wanted } from './small_models.ts';

const script = fileURLToPath(new URL('./check.py', import.meta.url));

/** A Python that has the onnx package; Debian's own has it where another comes first on the path. */
const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import onnx'], { stdio: 'ignore' }).status === 0,
);

interface Verdict {
  readonly path: string;
  readonly problem: string | null;
}

/** What the checker says of each model, by name. */
function check(models: Readonly<Record<string, Uint8Array>>): ReadonlyMap<string, string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'nanoc-checker-'));
  try {
    const paths = Object.entries(models).map(([name, bytes]) => {
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, bytes);
      return path;
    });
    const lines = execFileSync(python!, [script, ...paths], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const verdicts = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Verdict); // as check.py prints them
    return new Map(verdicts.map(({ path, problem }) => [basename(path, '.onnx'), problem]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Debian's onnx knows opset 17. */
const wanted: Readonly<Record<string, Omit<Wanted, 'opset'>>> = {
  dynamic: {},
  none: { cache: 'none' },
  static: { cache: 'static', logits: 'last' },
};

if (!python) {
  test('models pass onnx.checker', () => {
    const hint = 'no Python with onnx here: apt-get install python3-onnx';
    assert.not(process.env['CI'], hint);
    console.log(`  skipped: ${hint}`);
  });
} else {
  test('every spec passes onnx.checker in full and strict shape inference, in every form', () => {
    const models = Object.keys(small).flatMap((spec) =>
      Object.entries(wanted).map(([form, options]) => {
        const bytes = modelBytes(compileSmall(spec, { opset: 17, ...options }), 17);
        return [`${basename(spec)}-${form}`, bytes] as const;
      }),
    );
    const verdicts = check(Object.fromEntries(models));
    assert.is(verdicts.size, models.length);
    for (const [name, problem] of verdicts) assert.is(problem, null, `${name}: ${problem}`);
  });

  test('the checker sees a node that takes what nobody makes, and shapes that contradict', () => {
    const bytes = modelBytes(compileSmall('examples/nanochat_2025_10', { opset: 17 }), 17);
    const bent = (graph: object): Uint8Array => {
      const added = framed('ModelProto', 'graph', [held(encode('GraphProto', graph))]);
      return Buffer.concat([bytes, ...joined(added).bytes()]);
    };
    const shape = { dim: [{ dimValue: 3 }] };
    const verdicts = check({
      sound: bytes,
      loose: bent({ node: [{ name: 'n', opType: 'Neg', input: ['nowhere'], output: ['y'] }] }),
      contrary: bent({
        node: [{ name: 'n', opType: 'Neg', input: ['transformer.wte.weight'], output: ['y'] }],
        valueInfo: [{ name: 'y', type: { tensorType: { elemType: 1, shape } } }],
      }),
    });
    assert.is(verdicts.get('sound'), null);
    assert.match(verdicts.get('loose') ?? '', 'nowhere');
    assert.match(verdicts.get('contrary') ?? '', /[Ii]nfer/);
  });
}

test.run();
