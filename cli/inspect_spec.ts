/** Prints a summary of a spec: its sizes, parameters, ports and their cost. */

import { basename, dirname } from 'node:path';
import { writeArtifact } from '../backends/write_artifact_node.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { type Compiled, compile } from '../compiler/compile.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { bytes } from '../driver/byte_count.ts';
import { noteSwept } from '../driver/output_path.ts';
import { groupKeys } from '../driver/page/group_keys.ts';
import { drawingOf } from '../driver/page/html_model.ts';
import { page } from '../driver/page/html_page.ts';
import { type PassRow, watchPasses } from '../driver/page/html_passes.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { type Flops, flopsPerToken, parameterCount, parametersByBlock } from '../driver/spec_figures.ts';
import { loadSpec } from '../driver/specs/load_spec.ts';
import { hasErrors, Refusal } from '../spec/diagnostic.ts';
import { constant, showShape } from '../spec/dim.ts';
import type { Program } from '../spec/program.ts';
import type { Source } from '../spec/source.ts';
import { product } from '../spec/tensor.ts';
import { bytesPerElement } from '../spec/type.ts';
import type { Context } from './command.ts';
import type { InspectOptions } from './options/inspect_options.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

/** `backendPasses` are those of plugins. */
export async function inspectSpec(
  cx: Context,
  what: string,
  options: InspectOptions,
  backendPasses: readonly Pass[],
): Promise<void> {
  const { io } = cx;
  const { checkpoint, step, set, html, includeFolder } = options;
  const opened = checkpoint ? openCheckpoint(checkpoint, step === undefined ? {} : { step }) : undefined;
  const { source, include } = loadSpec(what, opened, includeFolder);
  // Only the config of the checkpoint matters here; its tensors are bound when something is compiled.
  const watched = watchPasses();
  const { value, diagnostics } = compile({
    source,
    include,
    set,
    backendPasses,
    ...watched.observers,
    ...(opened ? { checkpoint: opened } : {}),
  });
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  if (html !== undefined)
    await writePage(cx, html, pageOf(value, watched.rows(value.built), source), options);
  if (io.options.json) io.json(asJson(value));
  else io.result(card(value));
}

function pageOf(compiled: Compiled, passes: readonly PassRow[], source: Source): string {
  const { program, graph, manifest } = compiled;
  const count = parameterCount(program);
  const { perToken, fixed } = portBytes(program);
  const { weights, attention, keys } = flopsOf(compiled);
  const { context } = manifest;
  return page({
    title: program.model,
    facts: [
      ['parameters', count.toLocaleString('en')],
      ['weights', `${bytes(4 * count)} f32, ${bytes(2 * count)} f16 or bf16`],
      [
        'FLOPs of a token',
        shortCount(weights) +
          (attention > 0 ? `, and ${shortCount(attention)} for attention over ${keys} tokens` : ''),
      ],
      ...(perToken > 0 ? [['cache of a token', bytes(perToken)] as const] : []),
      ...(fixed > 0 ? [['cache of a row', bytes(fixed)] as const] : []),
      ...(context === undefined
        ? []
        : [[`cache of ${context} tokens`, bytes(perToken * context + fixed)] as const]),
      ['graph', `${graph.nodes.length} nodes`],
    ],
    ...drawingOf(graph, source),
    shares: parametersByBlock(program),
    passes,
  });
}

async function writePage({ io, signal }: Context, path: string, text: string, { force }: InspectOptions) {
  const data = new TextEncoder().encode(text);
  const file = { name: basename(path), size: data.length, chunks: () => [data] };
  const overwrite = force ?? false;
  await writeArtifact({ files: [file], diagnostics: [] }, dirname(path), {
    signal,
    overwrite,
    onSwept: noteSwept(io),
  });
  io.note(`${path}: ${bytes(data.length)}, open it in a browser`);
}

/** Bytes that one more token adds to the ports that grow, and bytes of those that do not, for one row at float32. */
function portBytes({ ports }: Program): { readonly perToken: number; readonly fixed: number } {
  let [perToken, fixed] = [0, 0];
  for (const { type, last, carried } of ports) {
    const sizes = type.shape.slice(carried ? 1 : 2);
    const one = sizes.reduce((n, d) => n * (constant(d) ?? 1), bytesPerElement[type.dtype]);
    if (carried) fixed += one;
    else if (last === undefined) perToken += one;
    else fixed += one * last;
  }
  return { perToken, fixed };
}

const holds = ({ type, last, carried }: Program['ports'][number]): string =>
  `${showShape(type.shape)}${carried ? ', carried' : last === undefined ? '' : `, the last ${last}`}`;

/** Operations per token over the context, or over a fixed number of tokens where nothing bounds it. */
const flopsOf = ({ manifest, reference }: Compiled): Flops =>
  flopsPerToken(reference, manifest.context ?? 2048);

function flopsText({ weights, attention, keys }: Flops): string {
  const more = attention > 0 ? `, ${shortCount(attention)} more for attention over ${keys} tokens` : '';
  return `FLOPs: ${shortCount(weights)} a token for the weights${more}`;
}

function blocks(program: Program, count: number): string {
  const share = (n: number): string => `${((100 * n) / count).toFixed(1)} %`;
  const rows = parametersByBlock(program).map((b) => [
    b.block,
    shortCount(b.parameters),
    share(b.parameters),
  ]);
  return table(
    [{ title: 'block' }, { title: 'parameters', align: 'right' }, { title: 'share', align: 'right' }],
    rows,
  );
}

function card(compiled: Compiled): string {
  const { program, manifest, graph } = compiled;
  const count = parameterCount(program);
  const { perToken, fixed } = portBytes(program);
  const config = program.config.map((e) => `${e.name} = ${JSON.stringify(e.value)}`).join(', ');
  const rows = groupKeys(program.params.map((p) => ({ key: p.path, traits: p.shapeText, p }))).map(
    ({ name, members }) => [
      name,
      members[0]!.p.shapeText,
      shortCount(members.reduce((sum, { p }) => sum + product(p.shape), 0)),
    ],
  );
  const { context } = manifest;
  const atContext =
    context === undefined ? '' : `, ${bytes(perToken * context + fixed)} at ${context} tokens`;
  return laidOut([
    `${program.model}: ${shortCount(count)} parameters (${count})`,
    `config: ${config || 'none'}`,
    ...(program.unread.length > 0
      ? [`not read from the checkpoint's config: ${program.unread.join(', ')}`]
      : []),
    `weights: ${bytes(4 * count)} as f32, ${bytes(2 * count)} as f16 or bf16`,
    `cache: ${program.ports.length} ports, ${bytes(perToken)} a token and row${fixed > 0 ? `, ${bytes(fixed)} a row` : ''}${atContext}`,
    flopsText(flopsOf(compiled)),
    `graph: ${graph.nodes.length} nodes`,
    '',
    blocks(program, count),
    '',
    table([{ title: 'parameter' }, { title: 'shape' }, { title: 'count', align: 'right' }], rows),
    '',
    table(
      [{ title: 'port' }, { title: 'holds' }],
      groupKeys(program.ports.map((p) => ({ key: p.name, traits: holds(p) }))).map(({ name, members }) => [
        name,
        members[0]!.traits,
      ]),
    ),
  ]);
}

function asJson(compiled: Compiled): unknown {
  const { program, manifest, graph } = compiled;
  return {
    model: program.model,
    parameters: parameterCount(program),
    config: program.config,
    unread: program.unread,
    context: manifest.context ?? null,
    cache: portBytes(program),
    flops: flopsOf(compiled),
    nodes: graph.nodes.length,
    blocks: parametersByBlock(program),
    params: program.params.map(({ path, key, shape, shapeText }) => ({ path, key, shape, shapeText })),
    ports: program.ports.map((p) => ({ name: p.name, shape: showShape(p.type.shape), last: p.last ?? null })),
  };
}
