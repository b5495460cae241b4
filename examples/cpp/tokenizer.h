// Text to tokens and back, as a tokenizer.json says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "added_tokens.h"
#include "decoder.h"
#include "json.h"
#include "normaliser.h"
#include "pre_tokenizer.h"
#include "token_model.h"

namespace nanoc {

class Tokenizer {
 public:
  // Reads a tokenizer.json, and the tokenizer_config.json beside it when there is one. Throws
  // std::runtime_error, also for what it asks for and is not known here.
  static Tokenizer open(const std::filesystem::path& file);

  // Special tokens are found in the text only when `special` says so; nothing is put around it.
  std::vector<int64_t> encode(std::string_view text, bool special = false) const;

  // What the tokenizer by itself puts around a text.
  const std::vector<int64_t>& before() const { return before_; }
  const std::vector<int64_t>& after() const { return after_; }

  // Marks where a text begins, if there is such a token; whether a text gets it is said by `before`.
  std::optional<int64_t> bos() const { return bos_; }
  const std::vector<int64_t>& stops() const { return stops_; }  // end a text or an answer

  // How a token is spelled in the file; nothing when there is no such token.
  std::optional<std::string_view> spelled(int64_t token) const;
  const Decoder& decoder() const { return decoder_; }

 private:
  void put_around(const Json& post_processor);
  void put_template_around(const Json& post_processor);
  void read_ends(const Json& config);
  std::optional<int64_t> named(const std::string& name, bool special) const;

  Normaliser normaliser_;
  AddedTokens added_;
  PreTokenizer pre_tokenizer_;
  std::shared_ptr<const TokenModel> model_;
  Decoder decoder_;
  std::unordered_map<int64_t, std::string> spelled_;
  std::vector<int64_t> before_, after_, stops_;
  std::optional<int64_t> bos_;
};

// Tokens to text as they come.
class TextStream {
 public:
  explicit TextStream(const Tokenizer& tokenizer) : tokenizer_(&tokenizer), stream_(tokenizer.decoder()) {}

  std::string push(int64_t token) {
    return stream_.push(tokenizer_->spelled(token).value_or("\xef\xbf\xbd"));
  }
  std::string end() { return stream_.end(); }

 private:
  const Tokenizer* tokenizer_;
  DecodeStream stream_;
};

}  // namespace nanoc
