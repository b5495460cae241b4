#include "token_model.h"

#include <stdexcept>

#include "bpe.h"
#include "unigram.h"

namespace nanoc {

std::unique_ptr<const TokenModel> read_token_model(const Json& model,
                                                   const std::vector<std::string>& special) {
  // Files that are older than the entry have no `type`.
  const std::string type = model["type"].is_null() ? "BPE" : model["type"].string();
  if (type == "BPE") return std::make_unique<const Bpe>(model);
  if (type == "Unigram") return std::make_unique<const Unigram>(model, special);
  throw std::runtime_error("its model (" + type + ") is not known here");
}

}  // namespace nanoc
