// Cuts a text into the pieces that byte pair encoding works on, by the split patterns of GPT-2 and GPT-4.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nanoc {

// What a split pattern says, as far as these patterns differ.
struct SplitRules {
  bool gpt2 = false;  // words and numbers take a space before them; contractions in lower case only
  int digits = 0;     // longest number of the GPT-4 kind
  bool whole_last_space = false;  // white space that ends a text is one piece, line breaks included
};

// Throws std::runtime_error for a pattern that is none of these.
SplitRules split_rules(const std::string& pattern);
// What `ByteLevel` without a pattern of its own means.
SplitRules gpt2_rules();

// The pieces of valid UTF-8, in order; together they are the text.
std::vector<std::string_view> split(std::string_view text, const SplitRules& rules);

}  // namespace nanoc
