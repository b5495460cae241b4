/** How fast a mistake is answered. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, timedNode } from './timed_process.ts';

const rounds = 11;
const limit = 0.3;

export function checkSpeed(nanoc: string, spec: string, folder: string): readonly string[] {
  const broken = join(folder, 'broken.nanospec');
  writeFileSync(broken, spec.replace('rms_norm(x)', 'rsm_norm(x)').replace('heads, head]', 'head, heads]'));
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const starts: number[] = [];
  const checks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    starts.push(timedNode([empty], folder).seconds);
    checks.push(timedNode([nanoc, 'check', broken], folder, 1).seconds);
  }
  const [start, check] = [median(starts), median(checks)];
  return [
    `an empty script  ${start.toFixed(3)} s`,
    `nanoc check      ${check.toFixed(3)} s, ${(check / start).toFixed(1)} times that (limit ${limit} s) ${check <= limit ? 'ok' : 'MISSED'}`,
  ];
}
