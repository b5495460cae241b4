/** A target that is open on both sides: ONNX in one compressed file, written, recognised, run, looked into and verified. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { defineBackend, findBackend, openModel } from 'nanospec';

const onnx = findBackend('onnx');
const suffix = '.onnx.gz';

export default defineBackend({
  name: 'onnx_gzip',
  doc: 'ONNX in one file that gzip has compressed',
  extension: suffix,
  options: {
    level: { value: '<n>', doc: 'how hard gzip tries', range: { least: 1, most: 9 }, default: 6 },
  },
  passes: onnx.passes,
  needs: (options) => `gunzip, then ${onnx.needs(options)}`,
  emit(input) {
    const { fileName, level } = input.options;
    const options = { external: 'never', fileName: 'model.onnx' };
    const { files, diagnostics } = onnx.emit({ ...input, options });
    const bytes = gzipSync(Buffer.concat([...files[0]!.chunks()]), { level: Number(level) });
    return { files: [{ name: fileName, size: bytes.length, chunks: () => [bytes] }], diagnostics };
  },
  file: {
    recognises: (path) =>
      readFileSync(path)
        .subarray(0, 2)
        .equals(Buffer.from([0x1f, 0x8b])),
    read(path, options) {
      // What opens an ONNX file does the rest.
      const folder = mkdtempSync(join(tmpdir(), 'onnx-gzip-'));
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      const unpacked = join(folder, 'model.onnx');
      writeFileSync(unpacked, gunzipSync(readFileSync(path)));
      const model = openModel(unpacked, options);
      const facts = () => ({ ...model.facts!(), head: `gzip of ${model.facts!().head}` });
      return { ...model, facts };
    },
  },
});
