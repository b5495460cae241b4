#include "torch_model.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/cuda.h>

#include <stdexcept>

namespace nanoc {

namespace {

at::ScalarType dtype_of(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "float16") return at::kHalf;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "int64") return at::kLong;
  if (name == "bool") return at::kBool;
  throw std::runtime_error("state of the type " + name + " is not known here");
}

// Messages of LibTorch carry a stack trace that helps nobody who runs a program.
std::runtime_error short_message(const std::string& what, const c10::Error& problem) {
  return std::runtime_error(what + ": " + problem.what_without_backtrace());
}

}  // namespace

TorchModel::TorchModel(const std::filesystem::path& file, const Options& options)
    : device_(options.cuda ? at::kCUDA : at::kCPU) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  // Without this the second call of every shape takes seconds, to be optimised for calls like the first.
  torch::jit::getProfilingMode() = false;
  if (options.cuda && !torch::cuda::is_available())
    throw std::runtime_error("this LibTorch sees no CUDA device");
  torch::jit::ExtraFilesMap extra{{"nanoc.json", ""}};
  try {
    module_ = torch::jit::load(file.u8string(), device_, extra);
  } catch (const c10::Error& problem) {
    throw short_message(file.u8string() + " cannot be loaded", problem);
  }
  if (extra["nanoc.json"].empty())
    throw std::runtime_error(file.u8string() + " has no manifest: it was not compiled by nanoc");
  if (extra["nanoc.json"].find("\"manifest_sha256\"") != std::string::npos)
    throw std::runtime_error(file.u8string() + " keeps its manifest beside it: compile it with --metadata full");
  manifest_ = read_manifest(extra["nanoc.json"], file.u8string());
  module_.eval();
}

c10::List<at::Tensor> TorchModel::begin(int64_t rows) const {
  c10::List<at::Tensor> state;
  for (const Port& port : manifest_.ports) {
    const auto options = at::TensorOptions(dtype_of(port.dtype)).device(device_);
    state.push_back(at::full(manifest_.start_shape(port, rows), port.fill, options));
  }
  return state;
}

at::Tensor TorchModel::to_device(const std::vector<int64_t>& values, at::IntArrayRef shape) const {
  auto* data = const_cast<int64_t*>(values.data());  // only read: the tensor over it is copied at once
  return at::from_blob(data, shape, at::kLong).to(device_, at::kLong, /*non_blocking=*/false, /*copy=*/true);
}

std::vector<float> TorchModel::run(const Call& call) {
  torch::NoGradGuard no_gradients;
  if (call.before == 0) state_ = begin(call.rows);

  torch::jit::Kwargs arguments;
  for (const std::string& name : manifest_.inputs) {
    if (name == "input_ids")
      arguments[name] = to_device(call.tokens, {call.rows, call.columns});
    else if (name == "attention_mask")
      arguments[name] = to_device(call.mask, {call.rows, call.mask_columns});
    else if (name == "position_ids")
      arguments[name] = to_device(call.positions, {call.rows, call.columns});
    else if (name == "past_length")
      arguments[name] = to_device({call.before}, {1});
    else
      throw std::runtime_error("the model wants an input that is not known here: " + name);
  }
  // A model of fixed slots writes into the tensors of this list; others give new ones.
  if (!manifest_.ports.empty()) arguments["past"] = state_;

  at::Tensor logits;  // [rows, columns or 1, vocab]
  try {
    const c10::IValue result = module_.forward({}, arguments);
    if (manifest_.ports.empty()) {
      logits = result.toTensor();
    } else {
      const auto& parts = result.toTupleRef().elements();
      logits = parts[0].toTensor();
      state_ = parts[1].toTensorList();
    }
  } catch (const c10::Error& problem) {
    throw short_message("the model failed", problem);
  }
  const at::Tensor last = logits.select(1, -1).to(at::kCPU, at::kFloat).contiguous();  // [rows, vocab]
  return std::vector<float>(last.data_ptr<float>(), last.data_ptr<float>() + last.numel());
}

}  // namespace nanoc
