// Text to tokens and back: byte-level byte pair encoding, read from a tokenizer.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json.h"
#include "split.h"
#include "utf8.h"

namespace nanoc {

class Tokenizer {
 public:
  // Reads a tokenizer.json, and the tokenizer_config.json beside it when there is one. Throws
  // std::runtime_error.
  static Tokenizer open(const std::filesystem::path& file);

  // Special tokens are found in the text only when `special` says so; `bos` is not added.
  std::vector<int64_t> encode(std::string_view text, bool special = false) const;
  // The bytes that a token stands for, which need not be whole characters.
  std::string_view bytes(int64_t token) const;

  std::optional<int64_t> bos() const { return bos_; }           // begins every text
  const std::vector<int64_t>& stops() const { return stops_; }  // end a text or an answer

 private:
  struct Merge {
    uint32_t rank, token;
  };
  struct Added {
    std::string text;
    int64_t token;
    bool special;
  };

  void read_vocabulary(const Json& model);
  void read_added(const Json& tokens);
  void read_splitting(const Json& pre_tokenizer);
  void read_ends(const Json& config);
  std::optional<int64_t> added(std::string_view text) const;
  const Added* added_at(std::string_view text, bool special) const;
  void encode_ordinary(std::string_view text, std::vector<int64_t>& tokens) const;
  void encode_piece(std::string_view piece, std::vector<int64_t>& tokens) const;

  std::unordered_map<std::string, uint32_t> tokens_;  // by their bytes
  std::unordered_map<int64_t, std::string> bytes_;
  std::unordered_map<uint64_t, Merge> merges_;  // by the two tokens
  std::vector<Added> added_;                    // longest first
  uint32_t of_byte_[256] = {};
  bool whole_pieces_ = false;  // a piece that is a token is not merged
  SplitRules rules_;
  std::optional<int64_t> bos_;
  std::vector<int64_t> stops_;
};

// Tokens to text as they come: a character whose bytes are not all there waits.
class TextStream {
 public:
  explicit TextStream(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  std::string push(int64_t token) { return utf8_.push(tokenizer_->bytes(token)); }
  std::string end() { return utf8_.end(); }

 private:
  const Tokenizer* tokenizer_;
  Utf8Stream utf8_;
};

}  // namespace nanoc
