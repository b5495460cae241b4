// A model on LibTorch: the state is a list of tensors that stay on the model's device between calls.
#pragma once

#include <torch/script.h>

#include <filesystem>
#include <vector>

#include "model.h"

namespace nanoc {

class TorchModel : public Model {
 public:
  struct Options {
    bool cuda = false;
    int threads = 0;  // 0: as many as LibTorch thinks fit
  };

  // Throws when the file is no archive of nanoc's, or the device is not there.
  TorchModel(const std::filesystem::path& file, const Options& options);

  const Manifest& manifest() const override { return manifest_; }
  std::vector<float> run(const Call& call) override;

 private:
  // The state before the first token.
  c10::List<at::Tensor> begin(int64_t rows) const;
  at::Tensor to_device(const std::vector<int64_t>& values, at::IntArrayRef shape) const;

  at::Device device_;
  torch::jit::Module module_;
  Manifest manifest_;
  c10::List<at::Tensor> state_;  // in the order of manifest_.ports
};

}  // namespace nanoc
