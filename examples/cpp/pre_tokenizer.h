// How a tokenizer cuts a text into the pieces that its model works on: the `pre_tokenizer` of a
// tokenizer.json.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "json.h"

namespace nanoc {

struct Piece {
  std::u32string text;
  bool begins;  // where the whole text begins
};

using PreTokenizer = std::function<std::vector<Piece>(std::vector<Piece> pieces)>;

// Throws std::runtime_error for one that is not known here.
PreTokenizer read_pre_tokenizer(const Json& json);

}  // namespace nanoc
