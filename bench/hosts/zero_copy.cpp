// The host that copies least: ONNX Runtime by IoBinding, so that caches stay where the runtime made them.
//   zero_copy MODEL present   what a call gives as `present.*` is the past of the next one
//   zero_copy MODEL rows      the host keeps all rows in buffers with room, and takes the new ones alone
// A line `CONTEXT STEPS` on standard input is answered by a line of JSON: milliseconds until the first token
// of a prompt of so many tokens, and of a step after it.

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Shape = std::vector<int64_t>;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

constexpr int64_t kSlotsAtOnce = 256;

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

struct Port {
  std::string input, present, rows;
  Shape shape;      // one row, nothing of the past
  size_t axis = 0;  // where tokens are counted
  std::vector<float> buffer;  // mode rows: [outer, slots, inner]
  Ort::Value value{nullptr};
};

class Host {
 public:
  Host(const char* model, bool takes_rows)
      : env_(ORT_LOGGING_LEVEL_ERROR, "bench"), session_(nullptr), takes_rows_(takes_rows) {
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(static_cast<int>(std::thread::hardware_concurrency()));
    session_ = Ort::Session(env_, model, options);
    for (size_t i = 0; i < session_.GetInputCount(); i++) read_input(i);
    std::map<std::string, bool> outputs;
    for (size_t i = 0; i < session_.GetOutputCount(); i++)
      outputs[session_.GetOutputNameAllocated(i, allocator_).get()] = true;
    for (Port& port : ports_) {
      const std::string rest = port.input.substr(port.input.find('.') + 1);
      port.present = (starts_with(port.input, "past_state") ? "present_state." : "present.") + rest;
      port.rows = "new_key_values." + rest;
      if (!outputs.count(takes_rows_ ? port.rows : port.present))
        throw std::runtime_error("no output for " + port.input);
    }
  }

  // Milliseconds of the prefill and of a step.
  std::pair<double, double> measure(int64_t context, int64_t steps) {
    reset();
    std::vector<int64_t> prompt(static_cast<size_t>(context));
    for (int64_t i = 0; i < context; i++) prompt[static_cast<size_t>(i)] = (i * 37) % 128;
    auto start = Clock::now();
    int64_t token = call(prompt);
    const double first = milliseconds_since(start);
    start = Clock::now();
    for (int64_t i = 0; i < steps; i++) token = call({token % 128});
    return {first, milliseconds_since(start) / static_cast<double>(std::max<int64_t>(1, steps))};
  }

 private:
  void read_input(size_t i) {
    const std::string name = session_.GetInputNameAllocated(i, allocator_).get();
    names_[name] = true;
    if (!starts_with(name, "past_key_values.") && !starts_with(name, "past_state")) return;
    Port port;
    port.input = name;
    port.shape = session_.GetInputTypeInfo(i).GetTensorTypeAndShapeInfo().GetShape();
    bool first = true;
    for (size_t axis = 0; axis < port.shape.size(); axis++) {
      if (port.shape[axis] >= 0) continue;
      if (!first) port.axis = axis;
      port.shape[axis] = first ? 1 : 0;  // the first free size is the batch
      first = false;
    }
    ports_.push_back(std::move(port));
  }

  void reset() {
    length_ = 0;
    slots_ = 0;
    for (Port& port : ports_) {
      port.buffer.clear();
      port.value = Ort::Value::CreateTensor<float>(allocator_, port.shape.data(), port.shape.size());
    }
  }

  Ort::Value view(std::vector<int64_t>& values, const Shape& shape) {
    return Ort::Value::CreateTensor<int64_t>(memory_, values.data(), values.size(), shape.data(), shape.size());
  }

  int64_t call(std::vector<int64_t> tokens) {
    const auto count = static_cast<int64_t>(tokens.size());
    const int64_t past = takes_rows_ ? slots_ : length_;
    std::vector<int64_t> mask(static_cast<size_t>(past + count), 1), positions(tokens.size());
    if (takes_rows_) std::fill(mask.begin() + length_, mask.begin() + past, 0);
    for (int64_t i = 0; i < count; i++) positions[static_cast<size_t>(i)] = length_ + i;
    Ort::IoBinding binding(session_);
    binding.BindInput("input_ids", view(tokens, {1, count}));
    if (names_.count("attention_mask")) binding.BindInput("attention_mask", view(mask, {1, past + count}));
    if (names_.count("position_ids")) binding.BindInput("position_ids", view(positions, {1, count}));
    for (Port& port : ports_) binding.BindInput(port.input.c_str(), port.value);
    binding.BindOutput("logits", memory_);
    for (Port& port : ports_) binding.BindOutput((takes_rows_ ? port.rows : port.present).c_str(), memory_);
    session_.Run(Ort::RunOptions{nullptr}, binding);
    std::vector<Ort::Value> outputs = binding.GetOutputValues();
    if (takes_rows_) keep_rows(outputs, count);
    else for (size_t i = 0; i < ports_.size(); i++) ports_[i].value = std::move(outputs[i + 1]);
    length_ += count;
    return largest(outputs[0]);
  }

  // Buffers [outer, slots, inner] that begin as before and hold the new rows behind.
  void keep_rows(const std::vector<Ort::Value>& outputs, int64_t count) {
    const int64_t slots = kSlotsAtOnce * ((length_ + count + kSlotsAtOnce - 1) / kSlotsAtOnce);
    const bool grows = slots > slots_;
    for (size_t i = 0; i < ports_.size(); i++) {
      Port& port = ports_[i];
      int64_t outer = 1, inner = 1;
      for (size_t a = 0; a < port.axis; a++) outer *= port.shape[a];
      for (size_t a = port.axis + 1; a < port.shape.size(); a++) inner *= port.shape[a];
      if (grows) {
        std::vector<float> larger(static_cast<size_t>(outer * slots * inner));
        for (int64_t o = 0; o < outer; o++)
          std::copy_n(port.buffer.data() + o * slots_ * inner, length_ * inner, larger.data() + o * slots * inner);
        port.buffer = std::move(larger);
        Shape shape = port.shape;
        shape[port.axis] = slots;
        port.value = Ort::Value::CreateTensor<float>(memory_, port.buffer.data(), port.buffer.size(), shape.data(), shape.size());
      }
      const float* rows = outputs[i + 1].GetTensorData<float>();
      for (int64_t o = 0; o < outer; o++)
        std::copy_n(rows + o * count * inner, count * inner, port.buffer.data() + (o * slots + length_) * inner);
    }
    slots_ = slots;
  }

  // The most probable token after the last column.
  static int64_t largest(const Ort::Value& logits) {
    const auto info = logits.GetTensorTypeAndShapeInfo();
    const int64_t vocab = info.GetShape().back();
    const float* last = logits.GetTensorData<float>() + info.GetElementCount() - static_cast<size_t>(vocab);
    return std::max_element(last, last + vocab) - last;
  }

  Ort::Env env_;
  Ort::Session session_;
  Ort::AllocatorWithDefaultOptions allocator_;
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  bool takes_rows_;
  std::map<std::string, bool> names_;
  std::vector<Port> ports_;
  int64_t length_ = 0, slots_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "zero_copy MODEL present|rows\n";
    return 2;
  }
  setenv("ORT_DISABLE_TELEMETRY", "1", 0);
  try {
    Host host(argv[1], std::string(argv[2]) == "rows");
    std::cout << "{\"ready\": \"onnxruntime " << Ort::GetVersionString() << "\"}" << std::endl;
    int64_t context = 0, steps = 0;
    while (std::cin >> context >> steps) {
      const auto [first, step] = host.measure(context, steps);
      std::cout << "{\"first\": " << first << ", \"step\": " << step << "}" << std::endl;
    }
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << "\n";
    return 1;
  }
}
