// Tokens that are found in a text before anything else is done to it: the `added_tokens` of a tokenizer.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json.h"
#include "normaliser.h"

namespace nanoc {

struct AddedToken {
  std::string spelled;
  int64_t token = 0;
  bool special = false;
  bool normalised = false;  // found in the normalised text
  bool whole_word = false;
  bool takes_left = false, takes_right = false;  // with the spaces there
};

// A stretch of a text, or a token.
struct Section {
  std::u32string text;
  bool begins;  // where the whole text begins
  std::optional<int64_t> token;
};

class AddedTokens {
 public:
  AddedTokens() = default;
  AddedTokens(const Json& json, const Normaliser& normaliser);

  const std::vector<AddedToken>& all() const { return all_; }

  // Cuts out those that are found in the text as it is, or in the normalised one; special ones only when
  // `special` says so.
  std::vector<Section> cut(const Section& section, bool normalised, bool special) const;

 private:
  struct Entry {
    std::u32string text;
    size_t token;  // in all_
  };
  const Entry* found_at(const std::u32string& text, size_t at, bool normalised) const;

  std::vector<AddedToken> all_;
  std::vector<Entry> as_it_is_,
      normalised_;  // by their texts, so that those with one beginning stand together
};

}  // namespace nanoc
