/** Stack, memo and cursor of the unpickler, every step of them bounded. */

import { fileName } from '../bytes/paths.ts';
import type { Global, Pickled, Policy, Tuple } from './pickled.ts';
import { refuse } from './refuse.ts';

/** The bytes ran out; more may follow in the file. */
export class PickleEnd extends Error {}

/** Far above what any checkpoint or tokenizer needs, and far below what would exhaust memory. */
const limits = { values: 4_000_000, marks: 1000, depth: 200, long: 1024 } as const;

export class Machine<T> {
  at: number;
  /** Offset of the opcode being executed. */
  begin: number;
  stopped = false;
  private readonly stack: Pickled<T>[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Pickled<T>>();
  private readonly depths = new WeakMap<object, number>();
  private pushed = 0;
  private readonly view: DataView;
  private readonly text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly bytes: Uint8Array;
  readonly policy: Policy<T>;
  private readonly where: { readonly file: string; readonly label: string };

  constructor(bytes: Uint8Array, start: number, policy: Policy<T>, where: { file: string; label: string }) {
    this.bytes = bytes;
    this.at = start;
    this.begin = start;
    this.policy = policy;
    this.where = where;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(why: string, offset = this.begin): never {
    const { file, label } = this.where;
    refuse('N606', `${fileName(file)}: malformed pickle ${label} at byte ${offset}: ${why}`, { file });
  }

  refuseGlobal(module: string, name: string): never {
    this.policy.unknown?.(module, name, this.bytes);
    const { file, label } = this.where;
    refuse(
      'N605',
      `${fileName(file)}: the pickle ${label} wants ${module}.${name}, which no checkpoint needs; nothing was executed`,
      {
        file,
        hint: 'do not open this file with torch.load(weights_only=False); if you made it, save model.state_dict() alone',
      },
    );
  }

  // Cursor

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new PickleEnd();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  byte(): number {
    if (this.at >= this.bytes.length) throw new PickleEnd();
    return this.view.getUint8(this.at++);
  }
  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }
  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }
  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }
  float64(): number {
    return this.view.getFloat64(this.skip(8), false);
  }
  /** A length of eight bytes. */
  uint64(): number {
    const value = this.view.getBigUint64(this.skip(8), true);
    if (value > 2n ** 40n) this.fail(`a length of ${value} bytes`);
    return Number(value);
  }
  /** Two's complement, little-endian, of any length. */
  long(length: number): number | bigint {
    if (length > limits.long) this.fail(`an integer of ${length} bytes`);
    let value = 0n;
    const digits = this.take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i] ?? 0);
    if (length > 0 && (digits[length - 1] ?? 0) > 127) value -= 1n << BigInt(8 * length);
    return narrow(value);
  }
  utf8(length: number): string {
    const raw = this.take(length);
    try {
      return this.text.decode(raw);
    } catch {
      this.fail('a text that is not UTF-8');
    }
  }
  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw new PickleEnd();
    if (end - this.at > 1000) this.fail('a line of more than 1000 bytes');
    const text = this.utf8(end - this.at);
    this.at = end + 1;
    return text;
  }
  private skip(length: number): number {
    if (length > this.bytes.length - this.at) throw new PickleEnd();
    this.at += length;
    return this.at - length;
  }

  // Stack

  push(value: Pickled<T>): void {
    if (++this.pushed > limits.values) this.fail(`more than ${limits.values} values`);
    this.stack.push(value);
  }
  pop(): Pickled<T> {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.fail('nothing left on the stack');
    return this.stack.pop() as Pickled<T>; // the line above proves that there is one
  }
  /** The value under which a container's items were pushed. */
  top(): Pickled<T> {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }
  /** The text on top of the stack, which is the key of the value being made; for messages. */
  near(): string {
    const top = this.stack.at(-1);
    return typeof top === 'string' ? `${JSON.stringify(top.slice(0, 100))}: ` : '';
  }
  mark(): void {
    if (this.marks.length >= limits.marks) this.fail(`nested more than ${limits.marks} deep`);
    this.marks.push(this.stack.length);
  }
  popToMark(): Pickled<T>[] {
    const mark = this.marks.pop();
    if (mark === undefined) this.fail('no mark on the stack');
    return this.stack.splice(mark);
  }
  tuple(items: readonly Pickled<T>[]): Tuple<T> {
    return this.nested({ kind: 'tuple', items }, items);
  }
  /** Records how deep `container` is now that it holds `items`, and refuses more than the limit. */
  nested<C extends object>(container: C, items: readonly Pickled<T>[]): C {
    let depth = this.depths.get(container) ?? 1;
    for (const item of items) {
      if (typeof item === 'object' && item !== null)
        depth = Math.max(depth, 1 + (this.depths.get(item) ?? 0));
    }
    if (depth > limits.depth) this.fail(`nested more than ${limits.depth} deep`);
    this.depths.set(container, depth);
    return container;
  }
  result(): Pickled<T> {
    const value = this.pop();
    if (this.stack.length > 0 || this.marks.length > 0) this.fail('values are left on the stack at the end');
    return value;
  }

  // Memo

  remember(id: number, value: Pickled<T> = this.top()): void {
    // Each id belongs to a value that was pushed, so no writer makes a larger one.
    if (id > this.pushed) this.fail(`memo number ${id} after ${this.pushed} values`);
    this.memo.set(id, value);
  }
  memoize(): void {
    this.remember(this.memo.size);
  }
  recall(id: number): void {
    const value = this.memo.get(id);
    if (value === undefined) this.fail(`memo number ${id} was never set`);
    this.push(value);
  }

  global(module: string, name: string): Global<T> {
    const key = `${module} ${name}`;
    const behaviour = this.policy.globals.get(key);
    if (!behaviour) this.refuseGlobal(module, name);
    return { kind: 'global', name: key, behaviour };
  }
}

export const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
