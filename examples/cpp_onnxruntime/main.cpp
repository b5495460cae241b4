#include "onnx_model.h"
#include "program.h"

int main(int count, char** words) {
  return nanoc::run_program("nanoc-onnxruntime", count, words, [](const auto& file, const auto& arguments) {
    return std::make_unique<nanoc::OnnxModel>(file,
                                              nanoc::OnnxModel::Options{arguments.cuda, arguments.threads});
  });
}
