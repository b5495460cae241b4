/** The hash by which a model knows the manifest that lies beside it. */

import { sha256 } from '../compiler/bytes/sha256.ts';
import { hashedText } from './sidecar.ts';

export const manifestHash = (stored: unknown): string => sha256().update(hashedText(stored)).hex();
