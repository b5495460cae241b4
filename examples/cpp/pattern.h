// What a tokenizer.json looks for in a text: {"String": " "} or {"Regex": "\\s+"}.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "json.h"
#include "regex.h"

namespace nanoc {

using Pattern = std::function<std::vector<Match>(std::u32string_view text)>;

// Throws std::runtime_error.
Pattern read_pattern(const Json& pattern);
Pattern regex_pattern(const std::string& regex);

// Every single character of a kind.
Pattern each_character(std::function<bool(char32_t)> is_wanted);

}  // namespace nanoc
