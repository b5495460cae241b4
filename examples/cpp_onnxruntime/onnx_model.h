// A model on ONNX Runtime: the state is tensors of the runtime that stay on its device between calls.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <filesystem>
#include <vector>

#include "model.h"

namespace nanoc {

class OnnxModel : public Model {
 public:
  struct Options {
    bool cuda = false;
    int threads = 0;  // 0: one for each core
  };

  // Throws when the file is no model of nanoc's, or the device is not there.
  OnnxModel(const std::filesystem::path& file, const Options& options);

  const Manifest& manifest() const override { return manifest_; }
  std::vector<float> run(const Call& call) override;

 private:
  // The state before the first token.
  void begin(int64_t rows);

  Ort::Env env_;
  Ort::Session session_;
  Manifest manifest_;
  Ort::MemoryInfo host_;
  Ort::MemoryInfo device_;
  std::vector<Ort::Value> state_;  // in the order of manifest_.ports
};

}  // namespace nanoc
