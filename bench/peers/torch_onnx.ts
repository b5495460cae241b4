/** The peer's graph of a model of one shape, made by PyTorch's own exporter. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, type Setting } from '../setting.ts';

/** The path of the model, or why there is none. */
export function torchModel({ peers, sizes, installs, say }: Setting): string | { readonly skipped: string } {
  const { n_layer, n_embd, n_head, vocab_size } = sizes.model;
  const folder = join(peers, `torch_${n_layer}x${n_embd}x${n_head}x${vocab_size}`);
  const path = join(folder, 'model.onnx');
  if (existsSync(path)) return path;
  if (!installs) return { skipped: `no torch.onnx file in ${peers}` };
  say('torch.onnx writes its file');
  mkdirSync(folder, { recursive: true });
  const python = process.env['NANOC_PYTHON'] ?? 'python3';
  const args = [
    `${root}bench/peers/torch_onnx.py`,
    path,
    ...[n_layer, n_embd, n_head, vocab_size].map(String),
  ];
  const { status, stderr } = spawnSync(python, args, { encoding: 'utf8' });
  if (status === 0) return path;
  const why = stderr?.trim().split('\n').at(-1) ?? 'it cannot be started';
  return { skipped: `${python} with torch, onnx and onnxscript: ${why}` };
}
