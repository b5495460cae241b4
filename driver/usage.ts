/** Refuses requests that contradict themselves, whatever the files hold. */

import { error, Refusal } from '../spec/diagnostic.ts';

export const usage = (message: string, hint: string): Refusal =>
  new Refusal([error('N510', message, { hint })]);
