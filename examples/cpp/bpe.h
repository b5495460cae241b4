// Byte pair encoding, over bytes or over characters.
#pragma once

#include <optional>

#include "token_model.h"

namespace nanoc {

class Bpe : public TokenModel {
 public:
  // Throws std::runtime_error.
  explicit Bpe(const Json& model);

  void encode(const std::u32string& piece, std::vector<int64_t>& tokens) const override;

 private:
  struct Merge {
    uint32_t rank;
    int64_t token;
  };

  void read_merges(const Json& merges);
  std::vector<int64_t> characters(const std::u32string& piece) const;
  void merge(std::vector<int64_t>& token, std::vector<int64_t>& tokens) const;
  std::optional<int64_t> find(const std::string& spelled) const;

  std::unordered_map<uint64_t, Merge> merges_;  // by the two tokens
  std::optional<int64_t> unknown_;
  bool fuses_unknown_ = false;              // several unknown characters are one token
  bool spells_bytes_ = false;               // an unknown character is the tokens of its bytes, as in <0xE2>
  bool whole_pieces_ = false;               // a piece that is a token is not merged
  std::string inner_prefix_, last_suffix_;  // of characters that do not begin a piece, or end one
};

}  // namespace nanoc
