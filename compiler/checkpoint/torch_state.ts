/** Finds the state dict in what a torch file holds: tensors by name, and the plain values that lie beside them. */

import { fileName } from '../bytes/paths.ts';
import type { Json, JsonObject } from './checkpoint.ts';
import { isDict, isGlobal, isMade, isTuple } from './pickle_opcodes.ts';
import type { Pickled } from './pickled.ts';
import { refuse } from './refuse.ts';
import { isTensor, type TensorRef, type TorchDict, type TorchValue } from './torch_globals.ts';

export interface TorchState {
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** `model_args` of nanoGPT and llama2.c, or an entry with the same role. */
  readonly config?: JsonObject;
  /** Key that `config` came from. */
  readonly configKey?: string;
}

const nestings = ['model', 'state_dict', 'model_state_dict'];
const configs = ['model_args', 'model_config', 'config', 'hyper_parameters'];

export function findState(root: Pickled<TorchValue>, file: string): TorchState {
  if (!isDict(root))
    refuse('N602', `${fileName(file)} holds ${describe(root)}, not a state dict`, { file, hint });
  const candidates = nestings.filter((key) => {
    const value = root.entries.get(key);
    return isDict(value) && holdsTensors(value);
  });
  const nested = candidates[0] === undefined ? undefined : root.entries.get(candidates[0]);
  if (new Set(candidates.map((key) => root.entries.get(key))).size > 1) {
    refuse('N602', `${fileName(file)} holds several models: ${candidates.join(', ')}`, {
      file,
      hint: 'save the one that is meant: torch.save(torch.load(path)["model"], "model.pt")',
    });
  }
  const dict = isDict(nested) ? nested : root;
  const tensors = new Map<string, TensorRef>();
  for (const [name, value] of dict.entries) {
    if (typeof name !== 'string')
      refuse('N602', `${fileName(file)}: a key of the state dict is not a text`, { file, hint });
    if (!isMade(value) || value.value.what !== 'tensor') {
      refuse('N602', `${fileName(file)}: ${JSON.stringify(name)} is ${describe(value)}, not a tensor`, {
        file,
        hint,
      });
    }
    tensors.set(name, value.value);
  }
  if (tensors.size === 0) refuse('N602', `${fileName(file)} holds no tensors`, { file, hint });
  return { tensors, ...(dict !== root && findConfig(root)) };
}

const hint = 'a checkpoint is a state dict, or a dict with one under "model" or "state_dict"';

const holdsTensors = (dict: TorchDict): boolean => [...dict.entries.values()].some(isTensor);

function findConfig(root: TorchDict): Pick<TorchState, 'config' | 'configKey'> {
  for (const configKey of configs) {
    const budget = { left: 10_000 };
    const config = toJson(root.entries.get(configKey) ?? null, 20, budget);
    if (config !== null && typeof config === 'object' && !Array.isArray(config)) {
      return { config: config as JsonObject, configKey }; // the only object that is left
    }
  }
  return {};
}

/** Leaves out tensors; the budget ends the walk where values share parts so often that it would never end. */
function toJson(value: Pickled<TorchValue>, depth: number, budget: { left: number }): Json | undefined {
  if (depth === 0 || budget.left-- <= 0) return undefined;
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  const inner = (v: Pickled<TorchValue>) => toJson(v, depth - 1, budget);
  if (Array.isArray(value)) return value.map(inner).filter((v) => v !== undefined);
  if (isTuple(value)) return value.items.map(inner).filter((v) => v !== undefined);
  if (isGlobal(value)) return value.name.replace(' ', '.');
  if (!isDict(value)) return undefined;
  const entries: [string, Json][] = [];
  for (const [key, item] of value.entries) {
    const json = typeof key === 'string' ? inner(item) : undefined;
    if (typeof key === 'string' && json !== undefined) entries.push([key, json]);
  }
  return Object.fromEntries(entries);
}

function describe(value: Pickled<TorchValue>): string {
  if (value === null) return 'None';
  if (isDict(value)) return 'a dict';
  if (isTuple(value) || Array.isArray(value)) return 'a list';
  if (isMade(value)) return value.value.what === 'tensor' ? 'a single tensor' : 'a storage';
  return isGlobal(value) ? value.name.replace(' ', '.') : `a ${typeof value}`;
}
