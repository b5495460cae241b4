#include "onnx_model.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "data_mark.h"

namespace nanoc {

namespace {

// Buffers of rows grow by so many slots, so that a long text is copied once for so many tokens.
constexpr int64_t slots_at_once = 256;

// ONNX Runtime sends what a model's metadata holds, the text of its spec among it. It reads this variable
// when its first environment is made; what the user has set stands. Changing variables is safe while no other
// thread runs, so a program with threads of its own calls this early in `main`.
void silence_telemetry() {
  const char* wanted = std::getenv("NANOC_ORT_TELEMETRY");
  if (wanted && std::string(wanted) == "1") return;
  if (std::getenv("ORT_DISABLE_TELEMETRY")) return;
#ifdef _WIN32
  _putenv_s("ORT_DISABLE_TELEMETRY", "1");
#else
  setenv("ORT_DISABLE_TELEMETRY", "1", 0);
#endif
}

Ort::Env make_environment() {
  silence_telemetry();
  return Ort::Env(ORT_LOGGING_LEVEL_ERROR, "nanoc");
}

Ort::Session open_session(const Ort::Env& env, const std::filesystem::path& file,
                          const OnnxModel::Options& options) {
  Ort::SessionOptions session_options;
  if (options.threads > 0) session_options.SetIntraOpNumThreads(options.threads);
  try {
    if (options.cuda) session_options.AppendExecutionProvider_CUDA(OrtCUDAProviderOptions{});
  } catch (const Ort::Exception& problem) {
    throw std::runtime_error("this ONNX Runtime cannot use CUDA: " + std::string(problem.what()));
  }
  try {
    return Ort::Session(env, file.c_str(), session_options);
  } catch (const Ort::Exception& problem) {
    const std::string name = file.u8string(), what = problem.what();
    const bool of_data = what.find("xternal") != std::string::npos;
    throw std::runtime_error(name + (of_data ? " needs its weights, " + name + "_data, beside it: copy both ("
                                             : " cannot be loaded (") + what + ")");
  }
}

Manifest manifest_of(const Ort::Session& session, const std::string& file) {
  Ort::AllocatorWithDefaultOptions allocator;
  const Ort::ModelMetadata metadata = session.GetModelMetadata();
  const auto text = metadata.LookupCustomMetadataMapAllocated("nanoc.manifest", allocator);
  if (!text && metadata.LookupCustomMetadataMapAllocated("nanoc.manifest_sha256", allocator))
    throw std::runtime_error(file + " keeps its manifest beside it: compile it with --metadata full");
  if (!text) throw std::runtime_error(file + " has no manifest: it was not compiled by nanoc");
  return read_manifest(text.get(), file);
}

// A file of weights that was put in the place of another one has the same size where the architecture is the same.
void refuse_other_data(const Ort::Session& session, const std::filesystem::path& file) {
  Ort::AllocatorWithDefaultOptions allocator;
  const Ort::ModelMetadata metadata = session.GetModelMetadata();
  for (const auto& key : metadata.GetCustomMetadataMapKeysAllocated(allocator)) {
    const std::string text = key.get(), prefix = data_mark_key;
    if (text.compare(0, prefix.size(), prefix) != 0) continue;
    const std::filesystem::path data = file.parent_path() / std::filesystem::u8path(text.substr(prefix.size()));
    const auto said = metadata.LookupCustomMetadataMapAllocated(text.c_str(), allocator);
    if (data_mark(data) != said.get())
      throw std::runtime_error(data.u8string() + " is not the data that " + file.u8string() +
                               " was written with: they belong together, copy both");
  }
}

Ort::MemoryInfo device_memory(bool cuda) {
  if (cuda) return Ort::MemoryInfo("Cuda", OrtDeviceAllocator, 0, OrtMemTypeDefault);
  return Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
}

template <typename T>
void fill(Ort::Value& tensor, double value) {
  const size_t count = tensor.GetTensorTypeAndShapeInfo().GetElementCount();
  std::fill_n(tensor.GetTensorMutableData<T>(), count, static_cast<T>(static_cast<float>(value)));
}

// A tensor of the runtime's own, all of one value.
Ort::Value filled(const std::vector<int64_t>& shape, const std::string& dtype, double value) {
  Ort::AllocatorWithDefaultOptions allocator;
  const auto make = [&](ONNXTensorElementDataType type) {
    return Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), type);
  };
  Ort::Value tensor{nullptr};
  if (dtype == "float32")
    fill<float>(tensor = make(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT), value);
  else if (dtype == "float16")
    fill<Ort::Float16_t>(tensor = make(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16), value);
  else if (dtype == "bfloat16")
    fill<Ort::BFloat16_t>(tensor = make(ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16), value);
  else if (dtype == "int64")
    fill<int64_t>(tensor = make(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64), value);
  else
    throw std::runtime_error("state of the type " + dtype + " is not known here");
  return tensor;
}

// A tensor over the caller's numbers, which must stay until the call is over.
Ort::Value view(const Ort::MemoryInfo& memory, const std::vector<int64_t>& values,
                const std::vector<int64_t>& shape) {
  // The runtime takes a pointer that could be written through, but does not write to inputs.
  auto* data = const_cast<int64_t*>(values.data());
  return Ort::Value::CreateTensor<int64_t>(memory, data, values.size(), shape.data(), shape.size());
}

size_t bytes_of(ONNXTensorElementDataType type) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) return 8;
  return type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ? 4 : 2;  // of those that `filled` makes
}

// Copies `rows` into `buffer` from slot `at` of the axis on; both keep their other sizes.
void write_rows(Ort::Value& buffer, const Ort::Value& rows, size_t axis, int64_t at) {
  const auto type = rows.GetTensorTypeAndShapeInfo();
  const std::vector<int64_t> shape = type.GetShape();
  const int64_t slots = buffer.GetTensorTypeAndShapeInfo().GetShape().at(axis);
  size_t row_bytes = bytes_of(type.GetElementType());
  size_t pieces = 1;
  for (size_t i = 0; i < shape.size(); i++) {
    if (i < axis) pieces *= static_cast<size_t>(shape[i]);
    if (i > axis) row_bytes *= static_cast<size_t>(shape[i]);
  }
  const size_t piece_bytes = static_cast<size_t>(shape.at(axis)) * row_bytes;
  auto* to = static_cast<char*>(buffer.GetTensorMutableRawData());
  const auto* from = static_cast<const char*>(rows.GetTensorRawData());
  for (size_t piece = 0; piece < pieces; piece++) {
    const size_t place = piece * static_cast<size_t>(slots) + static_cast<size_t>(at);
    std::copy_n(from + piece * piece_bytes, piece_bytes, to + place * row_bytes);
  }
}

// Logits [rows, columns, vocab] -> those of the last column, [rows, vocab].
std::vector<float> last_column(const Ort::Value& logits) {
  const auto type = logits.GetTensorTypeAndShapeInfo();
  if (type.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
    throw std::runtime_error("the logits of this model are not float32");
  const std::vector<int64_t> shape = type.GetShape();
  const int64_t rows = shape.at(0), columns = shape.at(1), vocab = shape.at(2);
  std::vector<float> last;
  last.reserve(static_cast<size_t>(rows * vocab));
  for (int64_t row = 0; row < rows; row++) {
    const float* start = logits.GetTensorData<float>() + ((row + 1) * columns - 1) * vocab;
    last.insert(last.end(), start, start + vocab);
  }
  return last;
}

}  // namespace

OnnxModel::OnnxModel(const std::filesystem::path& file, const Options& options)
    : env_(make_environment()),
      session_(open_session(env_, file, options)),
      manifest_(manifest_of(session_, file.u8string())),
      host_(Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault)),
      device_(device_memory(options.cuda)),
      cuda_(options.cuda) {
  refuse_other_data(session_, file);
}

void OnnxModel::begin(int64_t rows) {
  state_.clear();
  slots_ = 0;
  for (const Port& port : manifest_.ports)
    state_.push_back(filled(manifest_.start_shape(port, rows), port.dtype, port.fill));
}

bool OnnxModel::keeps_rows(const Port& port) const {
  return !cuda_ && manifest_.cache == CacheForm::dynamic && port.new_rows && port.axis &&
         manifest_.wants("attention_mask");
}

std::vector<int64_t> OnnxModel::mask_of(const Call& call) const {
  if (slots_ <= call.before) return call.mask;
  std::vector<int64_t> mask;
  for (int64_t row = 0; row < call.rows; row++) {
    const auto start = call.mask.begin() + row * call.mask_columns;
    mask.insert(mask.end(), start, start + call.before);
    mask.insert(mask.end(), static_cast<size_t>(slots_ - call.before), 0);
    mask.insert(mask.end(), start + call.before, start + call.mask_columns);
  }
  return mask;
}

void OnnxModel::take(size_t i, Ort::Value output, const Call& call) {
  const Port& port = manifest_.ports[i];
  if (!keeps_rows(port)) {
    state_[i] = std::move(output);
    return;
  }
  const int64_t wanted = call.before + call.columns;
  std::vector<int64_t> shape = state_[i].GetTensorTypeAndShapeInfo().GetShape();
  if (shape.at(*port.axis) < wanted) {
    shape[*port.axis] = (wanted + slots_at_once - 1) / slots_at_once * slots_at_once;
    Ort::Value larger = filled(shape, port.dtype, port.fill);
    write_rows(larger, state_[i], *port.axis, 0);
    state_[i] = std::move(larger);
  }
  write_rows(state_[i], output, *port.axis, call.before);
  slots_ = shape[*port.axis];
}

std::vector<float> OnnxModel::run(const Call& call) {
  if (call.before == 0) begin(call.rows);
  const std::vector<int64_t> before = {call.before};
  const std::vector<int64_t> mask = mask_of(call);
  const int64_t mask_columns = static_cast<int64_t>(mask.size()) / call.rows;

  Ort::IoBinding binding(session_);
  for (const std::string& name : manifest_.inputs) {
    if (name == "input_ids")
      binding.BindInput("input_ids", view(host_, call.tokens, {call.rows, call.columns}));
    else if (name == "attention_mask")
      binding.BindInput("attention_mask", view(host_, mask, {call.rows, mask_columns}));
    else if (name == "position_ids")
      binding.BindInput("position_ids", view(host_, call.positions, {call.rows, call.columns}));
    else if (name == "past_length")
      binding.BindInput("past_length", view(host_, before, {1}));
    else
      throw std::runtime_error("the model wants an input that is not known here: " + name);
  }
  for (size_t i = 0; i < state_.size(); i++) binding.BindInput(manifest_.ports[i].input.c_str(), state_[i]);

  // Logits come to the host; the state is made where the model runs, and goes back in from there without a
  // copy. Where a call only writes some slots, it writes them in place from the second call on: the output is
  // the memory of the input.
  binding.BindOutput("logits", host_);
  for (size_t i = 0; i < state_.size(); i++) {
    const Port& port = manifest_.ports[i];
    if (keeps_rows(port))
      binding.BindOutput(port.new_rows->c_str(), host_);
    else if (port.rule == "in_place" && call.before > 0)
      binding.BindOutput(port.output.c_str(), state_[i]);
    else
      binding.BindOutput(port.output.c_str(), device_);
  }
  session_.Run(Ort::RunOptions{nullptr}, binding);

  std::vector<Ort::Value> outputs = binding.GetOutputValues();
  for (size_t i = 0; i < state_.size(); i++) take(i, std::move(outputs[i + 1]), call);
  return last_column(outputs[0]);
}

}  // namespace nanoc
