/** nanochat's conversations as a Jinja template, which is how clients of tokenizers render them. */

export const conversation = {
  bos: '<|bos|>',
  userStart: '<|user_start|>',
  userEnd: '<|user_end|>',
  assistantStart: '<|assistant_start|>',
  assistantEnd: '<|assistant_end|>',
} as const;

/** Special tokens by which a tokenizer is recognised as nanochat's. */
export const conversationTokens: readonly string[] = Object.values(conversation);

const { userStart, userEnd, assistantStart, assistantEnd } = conversation;

/** As nanochat's tokenizer renders a conversation: a system message goes before the first of the user's. */
export const chatTemplate = [
  '{{- bos_token -}}',
  "{%- set ns = namespace(system='') -%}",
  '{%- for message in messages -%}',
  "{%- if message['role'] == 'system' -%}",
  "{%- set ns.system = message['content'] + '\\n\\n' -%}",
  "{%- elif message['role'] == 'user' -%}",
  `{{- '${userStart}' + ns.system + message['content'] + '${userEnd}' -}}`,
  "{%- set ns.system = '' -%}",
  "{%- elif message['role'] == 'assistant' -%}",
  `{{- '${assistantStart}' + message['content'] + '${assistantEnd}' -}}`,
  '{%- endif -%}',
  '{%- endfor -%}',
  `{%- if add_generation_prompt -%}{{- '${assistantStart}' -}}{%- endif -%}`,
].join('\n');
