/** The same tests for every target that ships: what runs its models is taken from the registry, unless many can share one process. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'uvu';
import { backends } from '../../backends/index.ts';
import { onnx } from '../../backends/onnx/index.ts';
import { torchscript } from '../../backends/torchscript/index.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { openable, usualTarget } from '../../driver/registry.ts';
import { onnxSession } from '../../runtime/sessions/onnx_node_session.ts';
import type { Made } from './compile_fixture.ts';
import { withTorch } from './torch_here.ts';

export interface EachTarget {
  readonly target: string;
  /** Whether it is the one that is meant when none is named, which tests look at more closely. */
  readonly isUsual: boolean;
  open(made: Made): Promise<Session>;
}

/** `tests` add to the `Test` that they are given; run once for a file. */
export async function forEachTarget(tests: (each: EachTarget, test: Test) => void): Promise<void> {
  for (const { name: target } of backends) {
    const each = { target, isUsual: target === usualTarget().name };
    if (target === onnx.name)
      tests({ ...each, open: (made) => onnxSession({ ...contentOf(made), device: 'cpu' }) }, test);
    else if (target === torchscript.name)
      await withTorch((torch, within) => {
        const open = async ({ compiled, bytes }: Made): Promise<Session> => {
          const model = torch.file(`m${torchscript.extension}`, bytes);
          const session = await torch.host.open({ model, manifest: compiled.manifest });
          rmSync(model);
          return session;
        };
        tests({ ...each, open }, within);
      });
    else tests({ ...each, open: (made) => openedAgain(target, made) }, test);
  }
}

const contentOf = ({ compiled, bytes }: Made) => ({ model: bytes, manifest: compiled.manifest });

/** As `nanoc run` opens it. */
async function openedAgain(target: string, { bytes }: Made): Promise<Session> {
  const { file, extension } = openable().find(({ name }) => name === target)!; // repository/registries asks for it
  const folder = mkdtempSync(join(tmpdir(), 'nanoc-each-'));
  const path = join(folder, `m${extension}`);
  writeFileSync(path, bytes);
  const session = await file.read(path, {}).open('cpu');
  const close = async (): Promise<void> => {
    await session.close();
    rmSync(folder, { recursive: true });
  };
  return { ...session, close };
}
