#include "program.h"
#include "torch_model.h"

int main(int count, char** words) {
  return nanoc::run_program("nanoc-libtorch", count, words, [](const auto& file, const auto& arguments) {
    return std::make_unique<nanoc::TorchModel>(file,
                                               nanoc::TorchModel::Options{arguments.cuda, arguments.threads});
  });
}
