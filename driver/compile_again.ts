/** The command line that compiles a model again, read off the model: what every message about one of another nanoc says. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Layout } from '../backends/layout/layout.ts';
import type { WrittenModel } from '../backends/request_again.ts';
import { sidecarName } from '../backends/sidecar.ts';
import { build } from '../compiler/build.ts';
import { seedOf, specOf } from '../compiler/identity.ts';
import { contextOf } from '../compiler/ports/context.ts';
import { logitsIn, type Manifest } from '../compiler/ports/manifest.ts';
import { usualLogits } from '../compiler/ports/usual_logits.ts';
import { parse } from '../spec/parse.ts';
import type { ConfigValue } from '../spec/program.ts';
import { type ComparedWeights, cacheWord, defaults, dtypeWords } from './compile_options.ts';
import { folderAround, layoutAround } from './layout_folders.ts';
import { usualTarget } from './registry.ts';
import { shippedSpecs } from './shipped.ts';
import { configValue } from './specs/config_value.ts';
import { typedOption } from './target_options.ts';

type Written = Pick<WrittenModel, 'manifest' | 'emit' | 'backend'> & { readonly path: string };

/** `compared` says where the weights and the plugins are, where somebody has named them; `PATH` stands for what nobody has. */
export function compileAgain(model: Written, compared: ComparedWeights = {}): string {
  const { path, manifest, backend } = model;
  const layout = writtenAs(path);
  const target = backend.name === usualTarget().name ? [] : ['--target', backend.name];
  const folder = layout && folderAround(layout, path);
  return [
    ...['nanoc', 'compile', specName(manifest)],
    ...weightWords(manifest, compared),
    ...manifest.config
      .filter(({ from }) => from === 'set')
      .flatMap(({ name, value }) => ['--set', `${name}=${setText(value)}`]),
    ...formWords(manifest, layout),
    ...(layout ? ['--layout', layout.name] : []),
    ...(layout?.wantsTokenizer ? ['--tokenizer', folder!] : []),
    ...target,
    ...optionWords(model, layout),
    ...(compared.plugin ?? []).flatMap((file) => ['--plugin', file]),
    ...['-o', folder ?? path, '--force'],
  ]
    .map(shellWord)
    .join(' ');
}

/** As it was typed: the name of a spec that ships, or of the file. */
const specName = ({ spec: { name } }: Manifest): string =>
  shippedSpecs().find((spec) => `${spec.name}.nanospec` === name)?.name ?? name;

function weightWords(
  manifest: Manifest,
  { checkpoint, step, source, modelTag, opened }: ComparedWeights,
): readonly string[] {
  const steps = step === undefined ? [] : ['--step', String(step)];
  if (source !== undefined)
    return ['--source', source, ...(modelTag === undefined ? [] : ['--model-tag', modelTag]), ...steps];
  const seed = seedOf(manifest);
  const path = checkpoint ?? opened?.path;
  if (path === undefined && seed !== undefined) return seed === defaults.seed ? [] : ['--seed', String(seed)];
  return ['--checkpoint', path ?? 'PATH', ...steps];
}

/** What `--set` reads as the same value again. */
function setText(value: ConfigValue): string {
  if (value === null) return 'none';
  return typeof value === 'string' && configValue(value) === value ? value : JSON.stringify(value);
}

function formWords(manifest: Manifest, layout: Layout | undefined): readonly string[] {
  const { cache, slots, context, logits, storage } = manifest;
  const dtype = Object.keys(dtypeWords).find((word) => dtypeWords[word] === storage);
  return [
    ...(storage === defaults.dtype || dtype === undefined ? [] : ['--dtype', dtype]),
    ...(cache === defaults.cache.form
      ? []
      : ['--cache', cacheWord({ form: cache, ...(slots === undefined ? {} : { slots }) })]),
    ...(logits === (layout ? 'last' : usualLogits(logitsIn(manifest), manifest)) ? [] : ['--logits', logits]),
    ...(context === undefined || context === declaredContext(manifest)
      ? []
      : ['--max-seq-len', String(context)]),
  ];
}

/** What the spec says when nobody says otherwise; undefined where this nanoc cannot read it. */
function declaredContext(manifest: Manifest): number | undefined {
  const { source, include } = specOf(manifest);
  const { value: file } = parse(source);
  const set = new Map(manifest.config.map(({ name, value }) => [name, value]));
  const { graph } = file ? build(file, { include, set }) : {};
  return graph && contextOf(graph);
}

function optionWords({ emit, backend: { options = {} } }: Written, layout: Layout | undefined) {
  return Object.entries(options).flatMap(([name, option]) => {
    const usual = name === 'metadata' ? (layout ? 'hash' : 'full') : option.default;
    const value = emit[name];
    return value === undefined || value === usual ? [] : typedOption(name, value).split(' ');
  });
}

/** The layout that a model was written in, of which its manifest says nothing. */
const writtenAs = (path: string): Layout | undefined =>
  existsSync(join(dirname(path), sidecarName)) ? layoutAround(path) : undefined;

/** Quoted where a shell would read something else. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
