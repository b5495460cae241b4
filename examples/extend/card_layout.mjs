/** A layout of one's own: the model in a folder named after it, and a card that says what it is. */

const card = {
  name: 'card',
  doc: 'the model, and a text that says what it is',
  caches: ['none', 'dynamic', 'static'],
  statesAsLayers: false,
  padsUncached: false,
  wantsTokenizer: false,
  suffixes: {},
  modelFolder: 'models/*',
  sign: 'models/*/card.md',
  targets: { onnx: {}, torchscript: {} },
  around({ name, manifest, target }) {
    const { inputs, outputs, vocab, weights } = manifest;
    const row = ({ name, dtype, shape }) => `- \`${name}\`: ${dtype}[${shape.join(', ')}]`;
    const text = [
      `# ${name}`,
      `A model of ${vocab} tokens for ${target}, with weights from ${weights}.`,
      `Inputs:\n\n${inputs.map(row).join('\n')}`,
      `Outputs:\n\n${outputs.map(row).join('\n')}`,
    ].join('\n\n');
    const bytes = new TextEncoder().encode(`${text}\n`);
    return [{ name: `models/${name}/card.md`, size: bytes.length, chunks: () => [bytes] }];
  },
};

export const layouts = [card];
