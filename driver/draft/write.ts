/** A draft as the text of a spec in canonical form. */

import { basename } from 'node:path';
import { Bug, hasErrors } from '../../spec/diagnostic.ts';
import { format } from '../../spec/format.ts';
import { parse } from '../../spec/parse.ts';
import { render } from '../../spec/render.ts';
import type { Block } from './notes.ts';

export interface Page {
  readonly name: string;
  /** Path of the checkpoint. */
  readonly source: string;
  /** The object of the config that holds the sizes. */
  readonly inside?: string;
  readonly entries: readonly string[];
  readonly expects: readonly string[];
  readonly rules: readonly string[];
  readonly constants: readonly string[];
  readonly rotary: readonly string[];
  readonly blocks: readonly Block[];
  readonly members: readonly string[];
  /** Statements. */
  readonly forward: string;
  /** The number of logits of a token, as text. */
  readonly logits: string;
  readonly assumed: readonly string[];
  readonly lacks: readonly string[];
}

export const marks = { assumed: '# taken for granted: ', lacks: '# missing: ' } as const;

/** `open` leaves out the lines that refuse to compile while something is missing. */
export function write(page: Page, { open = false } = {}): string {
  const text = [
    `## ${page.name}, drafted from the names, shapes and config of ${basename(page.source)}.`,
    `## What they cannot tell is marked "taken for granted" and "missing": see to each of them.`,
    `model ${page.name} {`,
    `config ${page.inside === undefined ? '' : `from ${JSON.stringify(page.inside)} `}{`,
    ...page.entries,
    ...page.expects,
    '}',
    ...(page.rules.length > 0 ? ['checkpoint {', ...page.rules, '}'] : []),
    ...said(page, open),
    ...page.constants,
    ...page.rotary,
    ...page.blocks.flatMap((block) => ['', ...blockText(block, open)]),
    '',
    ...page.members,
    '',
    `forward(tokens: int64[B, T]) -> logits: [B, T, ${page.logits}] {`,
    page.forward,
    '}',
    '}',
    '',
  ].join('\n');
  const { value, diagnostics } = parse({ name: `${page.name}.nanospec`, text });
  if (!value || hasErrors(diagnostics))
    throw new Bug(`a draft does not parse: ${render(diagnostics, { color: false })}`);
  return format(value);
}

const said = ({ assumed, lacks }: Pick<Page, 'assumed' | 'lacks'>, open: boolean): readonly string[] => [
  ...assumed.flatMap((what) => comment(marks.assumed, what)),
  ...lacks.flatMap((what) => [
    ...comment(marks.lacks, what),
    ...(open ? [] : [`require false, ${JSON.stringify(`say ${what}, then delete this line`)}`]),
  ]),
];

function blockText(block: Block, open: boolean): readonly string[] {
  const params = block.params.length > 0 ? `(${block.params.join(', ')})` : '';
  return [
    `block ${block.name}${params} {`,
    ...said(block, open),
    ...block.members,
    ...(block.forward === undefined ? [] : [`forward${block.forward}`]),
    '}',
  ];
}

/** A comment, broken into lines. */
function comment(mark: string, text: string): readonly string[] {
  const lines: string[] = [];
  let line = mark.trimEnd();
  for (const word of text.split(' ')) {
    if (line.length + word.length > 96) {
      lines.push(line);
      line = '#  ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
