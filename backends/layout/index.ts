/** The registry of layouts: one line each. A plain layout is the model and its tokenizer, and no layout at all. */

import { genai } from './genai.ts';
import type { Layout } from './layout.ts';
import { transformers_js } from './transformers_js.ts';
import { triton } from './triton.ts';

export const layouts: readonly Layout[] = [transformers_js, genai, triton];
