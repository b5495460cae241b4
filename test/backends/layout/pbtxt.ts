/** Protobuf's text form, strictly, against the part of Triton's model_config.proto that a config of ours uses. */

interface Field {
  readonly kind: 'string' | 'int' | 'enum' | 'message';
  readonly repeated?: boolean;
  readonly of?: Message;
  readonly names?: readonly string[];
}
type Message = Readonly<Record<string, Field>>;

const dataTypes = [
  ...['TYPE_INVALID', 'TYPE_BOOL', 'TYPE_UINT8', 'TYPE_UINT16', 'TYPE_UINT32', 'TYPE_UINT64', 'TYPE_INT8'],
  ...[
    'TYPE_INT16',
    'TYPE_INT32',
    'TYPE_INT64',
    'TYPE_FP16',
    'TYPE_FP32',
    'TYPE_FP64',
    'TYPE_STRING',
    'TYPE_BF16',
  ],
];
const tensor: Message = {
  name: { kind: 'string' },
  data_type: { kind: 'enum', names: dataTypes },
  dims: { kind: 'int', repeated: true },
};
const latest: Message = { num_versions: { kind: 'int' } };
/** Fields by their names in Triton's public schema. */
const modelConfig: Message = {
  name: { kind: 'string' },
  backend: { kind: 'string' },
  max_batch_size: { kind: 'int' },
  input: { kind: 'message', repeated: true, of: tensor },
  output: { kind: 'message', repeated: true, of: tensor },
  version_policy: { kind: 'message', of: { latest: { kind: 'message', of: latest } } },
};

export interface TritonTensor {
  readonly name: string;
  readonly data_type: string;
  readonly dims: readonly number[];
}
export interface TritonConfig {
  readonly name: string;
  readonly backend: string;
  readonly max_batch_size: number;
  readonly input: readonly TritonTensor[];
  readonly output: readonly TritonTensor[];
}

/** Throws at what the text form or the schema does not allow. */
export function readConfig(text: string): TritonConfig {
  const tokens = [
    ...text.replace(/#.*$/gm, '').matchAll(/\s*("(?:[^"\\]|\\.)*"|-?\d+|[A-Za-z_]\w*|[{}[\]:,])\s*/gy),
  ].map((m) => m[1]!);
  if (tokens.join('').length !== text.replace(/#.*$/gm, '').replace(/\s+/g, '').length)
    throw new Error('strange characters');
  let at = 0;
  const eat = (wanted: string): boolean => tokens[at] === wanted && ++at > 0;
  const need = (wanted: string): void => {
    if (!eat(wanted)) throw new Error(`expected ${wanted}, found ${tokens[at]}`);
  };
  const scalar = ({ kind, names }: Field): string | number => {
    const token = tokens[at++] ?? '';
    if (kind === 'string' && token.startsWith('"')) return JSON.parse(token);
    if (kind === 'int' && /^-?\d+$/.test(token)) return Number(token);
    if (kind === 'enum' && names!.includes(token)) return token;
    throw new Error(`${token} is no ${kind}`);
  };
  const message = (schema: Message, end: string | undefined): Record<string, unknown> => {
    const value: Record<string, unknown> = {};
    while (end === undefined ? at < tokens.length : !eat(end)) {
      const name = tokens[at++]!;
      const field = schema[name];
      if (!field) throw new Error(`no field named ${name}`);
      const colon = eat(':');
      const one = (): unknown => {
        if (field.kind !== 'message') return colon ? scalar(field) : need(':');
        need('{');
        return message(field.of!, '}');
      };
      const many: unknown[] = [];
      if (eat('[')) {
        if (!field.repeated) throw new Error(`${name} is no list`);
        while (!eat(']')) {
          many.push(one());
          if (tokens[at] !== ']') need(',');
        }
      } else many.push(one());
      if (field.repeated) value[name] = [...((value[name] as unknown[]) ?? []), ...many];
      else if (name in value) throw new Error(`${name} twice`);
      else value[name] = many[0];
      eat(',');
    }
    return value;
  };
  return message(modelConfig, undefined) as unknown as TritonConfig; // by the schema
}
