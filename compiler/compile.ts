/**
 * The driver, read first: from the text of a spec and a checkpoint to a legal graph, its manifest and its weights.
 * What turns them into files is a backend, which is no business of this folder; its passes come as an argument.
 */

import type { File } from '../spec/ast.ts';
import { Bug, type Diagnostic, error, hasErrors, type Outcome } from '../spec/diagnostic.ts';
import { constant } from '../spec/dim.ts';
import { smallest } from '../spec/long_list.ts';
import { parse } from '../spec/parse.ts';
import type { ConfigValue, ElaborationOptions, Program } from '../spec/program.ts';
import type { Source } from '../spec/source.ts';
import type { GraphDType } from '../spec/type.ts';
import { build } from './build.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { version } from './generated/version.ts';
import type { Graph } from './graph/ir.ts';
import { type Recorder, recordIncludes, specIdentity, weightsIdentity } from './identity.ts';
import type { Pass } from './passes/pass.ts';
import { pipeline, runPasses } from './pipeline.ts';
import { boundaryOf } from './ports/boundary.ts';
import { contextOf } from './ports/context.ts';
import { type CacheForm, type Manifest, manifestVersion } from './ports/manifest.ts';
import { type Logits, usualLogits } from './ports/usual_logits.ts';
import { type Binding, bind } from './weights/bind.ts';
import { plainValues } from './weights/plain_values.ts';
import type { WeightSource } from './weights/source.ts';
import { weightSource } from './weights/weight_source.ts';

export interface CompileRequest {
  readonly source: Source;
  readonly include: ElaborationOptions['include'];
  /** Without a checkpoint the weights are random, made from `seed`. */
  readonly checkpoint?: Checkpoint;
  readonly seed?: number;
  readonly set?: ReadonlyMap<string, ConfigValue>;
  readonly ignoreExtra?: readonly string[];
  readonly maxSeqLen?: number;
  readonly cache?: CacheForm;
  /** Slots of a static cache; the model's context by default. */
  readonly slots?: number;
  /** A model without a cache takes a mask and positions all the same. */
  readonly padded?: boolean;
  /** `usual` is what the sizes suggest. */
  readonly logits?: Logits | 'usual';
  readonly storage?: GraphDType;
  readonly compute?: GraphDType;
  /** Parameters stay as the checkpoint has them; views of them stay in the graph. */
  readonly wholeWeights?: boolean;
  /** States of fixed length go by the names of further layers. */
  readonly statesAsLayers?: boolean;
  /** Caches that keep all tokens have an output of the call's own rows too, so that a host need not take all that it has. */
  readonly newRows?: boolean;
  /** Passes of the backend, run after the common ones. */
  readonly backendPasses?: readonly Pass[];
  readonly trace?: (pass: string, line: string) => void;
  readonly onPass?: (pass: Pass, graph: Graph) => void;
}

export interface Compiled {
  readonly program: Program;
  /** The graph as built, before any pass. */
  readonly built: Graph;
  /** The graph as built for float32, which no value of the narrower types overflows: what the verifier believes; made when asked for. */
  readonly believed: Graph;
  /** The same with its ports placed and nothing else changed: what a failure is looked for with. */
  readonly reference: Graph;
  /** The graph after all passes, for a backend. */
  readonly graph: Graph;
  readonly manifest: Manifest;
  readonly weights: WeightSource;
  /** Weights of `believed`, read and rounded by code that models are not written with; for the verifier. */
  readonly plainWeights: Pick<WeightSource, 'values'>;
  /** Weights of any other graph of this compilation: `reference`, or one between two passes. */
  readonly weightsOf: (graph: Graph) => WeightSource;
}

/** The reference needs these passes too. */
const changesBoundary = (pass: Pass): boolean => pass.changesBoundary === true;

export function compile(request: CompileRequest): Outcome<Compiled> {
  const { cache = 'dynamic', storage = 'float32', compute = 'float32' } = request;

  // 1. Text to syntax tree.
  const parsed = parse(request.source);
  if (!parsed.value || hasErrors(parsed.diagnostics)) return { diagnostics: parsed.diagnostics };

  // 2. Check it with the checkpoint's config, and build the graph in the same walk.
  const recorder = recordIncludes(request.source, request.include);
  const { program, graph: raw, ...built } = build(parsed.value, buildOptions(request, recorder, compute));
  const soFar = [...parsed.diagnostics, ...built.diagnostics];
  if (!program || !raw || hasErrors(soFar)) return { diagnostics: soFar };

  // 3. Bind the checkpoint's tensors to the parameters, both ways.
  const bound = bindWeights(request, program);
  const covered = contextOf(raw);
  const { maxSeqLen: context = covered } = request;
  const diagnostics = [...soFar, ...bound.diagnostics, ...tooManyPositions(context, covered)];
  if (hasErrors(diagnostics)) return { diagnostics };

  // 4. Place the ports, fold, name, lower: see pipeline.ts for the order.
  const slots = cache === 'static' ? (request.slots ?? context) : undefined;
  const { wholeWeights = false, statesAsLayers = false, newRows = false } = request;
  const padded = cache !== 'none' || (request.padded ?? false);
  const asked = request.logits ?? 'all';
  const logits = asked === 'usual' ? usualLogits(logitsWidth(raw), { slots, context }) : asked;
  const common = pipeline({
    ...{ cache, padded, logits, storage, compute, wholeWeights, statesAsLayers, newRows },
    ...(slots === undefined ? {} : { slots }),
  });
  const passes = [...common, ...(request.backendPasses ?? [])];
  const graph = runPasses(raw, passes, observers(request));
  // Who only writes a model asks for neither of these.
  const { value: file } = parsed;
  const believed = once(() => (compute === 'float32' ? raw : inFloat32(file, request, recorder)));
  const reference = once(() => runPasses(believed(), common.filter(changesBoundary)));

  // 5. What a runtime must know, and where the bytes come from.
  const manifest: Manifest = {
    version: manifestVersion,
    producer: `nanoc ${version}`,
    model: program.model,
    spec: specIdentity(request.source, recorder),
    config: program.config,
    weights: weightsIdentity(bound.value, request.seed ?? 0),
    passes: passes.map((p) => p.name),
    cache,
    ...(slots === undefined ? {} : { slots }),
    ...(context === undefined ? {} : { context }),
    ...{ logits, vocab: vocabOf(graph), storage, compute },
    ...boundaryOf(graph),
  };
  const from = bound.value ? { binding: bound.value } : { seed: request.seed ?? 0 };
  const weightsOf = (of: Graph): WeightSource => weightSource({ graph: of, storage, ...from });
  const plainWeights = once(() => plainValues({ graph: believed(), storage, ...from }));
  const made = { program, built: raw, graph, manifest, weights: weightsOf(graph), weightsOf };
  return { value: withLazy(made, { believed, reference, plainWeights }), diagnostics };
}

/** Makes a value when it is first asked for. */
function once<R>(make: () => R): () => R {
  let made: { readonly value: R } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type Made<M> = { readonly [K in keyof M]: M[K] extends () => infer R ? R : never };

/** `to` with properties whose values are made when they are read. */
function withLazy<T extends object, M extends Readonly<Record<string, () => unknown>>>(
  to: T,
  makes: M,
): T & Made<M> {
  for (const [name, get] of Object.entries(makes)) Object.defineProperty(to, name, { get, enumerable: true });
  return to as T & Made<M>;
}

/** Rotary tables are computed for any number of positions; a learned table cannot be extended. */
const tooManyPositions = (asked = 0, covered = Number.POSITIVE_INFINITY): readonly Diagnostic[] =>
  asked <= covered
    ? []
    : [
        error('N706', `--max-seq-len ${asked}: the model has a table of learned positions, of ${covered}`, {
          hint: 'only rotations can be computed for more',
        }),
      ];

const buildOptions = (
  { checkpoint, set, maxSeqLen }: CompileRequest,
  recorder: Recorder,
  compute: GraphDType,
): ElaborationOptions => ({
  include: recorder.include,
  compute,
  ...(checkpoint ? { config: checkpoint.config ?? null } : {}),
  ...(checkpoint?.configFile ? { configFile: checkpoint.configFile } : {}),
  ...(set ? { set } : {}),
  ...(maxSeqLen === undefined ? {} : { maxSeqLen }),
});

/** The graph of the spec in float32, without the roundings of the narrower dtype that it is compiled for. */
function inFloat32(file: File, request: CompileRequest, recorder: Recorder): Graph {
  const { graph } = build(file, buildOptions(request, recorder, 'float32'));
  if (!graph) throw new Bug('a spec that can be built for one dtype cannot be for float32');
  return graph;
}

function bindWeights(request: CompileRequest, program: Program): Outcome<Binding> {
  const { checkpoint, ignoreExtra = [] } = request;
  if (!checkpoint) return { diagnostics: [] };
  const { binding, ...bound } = bind(program, checkpoint, { ignoreExtra, file: checkpoint.path });
  const diagnostics = [...(checkpoint.warnings ?? []), ...bound.diagnostics];
  return binding ? { value: binding, diagnostics } : { diagnostics };
}

const observers = ({ trace, onPass }: CompileRequest) => ({
  ...(trace ? { trace } : {}),
  ...(onPass ? { onPass } : {}),
});

function logitsWidth({ nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>): number {
  const logits = outputs.find((o) => o.name === 'logits') ?? outputs[0];
  return (logits && constant(nodes[logits.node]!.type.shape.at(-1)!)) ?? 0;
}

/** The number of token ids that have both logits and a row in every table of embeddings. */
function vocabOf({ nodes, outputs }: Graph): number {
  const width = logitsWidth({ nodes, outputs });
  const tables = nodes.filter(
    ({ op, inputs }) => op === 'gather' && nodes[inputs[1]!]!.attrs['name'] === 'input_ids',
  );
  const rows = tables.map(({ inputs }) => constant(nodes[inputs[0]!]!.type.shape[0]!) ?? width);
  return smallest(rows, width);
}
