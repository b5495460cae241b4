// What the command does, from a program: node whole_way.mjs CHECKPOINT FOLDER
//
// finds the spec and the tokenizer of a checkpoint, compiles it to ONNX, opens the file again, verifies it, continues a text, and
// drafts a spec of its own from the tensors, as `nanoc compile --verify`, `nanoc run` and `nanoc new --from-checkpoint` do.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compileTo,
  continueTexts,
  draft,
  findBackend,
  findSpec,
  openInputs,
  openModel,
  Refusal,
  render,
  verifyModel,
} from 'nanospec';

const [path, folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node whole_way.mjs CHECKPOINT FOLDER');
  process.exit(2);
}

/** What is found on the way; a program may keep it instead. */
const io = {
  note: (text) => console.error(text),
  report: (diagnostics) => diagnostics.length > 0 && console.error(render(diagnostics, { color: false })),
  finding: (diagnostics) => console.error(render(diagnostics, { color: false })),
  progress: () => ({ at() {}, done() {} }),
};

try {
  const inputs = openInputs(undefined, { checkpoint: path }, io);
  const options = { out: `${folder}/`, copies: inputs.tokenizer, force: true };
  const written = await compileTo(findBackend('onnx'), inputs, options, { io });
  console.log(`${written.path}: ${written.compiled.graph.nodes.length} nodes, ${written.needs}`);

  const model = openModel(written.path);
  const session = await model.open('cpu');
  try {
    const { pass, rows } = await verifyModel(model, session, { checkpoint: path }, { io });
    console.log(`${rows.filter((row) => row.pass).length} of ${rows.length} checks agree`);
    if (!pass) process.exitCode = 1;
  } finally {
    await session.close();
  }
  let text = '';
  for await (const piece of continueTexts(model, ['My lord'], { maxTokens: 20 })) text += piece.text;
  console.log(`My lord${JSON.stringify(text)}`);

  const drafted = draft(inputs.checkpoint, 'drafted');
  const file = join(folder, 'drafted.nanospec');
  writeFileSync(file, drafted.text);
  console.log(`${findSpec(file).source.name}: ${drafted.marks.length} marks to look at`);
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause;
  console.error(render(cause.diagnostics, { color: false }));
  process.exitCode = 1;
}
