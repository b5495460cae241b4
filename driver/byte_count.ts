/** Formats a number of bytes. */

import { inUnits } from './page/short_count.ts';

/** `5.8 MB`, `742 MB`, `2.2 GB`: decimal units. */
export const bytes = (n: number): string => inUnits(n, [' B', ' kB', ' MB', ' GB', ' TB']);
