/** What each accepted pickle opcode does; one that is not in this table ends the reading. */

import { type Machine, narrow } from './pickle_machine.ts';
import type { Dict, Global, Made, Pickled, Tuple } from './pickled.ts';

type Act = <T>(m: Machine<T>) => void;

/** By byte, in the order of Python's pickletools. Missing on purpose: OBJ, EXT1-4, NEWOBJ_EX, PERSID, DUP. */
export const opcodes: ReadonlyMap<number, Act> = new Map<number, Act>(
  Object.entries({
    '80': (m) => {
      if (m.byte() > 5) m.fail('a protocol newer than 5');
    },
    '95': (m) => void m.uint64(), // FRAME: a hint for buffering
    '2e': (m) => {
      m.stopped = true;
    },
    // Numbers and constants
    '4e': (m) => m.push(null),
    '88': (m) => m.push(true),
    '89': (m) => m.push(false),
    '4b': (m) => m.push(m.byte()),
    '4d': (m) => m.push(m.uint16()),
    '4a': (m) => m.push(m.int32()),
    '8a': (m) => m.push(m.long(m.byte())),
    '8b': (m) => m.push(m.long(m.uint32())),
    '47': (m) => m.push(m.float64()),
    '49': (m) => integerLine(m, m.line()), // INT; protocol 1 writes booleans as 00 and 01
    '4c': (m) => integerLine(m, m.line().replace(/L$/, '')),
    // Text and bytes
    '58': (m) => m.push(m.utf8(m.uint32())),
    '8c': (m) => m.push(m.utf8(m.byte())),
    '8d': (m) => m.push(m.utf8(m.uint64())),
    '53': (m) => m.push(m.line()), // STRING, Python 2's; its quotes stay, since nothing reads it
    '54': (m) => m.push(m.utf8(m.uint32())), // BINSTRING, Python 2
    '55': (m) => m.push(m.utf8(m.byte())),
    '42': (m) => m.push(m.take(m.uint32()).slice()),
    '43': (m) => m.push(m.take(m.byte()).slice()),
    '8e': (m) => m.push(m.take(m.uint64()).slice()),
    // Containers
    '28': (m) => m.mark(),
    '29': (m) => m.push(m.tuple([])),
    '74': (m) => m.push(m.tuple(m.popToMark())),
    '85': (m) => m.push(m.tuple([m.pop()])),
    '86': (m) => m.push(m.tuple([m.pop(), m.pop()].reverse())),
    '87': (m) => m.push(m.tuple([m.pop(), m.pop(), m.pop()].reverse())),
    '5d': (m) => m.push([]),
    '6c': (m) => {
      const items = m.popToMark();
      m.push([]);
      append(m, items);
    },
    '61': (m) => append(m, [m.pop()]),
    '65': (m) => append(m, m.popToMark()),
    '7d': (m) => m.push({ kind: 'dict', entries: new Map() }),
    '64': (m) => {
      const items = m.popToMark();
      m.push({ kind: 'dict', entries: new Map() });
      setItems(m, items);
    },
    '73': (m) => setItems(m, [m.pop(), m.pop()].reverse()),
    '75': (m) => setItems(m, m.popToMark()),
    // Stack and memo
    '30': (m) => void m.pop(),
    '31': (m) => void m.popToMark(),
    '71': (m) => m.remember(m.byte()),
    '72': (m) => m.remember(m.uint32()),
    '94': (m) => m.memoize(),
    '68': (m) => m.recall(m.byte()),
    '6a': (m) => m.recall(m.uint32()),
    // Globals and objects
    '63': (m) => m.push(m.global(m.line(), m.line())),
    '69': (m) => instance(m),
    '93': (m) => stackGlobal(m),
    '52': (m) => invoke(m, 'call'),
    '81': (m) => invoke(m, 'create'),
    '62': (m) => build(m),
    '51': (m) => persistent(m),
  } satisfies Record<string, Act>).map(([hex, act]) => [Number.parseInt(hex, 16), act as Act]), // same type, lost by entries()
);

function integerLine<T>(m: Machine<T>, text: string): void {
  if (text !== '00' && text !== '01' && !/^-?\d{1,400}$/.test(text))
    m.fail(`${JSON.stringify(text)} is not a whole number`);
  m.push(text === '00' ? false : text === '01' ? true : narrow(BigInt(text)));
}

function append<T>(m: Machine<T>, items: readonly Pickled<T>[]): void {
  const list = m.top();
  if (!Array.isArray(list)) m.fail('items appended to something that is not a list');
  for (const item of items) list.push(item);
  m.nested(list, items);
}

function setItems<T>(m: Machine<T>, items: readonly Pickled<T>[]): void {
  const target = m.top();
  if (!isDict(target)) m.fail('items set on something that is not a dict');
  if (items.length % 2 === 1) m.fail('a key without a value');
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i] as Pickled<T>; // i < length
    if (Array.isArray(key) || isDict(key)) m.fail('a list or a dict as a key');
    target.entries.set(key, items[i + 1] as Pickled<T>);
  }
  m.nested(target, items);
}

function stackGlobal<T>(m: Machine<T>): void {
  const [name, module] = [m.pop(), m.pop()];
  if (typeof module !== 'string' || typeof name !== 'string') m.fail('a global whose name is not a text');
  m.push(m.global(module, name));
}

/** INST, of protocol 0, calls what it names: so what it names decides the refusal. */
function instance<T>(m: Machine<T>): void {
  m.popToMark();
  const { name } = m.global(m.line(), m.line());
  m.fail(`${name.replace(' ', '.')} is not to be called like this`);
}

function persistent<T>(m: Machine<T>): void {
  const load = m.policy.persistent;
  if (!load) m.fail('a reference to storage outside the pickle');
  m.push(load(m.pop()));
}

function invoke<T>(m: Machine<T>, how: 'call' | 'create'): void {
  const [args, callee] = [m.pop(), m.pop()];
  if (!isGlobal(callee)) m.fail('a call of something that is not a global');
  const act = callee.behaviour[how];
  if (!act) m.fail(`${callee.name.replace(' ', '.')} is not to be called like this`);
  if (!isTuple(args)) m.fail('a call whose arguments are not a tuple');
  m.push(act(args.items, callee));
}

function build<T>(m: Machine<T>): void {
  const state = m.pop();
  const target = m.top();
  if ((!isDict(target) && !isMade(target)) || !target.maker?.behaviour.build) {
    m.fail('state given to something that takes none');
  }
  target.maker.behaviour.build(target, state);
}

const isKind = <T>(value: Pickled<T>, kind: string): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
export const isDict = <T>(value: Pickled<T> | undefined): value is Dict<T> =>
  value !== undefined && isKind(value, 'dict');
export const isTuple = <T>(value: Pickled<T> | undefined): value is Tuple<T> =>
  value !== undefined && isKind(value, 'tuple');
export const isGlobal = <T>(value: Pickled<T> | undefined): value is Global<T> =>
  value !== undefined && isKind(value, 'global');
export const isMade = <T>(value: Pickled<T> | undefined): value is Made<T> =>
  value !== undefined && isKind(value, 'made');
