/** The public API, re-exports only: text to graph, graph to files, files to numbers, numbers compared. */

// Targets.
export { type Artifact, type Backend, defineBackend } from './backends/backend.ts';
export { backends, findBackend } from './backends/index.ts';
export type { Layout, LayoutInput } from './backends/layout/layout.ts';
export { readModel } from './backends/onnx/read_model.ts';
export type { FileFacts, FileKind, OpenedModel, OpenOptions } from './backends/opened_model.ts';
export type { EmitOptions, OptionValue, TargetOption } from './backends/target_option.ts';
export { type CheckedArchive, checkArchive } from './backends/torchscript/check_archive.ts';
export { readArchive } from './backends/torchscript/read_archive.ts';
export { writeArtifact } from './backends/write_artifact_node.ts';
export { check } from './compiler/build.ts';
export type { Checkpoint } from './compiler/checkpoint/checkpoint.ts';
// The compiler.
export { type Compiled, type CompileRequest, compile } from './compiler/compile.ts';
export { version } from './compiler/generated/version.ts';
export { type Change, rebuild } from './compiler/graph/builder.ts';
export type { Graph, Node, NodeId, structural } from './compiler/graph/ir.ts';
export { printGraph } from './compiler/graph/print.ts';
export type { Pass } from './compiler/passes/pass.ts';
export type { BoundaryTensor, CacheForm } from './compiler/ports/manifest.ts';
export type { Device } from './compiler/ports/session.ts';
// What the command does, for programs.
export { type BenchOptions, benchModels } from './driver/bench/bench_models.ts';
export { benchPage } from './driver/bench/bench_page.ts';
export type { BenchReport } from './driver/bench/report.ts';
export type { CheckpointOptions, CompileOptions, InputOptions } from './driver/compile_options.ts';
export { compileTo, type Output, type Written } from './driver/compile_to.ts';
export { compileToAll, type OutputOfAll } from './driver/compile_to_all.ts';
export {
  type ContinueOptions,
  type Conversations,
  continueIds,
  continueTexts,
  openChat,
} from './driver/continue_model.ts';
export { type Drafted, draft } from './driver/draft/drafted.ts';
export { checkpointReport } from './driver/inspect/checkpoint_report.ts';
export { modelReport } from './driver/inspect/model_report.ts';
export { specPage } from './driver/inspect/spec_page.ts';
export {
  type InspectedSpec,
  inspectSpec,
  type SpecReport,
  type SpecReportOptions,
} from './driver/inspect/spec_report.ts';
export { type Look, lookInside, type Piece as SeenPiece, type Stage } from './driver/look_inside.ts';
export { type ModelFile, openModel } from './driver/model_kinds.ts';
export { type Inputs, openInputs } from './driver/open_inputs.ts';
export { openWeights as open } from './driver/open_weights.ts';
export { loadPlugins, loadTarget } from './driver/plugins/extensions.ts';
export type { Caller, Progress, Reporter } from './driver/reporter.ts';
export { type LoadedSpec, loadSpec as findSpec } from './driver/specs/load_spec.ts';
export { type ListedSpec, listSpecs } from './driver/specs/spec_list.ts';
export { type CheckedSpec, checkSpec, type FormattedSpec, formatSpec } from './driver/specs/spec_text.ts';
export { type VerifyModelOptions, verifyModel } from './driver/verify/verify_model.ts';
export { type VerifyModelsOptions, verifyModels } from './driver/verify/verify_models.ts';
export { verifySpec } from './driver/verify/verify_spec.ts';
export { writtenReport } from './driver/written_report.ts';
// Running.
export { decoder, type Rows } from './runtime/cache.ts';
export { libtorchSession } from './runtime/sessions/libtorch_node_session.ts';
export { onnxSession } from './runtime/sessions/onnx_node_session.ts';
export { referenceSession } from './runtime/sessions/reference_session.ts';
export { silenceTelemetry } from './runtime/sessions/telemetry_node.ts';
export { openTokenizer } from './runtime/tokenizer/tokenizer_node.ts';
export { readGolden } from './runtime/verify/golden.ts';
export { type VerifyOptions, type VerifyReport, type VerifyRow, verify } from './runtime/verify/verify.ts';
// The language.
export { type Code, codes } from './spec/codes.ts';
export { Bug, type Outcome, type Severity } from './spec/diagnostic.ts';
export { format } from './spec/format.ts';
export { type Attrs, defineOp, type Emit, type Op, words } from './spec/op.ts';
export { addOp } from './spec/ops/added.ts';
export { parse } from './spec/parse.ts';
export type { Checked, ConfigValue, ElaborationOptions, Program } from './spec/program.ts';
export { render, toJson } from './spec/render.ts';
export type { Origin } from './spec/sink.ts';
export type { Source, Span } from './spec/source.ts';
export { type Tensor, tensor } from './spec/tensor.ts';
export type { DType, GraphDType, TensorType } from './spec/type.ts';
// What runs in a page too.
export * from './web.ts';
