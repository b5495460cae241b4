/** The hash by which a model knows the manifest that lies beside it. */

import { createHash } from 'node:crypto';
import type { Manifest } from '../compiler/ports/manifest.ts';
import { hashedText } from './sidecar.ts';

export const manifestHash = (manifest: Manifest): string =>
  createHash('sha256').update(hashedText(manifest)).digest('hex');
