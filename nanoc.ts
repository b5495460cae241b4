#!/usr/bin/env node
/** The command line. */

import { version } from './compiler/generated/version.ts';
import { isSupervised } from './driver/process/supervised.ts';
import { endAfterwards } from './driver/process/unfinished.ts';

const { argv } = process;
const supervision = isSupervised() ? undefined : await import('./cli/supervision.ts');
if (/^(?:-V|--version)$/.test(argv[2] ?? '')) process.stdout.write(`${version}\n`);
else if (supervision?.wantsSupervisor(argv)) {
  const { supervise } = await import('./driver/process/supervise.ts');
  await supervise(argv, supervision.toldAs(argv));
} else {
  await (await import('./cli/main.ts')).main(argv);
  endAfterwards();
}
