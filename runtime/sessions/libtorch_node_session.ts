/** Sessions on LibTorch: TorchScript archives, run by a Python process that has torch, or by a C++ program that does the same. */

import { availableParallelism } from 'node:os';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Feeds, Session } from '../../compiler/ports/session.ts';
import { Bug, type Diagnostic, error, Refusal } from '../../spec/diagnostic.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { findPythons } from './find_python_node.ts';
import { type Answer, type Child, ChildGone, ChildTooSlow, startChild } from './libtorch_child_node.ts';
import { program } from './libtorch_program.ts';
import { byteLength, fromBytes, isDType, toBytes } from './libtorch_wire.ts';

export interface LibtorchModel {
  /** Path of the file, whose own code is run when there is no `rewritten`. */
  readonly model: string;
  readonly manifest: Manifest;
  readonly rewritten?: Rewritten;
  /** `cpu` or `cuda`; any other name is refused. */
  readonly device?: string;
}

/** What is loaded instead of a file; of the file only the bytes of tensors are read. */
export interface Rewritten {
  /** An archive whose tensors have shapes but no numbers of their own. */
  readonly archive: Uint8Array;
  /** Where the bytes of each tensor begin in the file, by paths in the tree of modules. */
  readonly offsets: ReadonlyMap<string, number>;
}

export interface HostOptions {
  /** Python interpreters to try, instead of those found on this machine. */
  readonly pythons?: readonly string[];
  /** nanoc-libtorch-session of `examples/cpp_libtorch`, for where no Python has torch; `NANOC_LIBTORCH` by default. */
  readonly native?: string;
  /** Seconds that one call may take before the process is given up. */
  readonly callSeconds?: number;
  /** Threads that one call takes; by default those of OMP_NUM_THREADS, or all that the machine has. */
  readonly threads?: number;
  /** Ends the process when aborted, even during a call. */
  readonly signal?: AbortSignal;
}

/** A process with torch in it, in which several models can be open. */
export interface LibtorchHost {
  /** Version of torch. */
  readonly version: string;
  /** Refuses with N703 without the device, and with N704 an archive that does not load. */
  open(model: LibtorchModel): Promise<Session>;
  close(): Promise<void>;
}

export interface SessionOptions extends LibtorchModel, HostOptions {
  /** Runs the code of the file itself, which may do whatever this process may. */
  readonly trustCode?: boolean;
}

/** A process of its own, which ends with the session. Refuses with N709 code that is neither checked nor trusted. */
export async function libtorchSession(options: SessionOptions): Promise<Session> {
  if (!options.rewritten && !options.trustCode) {
    throw new Refusal([
      error('N709', 'the code of an archive is run as it is, and nobody has looked at it', {
        file: options.model,
        hint: 'libtorchSession(checkArchive(readArchive(path))) runs what nanoc wrote; `trustCode: true` runs the rest',
      }),
    ]);
  }
  const host = await startLibtorch(options);
  try {
    const session = await host.open(options);
    return { ...session, close: () => host.close() };
  } catch (cause) {
    await host.close();
    throw cause;
  }
}

/** Python before the C++ program; refuses with N702 where there is neither. */
export async function startLibtorch(options: HostOptions = {}): Promise<LibtorchHost> {
  const {
    pythons = findPythons(),
    native = process.env['NANOC_LIBTORCH'],
    callSeconds = 600,
    threads,
    signal,
  } = options;
  const why: string[] = [];
  const commands = [
    ...pythons.map((command) => ({ command, args: ['-c', program] })),
    ...(native ? [{ command: native, args: [] }] : []),
  ];
  for (const { command, args } of commands) {
    const child = startChild({
      command,
      args,
      callSeconds,
      env: threadsEnv(threads),
      ...(signal ? { signal } : {}),
    });
    try {
      const [line = ''] = await child.greeting();
      if (line.startsWith('ready ')) return hostOf(child, line.slice('ready '.length));
      why.push(`${command}: ${line.replace(/^missing /, '')}`);
    } catch (cause) {
      if (!(cause instanceof ChildGone)) throw cause;
      why.push(`${command}: ${cause.message}`);
    }
    await child.close();
  }
  throw new Refusal([notInstalled(why)]);
}

/** Read by torch when it starts, by both libraries that it may share work out with; what the user has set for all programs stands. */
function threadsEnv(threads: number | undefined): Readonly<Record<string, string>> {
  const count = String(threads ?? (process.env['OMP_NUM_THREADS'] || availableParallelism()));
  return { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count };
}

const notInstalled = (why: readonly string[]): Diagnostic =>
  error('N702', 'LibTorch cannot be run: no Python with torch was found', {
    found: why.length > 0 ? why.join('; ') : 'no python3 on the PATH',
    hint:
      'apt-get install python3-torch, or pip install torch; NANOC_PYTHON=/path/to/python names an interpreter ' +
      'that is not on the PATH, NANOC_LIBTORCH the program of examples/cpp_libtorch',
  });

function hostOf(child: Child, version: string): LibtorchHost {
  let opened = 0;
  return {
    version,
    async open({ model, manifest, rewritten, device = 'cpu' }) {
      const id = opened++;
      if (device !== 'cpu' && device !== 'cuda') throw new Refusal([noDevice(device, 'LibTorch has it not')]);
      if (/[\r\n]/.test(model)) throw new Refusal([unloadable(model, 'a line break in its name')]);
      const [more, body] = rewritten ? messageOf(rewritten) : [[], []];
      const { lines } = await exchangeOrRefuse(
        child,
        model,
        [`load ${id} ${device} ${model}`, ...more],
        body,
      );
      const call: Callee = { child, id, model, manifest, takes: lines.slice(1).map(argumentOf) };
      return {
        label: `libtorch ${version} ${device}`,
        manifest,
        optional: call.takes.flatMap(({ name, kind }) => (kind === 'optional' ? [name] : [])),
        run: (feeds, fetches) => callForward(call, feeds, fetches),
        close: async () => void (await exchangeOrRefuse(child, model, [`drop ${id}`])),
      };
    },
    close: () => child.close(),
  };
}

const messageOf = ({ archive, offsets }: Rewritten): [readonly string[], readonly Uint8Array[]] => [
  [`archive ${archive.length}`, ...[...offsets].map(([path, offset]) => `${offset} ${path}`)],
  [archive],
];

/** An argument of `forward`. */
interface Argument {
  readonly name: string;
  readonly kind: 'tensor' | 'optional' | 'list';
}

function argumentOf(line: string): Argument {
  const [name = '', type = ''] = line.split(' ');
  const kind = type.startsWith('List[') ? 'list' : type.startsWith('Optional[') ? 'optional' : 'tensor';
  return { name, kind };
}

interface Reply {
  readonly lines: readonly string[];
  readonly tensors: readonly Tensor[];
}

/** One exchange; an error of the child or of torch is thrown as a refusal. */
async function exchangeOrRefuse(
  child: Child,
  file: string,
  lines: readonly string[],
  body: readonly Uint8Array[] = [],
): Promise<Reply> {
  const readReply = (answer: Answer): Promise<Reply> => {
    const [, kind, why = ''] = /^failed (\w+) (.*)$/.exec(answer.lines[0] ?? '') ?? [];
    if (kind === undefined) return tensorsOf(answer);
    if (kind === 'call') throw new Error(why);
    throw new Refusal([kind === 'device' ? noDevice('cuda', why) : unloadable(file, why)]);
  };
  try {
    return await child.exchange(lines, body, readReply);
  } catch (cause) {
    if (!(cause instanceof ChildGone)) throw cause;
    throw new Refusal([gone(file, cause)]);
  }
}

const gone = (file: string, cause: ChildGone): Diagnostic =>
  error('N704', 'the LibTorch process is gone', {
    file,
    found: cause.message,
    hint:
      cause instanceof ChildTooSlow
        ? 'a model that takes so long for one call needs a longer --deadline; one whose code never ends needs none'
        : 'memory is what most often runs out; NANOC_PYTHON=/path/to/python tries another torch',
  });

const noDevice = (device: string, found: string): Diagnostic =>
  error('N703', `device ${device} is not available here`, {
    found,
    hint: 'CUDA needs an NVIDIA driver and a torch that was built for it; --device cpu always works',
  });

const unloadable = (file: string, found: string): Diagnostic =>
  error('N704', 'LibTorch cannot load the model', { file, found });

async function tensorsOf({ lines, body }: Answer): Promise<Reply> {
  if (lines[0] !== 'done') return { lines, tensors: [] };
  const tensors: Tensor[] = [];
  for (const line of lines.slice(1)) {
    const [dtype = '', ...sizes] = line.split(' ');
    if (!isDType(dtype)) throw new Bug(`the LibTorch program sent a tensor of ${dtype}`);
    const shape = sizes.map(Number);
    tensors.push(fromBytes(dtype, shape, await body(byteLength(dtype, shape))));
  }
  return { lines, tensors };
}

interface Callee {
  readonly child: Child;
  readonly id: number;
  readonly model: string;
  readonly manifest: Manifest;
  readonly takes: readonly Argument[];
}

async function callForward(
  { child, id, model, manifest, takes }: Callee,
  feeds: Feeds,
  fetches: readonly string[] | undefined,
): Promise<Readonly<Record<string, Tensor>>> {
  const lines = [`run ${id}`];
  const body: Uint8Array[] = [];
  const put = (argument: string, name: string): void => {
    const value = feeds[name];
    if (!value) throw new Error(`the call gives no ${name}`);
    lines.push([argument, value.dtype, ...value.shape].join(' '));
    body.push(toBytes(value));
  };
  for (const { name, kind } of takes) {
    if (kind === 'list') {
      lines.push(`${name}[]`);
      for (const port of manifest.ports) put(`${name}[]`, port.input);
    } else if (kind === 'tensor' || feeds[name]) put(name, name);
  }
  const { tensors } = await exchangeOrRefuse(child, model, lines, body);
  const names = returned(manifest);
  if (tensors.length !== names.length)
    throw new Error(`it gives ${tensors.length} tensors, and its manifest lists ${names.length}`);
  const all = names.map((name, i) => [name, tensors[i]!] as const);
  return Object.fromEntries(all.filter(([name]) => fetches?.includes(name) ?? true));
}

/** Names of results in the order of `forward`: logits and other outputs, then the ports. */
function returned({ outputs, ports }: Manifest): readonly string[] {
  const lists = ports.map((p) => p.output);
  return [...outputs.map((o) => o.name).filter((name) => !lists.includes(name)), ...lists];
}
