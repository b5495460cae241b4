/** Files of the TorchScript target, opened in a process that has LibTorch. */

import type { FileFacts, FileKind } from '../../backends/opened_model.ts';
import { checkArchive } from '../../backends/torchscript/check_archive.ts';
import { codeBlocks } from '../../backends/torchscript/code_blocks.ts';
import { codeFile } from '../../backends/torchscript/code_fault.ts';
import {
  emittedAs,
  isArchive,
  readArchive,
  type TorchscriptModel,
} from '../../backends/torchscript/read_archive.ts';
import type { LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { type LibtorchHost, startLibtorch } from '../../runtime/sessions/libtorch_node_session.ts';
import { bytes } from '../byte_count.ts';
import { archiveFault, openInsideArchive } from './open_inside_archive.ts';

export const torchscriptFile: FileKind = {
  recognises: isArchive,
  sharesExtension: true,
  isProgram: true,
  read(path, options) {
    const { plugins = [], signal, deadline, threads, again } = options;
    const model = readArchive(path);
    const { manifest } = model;
    const emit = emittedAs(model);
    // One process for the model and for looking into it: torch takes seconds to start.
    let host: LibtorchHost | undefined;
    const started = async (): Promise<LibtorchHost> => {
      host ??= await startLibtorch({
        ...(signal ? { signal } : {}),
        ...(deadline === undefined ? {} : { callSeconds: deadline }),
        ...(threads === undefined ? {} : { threads }),
      });
      return host;
    };
    return {
      ...{ manifest, emit },
      tensors: () => model.tensors,
      inside: async (compiled, ids, device) =>
        openInsideArchive(await started(), { model, compiled, options: emit, ids, device }),
      fault: (compiled) => archiveFault(model, compiled, emit),
      facts: () => factsOf(model),
      async open(device) {
        const loaded = options.trustCode
          ? { model: path, manifest }
          : checkArchive(model, { plugins, ...(again ? { again: again({ manifest, emit }) } : {}) });
        const running = await started();
        const close = async (): Promise<void> => {
          if (host === running) host = undefined; // so that it can be opened again
          await running.close();
        };
        try {
          return { ...(await running.open({ ...loaded, device })), close };
        } catch (cause) {
          await close();
          throw cause;
        }
      },
    };
  },
};

function factsOf({ manifest, code, tensors }: TorchscriptModel): FileFacts {
  const blocks = codeBlocks(code.get(codeFile) ?? '');
  const forward = forwardOf(blocks.at(-1)?.lines ?? []);
  const classes = blocks.filter((b) => b.kind === 'class').map((b) => b.name);
  const list = [...tensors.values()];
  const total = distinct(list).reduce((sum, t) => sum + t.storage.bytes, 0);
  return {
    head: `storage ${manifest.storage}, arithmetic ${manifest.compute}`,
    lines: [
      `${tensors.size} tensors of ${bytes(total)}; ${classes.length} classes: ${classes.join(', ')}`,
      forward,
    ],
    json: { forward, classes, tensors: list.map(({ name, dtype, shape }) => ({ name, dtype, shape })) },
  };
}

/** Tied parameters share their storage. */
const distinct = (tensors: readonly LazyTensor[]): readonly LazyTensor[] => [
  ...new Map(tensors.map((t) => [t.storage.offset, t])).values(),
];

/** The model is the last class; its signature may take several lines. */
function forwardOf(lines: readonly string[]): string {
  const start = lines.findIndex((line) => line.trim().startsWith('def forward('));
  const end = lines.findIndex((line, i) => i >= start && line.endsWith(':'));
  return lines
    .slice(Math.max(0, start), end + 1)
    .map((line) => line.trim())
    .join(' ')
    .replace(/^def /, '')
    .replace(/:$/, '');
}
