/** node-llama-cpp, installed from npm into the folder of the peers, which is outside the repository. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Setting } from '../setting.ts';

export const llamaVersion = '3.21.1';

/** Undefined where it is there, and otherwise why it is not. */
export function llamaPackage({ peers, installs, say }: Setting): { readonly skipped: string } | undefined {
  const entry = join(peers, 'node_modules/node-llama-cpp/package.json');
  if (existsSync(entry)) return undefined;
  if (!installs) return { skipped: `no node-llama-cpp in ${peers}` };
  say(`installing node-llama-cpp ${llamaVersion} into ${peers}`);
  mkdirSync(peers, { recursive: true });
  writeFileSync(join(peers, 'package.json'), '{ "private": true }\n');
  const args = ['install', `node-llama-cpp@${llamaVersion}`, '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', args, { cwd: peers, stdio: 'ignore' });
  return status === 0 ? undefined : { skipped: 'node-llama-cpp cannot be installed from npm here' };
}
