/**
 * Bundles the command line, the API and its types into `dist/`: no dependency is needed at run time, and start-up takes
 * milliseconds.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = join(root, 'dist');

/** CommonJS packages that were bundled call `require` for Node's own modules. */
const banner = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);`;

async function bundle(): Promise<Metafile> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [
      'nanoc.ts',
      'index.ts',
      { in: 'compiler/weights/read_ahead_worker_node.ts', out: 'read_ahead_worker' },
    ],
    outdir: out,
    bundle: true,
    splitting: true, // chunks land beside nanoc.js: what is found relative to a file stays one level below the root
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none', // the licences are collected in one file instead
    external: ['onnxruntime-node', 'onnxruntime-web'],
    banner: { js: banner },
    sourcemap: true,
    sourcesContent: false, // the lines of the sources suffice for a stack
    metafile: true,
    logLevel: 'warning',
  });
  return result.metafile;
}

/** What pages load: one file, nothing of Node. */
async function bundleWeb(): Promise<Metafile> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ['web.ts'],
    outdir: out,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  return result.metafile;
}

/** The licence of every package that ended up in the bundle. */
function licences(metafile: Metafile): string {
  const packages = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1];
    if (name) packages.add(name);
  }
  return [...packages].sort().map(licenceOf).join('\n\n');
}

function licenceOf(name: string): string {
  const folder = join(root, 'node_modules', name);
  const manifest: { readonly version: string; readonly license?: string } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `==== ${name} ${manifest.version}, ${manifest.license ?? 'see its text'} ====\n\n${text}\n`;
}

/** One file of types for each entry, and one for what they share: as few names as a user can meet. */
async function declarations(): Promise<void> {
  const separate = mkdtempSync(join(out, 'types-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', separate];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const types = await rollup({
    input: { index: join(separate, 'index.d.ts'), web: join(separate, 'web.d.ts') },
    plugins: [dts()],
    external: (id) => !/^[./]/.test(id),
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  await types.write({ dir: out, format: 'es', chunkFileNames: 'shared.d.ts' });
  await types.close();
  rmSync(separate, { recursive: true });
}

if (existsSync(out)) for (const entry of readdirSync(out)) rmSync(join(out, entry), { recursive: true });
const [node, web] = [await bundle(), await bundleWeb()];
const metafile: Metafile = {
  inputs: { ...node.inputs, ...web.inputs },
  outputs: { ...node.outputs, ...web.outputs },
};
writeFileSync(join(out, 'THIRD_PARTY_LICENSES.txt'), licences(metafile));
await declarations();
const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
process.stdout.write(
  `dist: ${Object.keys(metafile.outputs).length} files, ${(bytes / 1024).toFixed(0)} KiB\n`,
);
