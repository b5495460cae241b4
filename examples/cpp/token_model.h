// What makes tokens of a piece of text: the `model` of a tokenizer.json.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "json.h"

namespace nanoc {

class TokenModel {
 public:
  virtual ~TokenModel() = default;

  virtual void encode(const std::u32string& piece, std::vector<int64_t>& tokens) const = 0;

  // Tokens by how they are spelled.
  const std::unordered_map<std::string, int64_t>& vocabulary() const { return vocabulary_; }

 protected:
  std::unordered_map<std::string, int64_t> vocabulary_;
};

// Throws std::runtime_error for one that is not known here. `special` are the tokens that no text is made of.
std::unique_ptr<const TokenModel> read_token_model(const Json& model,
                                                   const std::vector<std::string>& special);

}  // namespace nanoc
