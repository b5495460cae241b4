// Tokens to text: the `decoder` of a tokenizer.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"
#include "normaliser.h"
#include "utf8.h"

namespace nanoc {

struct Decoder {
  bool byte_letters = false;        // tokens are spelled in GPT-2's letters for bytes
  bool named_bytes = false;         // a token like <0xE2> is a byte
  bool spaced = false;              // there is a space between two tokens
  std::vector<Normaliser> changes;  // of each token
  std::u32string space_letter;      // stands for a space
  bool drops_first_space = false;   // not for one where the text begins
  std::u32string stripped_letter;   // goes at the beginning of the text
  size_t stripped = 0;              // so many times at most
};

// Throws std::runtime_error for one that is not known here.
Decoder read_decoder(const Json& json);

// The text of tokens as they come: a character whose bytes are not all there waits.
class DecodeStream {
 public:
  explicit DecodeStream(const Decoder& decoder) : decoder_(&decoder), to_strip_(decoder.stripped) {}

  std::string push(std::string_view spelled);
  std::string end();

 private:
  std::string push_named(std::string_view spelled);
  std::string lost_bytes();
  std::string stripped(std::string text);

  const Decoder* decoder_;
  size_t to_strip_;
  bool first_ = true;
  Utf8Stream utf8_;
  std::string waiting_;  // bytes that are no whole characters yet
};

}  // namespace nanoc
