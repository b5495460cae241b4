/** The hash by which a model knows the manifest that lies beside it. */

import { sha256 } from '../compiler/bytes/sha256.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import { hashedText } from './sidecar.ts';

export const manifestHash = (manifest: Manifest): string => sha256().update(hashedText(manifest)).hex();
