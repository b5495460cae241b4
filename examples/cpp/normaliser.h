// What a tokenizer does to a text before it cuts it: the `normalizer` of a tokenizer.json.
#pragma once

#include <functional>
#include <string>

#include "json.h"

namespace nanoc {

using Normaliser = std::function<std::u32string(const std::u32string& text)>;

// Throws std::runtime_error for one that is not known here.
Normaliser read_normaliser(const Json& json);

}  // namespace nanoc
