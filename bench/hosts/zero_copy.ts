/** Builds `zero_copy.cpp`, where there is a compiler and ONNX Runtime with its headers. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setting.ts';

const source = join(root, 'bench/hosts/zero_copy.cpp');
const program = join(root, 'out/bench/zero_copy');

/** Its path, or why there is none. */
export function zeroCopyProgram(): string | { readonly skipped: string } {
  const home = process.env['ONNXRUNTIME_ROOT'] ?? join(root, 'out/onnxruntime');
  if (!existsSync(join(home, 'include')))
    return { skipped: 'no headers of ONNX Runtime: scripts/onnxruntime_headers.sh' };
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(join(root, 'out/bench'), { recursive: true });
  const library = join(home, 'lib/libonnxruntime.so.1');
  const args = ['-O2', '-std=c++17', '-I', join(home, 'include'), source, '-o', program, library];
  const { status, stderr, error } = spawnSync('c++', [...args, `-Wl,-rpath,${join(home, 'lib')}`], {
    encoding: 'utf8',
  });
  if (status === 0) return program;
  return { skipped: error ? 'no C++ compiler' : `zero_copy.cpp does not build: ${stderr.split('\n')[0]}` };
}
