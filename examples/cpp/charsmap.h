// SentencePiece's table of characters: the `precompiled_charsmap` of a tokenizer.json.
#pragma once

#include <string_view>

#include "normaliser.h"

namespace nanoc {

// Throws std::runtime_error for what is no such table.
Normaliser read_charsmap(std::string_view base64);

}  // namespace nanoc
