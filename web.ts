/** What a page needs to run a model that nanoc compiled: re-exports only, and nothing of Node. */

export {
  type BesideModel,
  dataFilesIn,
  manifestIn,
  manifestOf,
  refuseOtherData,
} from './backends/onnx/manifest_in.ts';
export type { Manifest } from './compiler/ports/manifest.ts';
export type { Session } from './compiler/ports/session.ts';
export { type Answer, gatherAnswer } from './runtime/answer.ts';
export { type Chat, type ChatOptions, type ChatPiece, chat } from './runtime/chat.ts';
export { type FetchOptions, fetchFile } from './runtime/fetch_file.ts';
export {
  type GenerateOptions,
  generate,
  generateRows,
  type RowsOptions,
  type Step,
} from './runtime/generate.ts';
export { type Bos, generateText, type Piece, type TextOptions } from './runtime/generate_text.ts';
export { type RowOutput, rowOutput } from './runtime/row_output.ts';
export {
  type WebData,
  type WebOptions,
  type WebRuntime,
  webSession,
} from './runtime/sessions/onnx_web_session.ts';
export { type Speed, type Summary as SpeedSummary, speedOf } from './runtime/speed.ts';
export { conversationTokens } from './runtime/tokenizer/chat_template.ts';
export { openTokenizer } from './runtime/tokenizer/open_tokenizer.ts';
export type { Around, Tokenizer } from './runtime/tokenizer/tokenizer.ts';
export { type Diagnostic, Refusal } from './spec/diagnostic.ts';
