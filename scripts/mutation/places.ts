/** Where a mutation may strike, and what it can spoil there. */

import { readdirSync } from 'node:fs';

export type Kind = 'onnx' | 'torchscript' | 'passes' | 'runtime' | 'shared' | 'checks';

interface Place {
  readonly kind: Kind;
  readonly folder: string;
  /** Names of files; all when absent. */
  readonly files?: RegExp;
  /** Test files that cover it, by a word of their path. */
  readonly tests: readonly string[];
}

/**
 * `shared`: what the interpreter that verifies goes by too, so that only someone else's numbers can tell. `checks`: what says that
 * others are right, which unit tests alone can tell.
 */
export const places: readonly Place[] = [
  {
    kind: 'onnx',
    folder: 'backends/onnx',
    files: /^(lower|native|write_|graph_writer|sizes|site|flatten|inner|emitter)/,
    tests: ['backends/onnx'],
  },
  {
    kind: 'torchscript',
    folder: 'backends/torchscript',
    files:
      /^(lowering|native|functions|expr|method|model_methods|scan_|region_|site|sizes|slots|value_names)/,
    tests: ['backends/torchscript'],
  },
  { kind: 'passes', folder: 'compiler/passes', tests: ['compiler/passes', 'compiler/pipeline'] },
  {
    kind: 'passes',
    folder: 'compiler/ports',
    files: /^(place_|ambient_values|port_names)/,
    tests: ['compiler/passes', 'compiler/ports', 'compiler/pipeline'],
  },
  {
    kind: 'passes',
    folder: 'compiler/graph',
    files: /^(meaning|recognise|regions|rewrite|substitute|token_axis)/,
    tests: ['compiler/passes', 'compiler/graph', 'compiler/pipeline'],
  },
  {
    kind: 'passes',
    folder: 'compiler/evaluate',
    files: /^table/,
    tests: ['compiler/passes', 'compiler/evaluate', 'compiler/pipeline'],
  },
  { kind: 'passes', folder: 'compiler/scan', files: /^place/, tests: ['compiler/scan'] },
  {
    kind: 'passes',
    folder: 'compiler/weights',
    files: /^(apply_steps|convert|merged_axes|view|weight_source)/,
    tests: ['compiler/weights'],
  },
  { kind: 'runtime', folder: 'runtime', files: /^(cache|port_memory)/, tests: ['runtime/'] },
  {
    kind: 'runtime',
    folder: 'runtime/sessions',
    files: /^(half|ort_tensors|libtorch_wire)/,
    tests: ['runtime/'],
  },
  { kind: 'shared', folder: 'spec/ops', tests: ['spec/ops', 'compiler/evaluate'] },
  { kind: 'shared', folder: 'spec/primitives', tests: ['spec/primitives', 'compiler/evaluate'] },
  {
    kind: 'shared',
    folder: 'spec/elaborate/builtins',
    files: /^(attention|cache|scan|rotary)/,
    tests: ['spec/elaborate'],
  },
  {
    kind: 'shared',
    folder: 'spec/elaborate/bodies',
    files: /^(mixture|iterations)/,
    tests: ['spec/elaborate'],
  },
  {
    kind: 'shared',
    folder: 'spec/elaborate/values',
    files: /^positions/,
    tests: ['spec/elaborate'],
  },
  {
    kind: 'shared',
    folder: 'compiler/evaluate',
    files: /^evaluate/,
    tests: ['compiler/evaluate', 'compiler/scan'],
  },
  { kind: 'shared', folder: 'compiler/scan', files: /^(body|sink)/, tests: ['compiler/scan'] },
  { kind: 'shared', folder: 'compiler/experts', tests: ['compiler/experts'] },
  { kind: 'checks', folder: 'spec', files: /^dim/, tests: ['spec/dim', 'spec/elaborate', 'compiler/graph'] },
  { kind: 'checks', folder: 'runtime/verify', tests: ['runtime/verify', 'golden/nanochat'] },
];

export interface Struck extends Place {
  readonly path: string;
}

export const filesOf = (root: string, of: readonly Place[] = places): readonly Struck[] =>
  of.flatMap((place) =>
    readdirSync(`${root}/${place.folder}`)
      .filter((name) => name.endsWith('.ts') && (place.files?.test(name) ?? true))
      .map((name) => ({ ...place, path: `${place.folder}/${name}` })),
  );
