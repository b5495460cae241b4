/** LibTorch for tests: where there is none they are skipped for people and fail in CI. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'uvu';
import * as assert from 'uvu/assert';
import { findPythons } from '../../runtime/sessions/find_python_node.ts';
import { type LibtorchHost, startLibtorch } from '../../runtime/sessions/libtorch_node_session.ts';
import { Refusal } from '../../spec/diagnostic.ts';

export interface TorchHere {
  readonly host: LibtorchHost;
  /** The interpreter, for scripts. */
  readonly python: string;
  /** A file with these bytes that goes away with the tests. */
  file(name: string, bytes: Uint8Array): string;
}

// Models of tests are too small to be shared out, and threads that wait take the time of others.
process.env['OMP_NUM_THREADS'] ??= '1';

const hasTorch = (python: string): boolean =>
  spawnSync(python, ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)'])
    .status === 0;

/** `tests` add to `test`; run once for a file, which shares the process. */
export async function withTorch(tests: (torch: TorchHere, test: Test) => void): Promise<void> {
  const python = findPythons().find(hasTorch);
  const host = python === undefined ? undefined : await started(python);
  if (!host || python === undefined) {
    const what = 'Python with torch (apt-get install python3-torch)';
    if (process.env['CI'] === 'true')
      test('LibTorch is here', () => assert.unreachable(`CI needs a ${what}`));
    else {
      process.stdout.write(`skipped: no ${what}\n`);
      test.skip('runs in LibTorch', () => {});
    }
    return;
  }
  // So that commands that a test runs need not look for it again.
  process.env['NANOC_PYTHON'] ??= python;
  const folder = mkdtempSync(join(tmpdir(), 'nanoc-torch-'));
  let count = 0;
  tests(
    {
      host,
      python,
      file(name, bytes) {
        const path = join(folder, `${count++}-${name}`);
        writeFileSync(path, bytes);
        return path;
      },
    },
    test,
  );
  test.after(async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });
}

async function started(python: string): Promise<LibtorchHost | undefined> {
  try {
    return await startLibtorch({ pythons: [python] });
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}
