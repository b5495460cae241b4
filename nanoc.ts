#!/usr/bin/env node
/** The command line. */

import { version } from './compiler/generated/version.ts';
import { isSupervised } from './driver/process/supervised.ts';
import { endAfterwards } from './driver/process/unfinished.ts';

const { argv } = process;
const supervisor = isSupervised() ? undefined : await import('./cli/process/supervise.ts');
if (/^(?:-V|--version)$/.test(argv[2] ?? '')) process.stdout.write(`${version}\n`);
else if (supervisor?.wantsSupervisor(argv)) await supervisor.supervise(argv);
else {
  await (await import('./cli/main.ts')).main(argv);
  endAfterwards();
}
