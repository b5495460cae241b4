/** What a spec makes with some sizes: its parameters, ports and graph in figures, and what its passes did. */

import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { type Compiled, compile } from '../../compiler/compile.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { hasErrors, Refusal } from '../../spec/diagnostic.ts';
import { showShape } from '../../spec/dim.ts';
import type { Program } from '../../spec/program.ts';
import type { Source } from '../../spec/source.ts';
import type { CompileOptions } from '../compile_options.ts';
import { type PassRow, watchPasses } from '../page/html_passes.ts';
import { type Reporter, silent } from '../reporter.ts';
import {
  type BlockFigures,
  type Flops,
  flopsPerToken,
  type PortBytes,
  parameterCount,
  parametersByBlock,
  portBytes,
} from '../spec_figures.ts';
import { loadSpec } from '../specs/load_spec.ts';

export interface SpecReportOptions
  extends Pick<CompileOptions, 'checkpoint' | 'step' | 'set' | 'includeFolder'> {
  /** Passes that run after ours. */
  readonly passes?: readonly Pass[];
}

/** Plain values, as `nanoc inspect --json` prints them. */
export interface SpecReport {
  readonly model: string;
  readonly parameters: number;
  readonly config: Program['config'];
  readonly unread: Program['unread'];
  /** The most positions; null where nothing bounds them. */
  readonly context: number | null;
  readonly cache: PortBytes;
  readonly flops: Flops;
  readonly nodes: number;
  readonly blocks: readonly BlockFigures[];
  readonly params: readonly Pick<Program['params'][number], 'path' | 'key' | 'shape' | 'shapeText'>[];
  readonly ports: readonly {
    readonly name: string;
    readonly shape: string;
    readonly last: number | null;
  }[];
}

export interface InspectedSpec {
  readonly report: SpecReport;
  readonly compiled: Compiled;
  readonly source: Source;
  readonly passes: readonly PassRow[];
}

/** `what` is a path or the name of a shipped spec. Warnings are reported; errors are thrown as a Refusal. */
export function inspectSpec(
  what: string,
  { checkpoint, step, set, includeFolder, passes = [] }: SpecReportOptions = {},
  io: Reporter = silent,
): InspectedSpec {
  const opened = checkpoint ? openCheckpoint(checkpoint, step === undefined ? {} : { step }) : undefined;
  const { source, include } = loadSpec(what, opened, includeFolder);
  // Only the config of the checkpoint matters here; its tensors are bound when something is compiled.
  const watched = watchPasses();
  const { value, diagnostics } = compile({
    source,
    include,
    ...(set ? { set } : {}),
    backendPasses: passes,
    ...watched.observers,
    ...(opened ? { checkpoint: opened } : {}),
  });
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  return { report: reportOf(value), compiled: value, source, passes: watched.rows(value.built) };
}

/** Tokens over which attention is counted where nothing bounds the context. */
const usualContext = 2048;

function reportOf({ program, manifest, graph, reference }: Compiled): SpecReport {
  return {
    model: program.model,
    parameters: parameterCount(program),
    config: program.config,
    unread: program.unread,
    context: manifest.context ?? null,
    cache: portBytes(program),
    flops: flopsPerToken(reference, manifest.context ?? usualContext),
    nodes: graph.nodes.length,
    blocks: parametersByBlock(program),
    params: program.params.map(({ path, key, shape, shapeText }) => ({ path, key, shape, shapeText })),
    ports: program.ports.map((p) => ({ name: p.name, shape: showShape(p.type.shape), last: p.last ?? null })),
  };
}
