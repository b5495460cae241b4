// A model on ONNX Runtime: the state is tensors of the runtime that stay on its device between calls. On the CPU a
// cache that grows is kept here, in buffers with room for more rows, and a call gives its own rows alone: what it
// would give as a whole is made anew, longer, in every step.
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
  bool keeps_rows(const Port& port) const;
  // The mask of the call, with zeros for the room in the buffers.
  std::vector<int64_t> mask_of(const Call& call) const;
  // Keeps what a call gave of a port.
  void take(size_t port, Ort::Value output, const Call& call);

  Ort::Env env_;
  Ort::Session session_;
  Manifest manifest_;
  Ort::MemoryInfo host_;
  Ort::MemoryInfo device_;
  bool cuda_;
  std::vector<Ort::Value> state_;  // in the order of manifest_.ports
  int64_t slots_ = 0;              // rows that the buffers have room for
};

}  // namespace nanoc
