/**
 * Which test files need a process of their own. The others are pure: their files share processes that stay warm, so
 * that the compiler is loaded once for many of them.
 */

import type { Loaded } from './imports.ts';

/** Packages that start processes or load native code. */
const apart = /^(?:node:child_process|node:cluster|onnxruntime-\w+|@huggingface\/transformers)(?:\/|$)/;

/** What a test does to its process, by the words that do it. */
const changes = {
  'changes the working directory': /\bprocess\.chdir\(/,
  'changes the environment': /\bprocess\.env(?:\[[^\]]*\]|\.\w+)? (?:\?\?|\|\|)?= |\bdelete process\.env\b/,
  'ends the process': /\bprocess\.(?:exit|abort|kill)\(/,
  'listens to the process': /\bprocess\.(?:on|once|prependListener)\(/,
  'adds ops or targets': /\b(?:addOp|loadPlugins)\(/,
  'changes what is global':
    /\bglobalThis(?:\.\w+|\[[^\]]*\]) = |\bObject\.definePropert(?:y|ies)\(globalThis\b/,
} as const;

/** A test file may say so itself: a line `// own process: why`. */
const said = /^\/\/ own process: (.+)$/m;

/** Why the first of `loaded` needs a process of its own; nothing where it may share one. */
export function ownProcess(loaded: readonly Loaded[]): string | undefined {
  const own = said.exec(loaded[0]!.text)?.[1];
  if (own) return own;
  for (const { path, text, packages } of loaded) {
    const name = packages.find((from) => apart.test(from));
    if (name) return `${path} loads ${name}`;
    if (!path.startsWith('test/')) continue;
    for (const [what, words] of Object.entries(changes)) if (words.test(text)) return `${path} ${what}`;
  }
  return undefined;
}
