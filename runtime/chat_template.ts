/** nanochat's conversations as a Jinja template, which is how clients of tokenizers render them. */

/** A tokenizer with these is one of nanochat's. */
export const conversationTokens: readonly string[] = [
  ...['<|bos|>', '<|user_start|>', '<|user_end|>', '<|assistant_start|>', '<|assistant_end|>'],
];

/** As nanochat's tokenizer renders a conversation: a system message goes before the first of the user's. */
export const chatTemplate = [
  '{{- bos_token -}}',
  "{%- set ns = namespace(system='') -%}",
  '{%- for message in messages -%}',
  "{%- if message['role'] == 'system' -%}",
  "{%- set ns.system = message['content'] + '\\n\\n' -%}",
  "{%- elif message['role'] == 'user' -%}",
  "{{- '<|user_start|>' + ns.system + message['content'] + '<|user_end|>' -}}",
  "{%- set ns.system = '' -%}",
  "{%- elif message['role'] == 'assistant' -%}",
  "{{- '<|assistant_start|>' + message['content'] + '<|assistant_end|>' -}}",
  '{%- endif -%}',
  '{%- endfor -%}',
  "{%- if add_generation_prompt -%}{{- '<|assistant_start|>' -}}{%- endif -%}",
].join('\n');
