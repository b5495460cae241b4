#include "decoder.h"

#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "byte_letters.h"

namespace nanoc {

namespace {

const char* const replacement = "\xef\xbf\xbd";  // U+FFFD

void read_step(const Json& json, Decoder& decoder, bool& fused) {
  const std::string& type = json["type"].string();
  const auto unknown = [&](const std::string& what) {
    throw std::runtime_error("its way from tokens to text (" + what + ") is not known here");
  };
  if (type == "Sequence") {
    for (const Json& step : json["decoders"].array()) read_step(step, decoder, fused);
  } else if (type == "ByteLevel") {
    decoder.byte_letters = true;
  } else if (type == "ByteFallback") {
    decoder.named_bytes = true;
  } else if (type == "Fuse") {
    fused = true;
  } else if (type == "Replace") {
    if (fused) unknown("Replace after Fuse");
    decoder.changes.push_back(read_normaliser(json));
  } else if (type == "Metaspace") {
    const Json& scheme = json["prepend_scheme"];
    const Json& older = json["add_prefix_space"];
    decoder.space_letter = code_points(json["replacement"].string());
    decoder.drops_first_space =
        scheme.is_null() ? older.is_null() || older.boolean() : scheme.string() != "never";
  } else if (type == "Strip") {
    if (!fused || json["stop"].integer() != 0) unknown("Strip of single tokens, or of an end");
    decoder.stripped_letter = code_points(json["content"].string());
    decoder.stripped = static_cast<size_t>(json["start"].integer());
  } else {
    unknown(type);
  }
}

// <0xE2>
std::optional<char> named_byte(std::string_view spelled) {
  if (spelled.size() != 6 || spelled.substr(0, 3) != "<0x" || spelled[5] != '>') return std::nullopt;
  const std::string digits(spelled.substr(3, 2));
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return std::nullopt;
  return static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
}

// A token whose letters do not all stand for bytes is a text as it is.
std::string bytes_of(std::string_view spelled) {
  std::string bytes;
  for (const char32_t letter : code_points(spelled)) {
    const auto byte = byte_of_letter(letter);
    if (!byte) return std::string(spelled);
    bytes += *byte;
  }
  return bytes;
}

}  // namespace

Decoder read_decoder(const Json& json) {
  Decoder decoder;
  bool fused = false;
  if (json.is_null())
    decoder.spaced = true;
  else
    read_step(json, decoder, fused);
  return decoder;
}

std::string DecodeStream::push(std::string_view spelled) {
  const std::string before = decoder_->spaced && !first_ ? " " : "";
  const std::string text = decoder_->byte_letters ? utf8_.push(bytes_of(spelled)) : push_named(spelled);
  first_ = false;
  return stripped(before + text);
}

std::string DecodeStream::push_named(std::string_view spelled) {
  if (const auto byte = decoder_->named_bytes ? named_byte(spelled) : std::nullopt) {
    waiting_ += *byte;
    if (valid_utf8(waiting_) != waiting_) return "";
    std::string text;
    text.swap(waiting_);
    return text;
  }
  std::u32string text = code_points(spelled);
  for (const Normaliser& change : decoder_->changes) text = change(text);
  std::string shown = lost_bytes();
  for (const char32_t point : text) {
    if (std::u32string(1, point) != decoder_->space_letter)
      append_utf8(shown, point);
    else if (!first_ || !decoder_->drops_first_space)
      shown += ' ';
  }
  return shown;
}

std::string DecodeStream::lost_bytes() {
  std::string text;
  for (size_t i = 0; i < waiting_.size(); i++) text += replacement;
  waiting_.clear();
  return text;
}

std::string DecodeStream::stripped(std::string text) {
  const std::string letter = utf8_of(decoder_->stripped_letter);
  for (; to_strip_ > 0 && !text.empty(); to_strip_--) {
    if (letter.empty() || text.compare(0, letter.size(), letter) != 0) {
      to_strip_ = 0;
      break;
    }
    text.erase(0, letter.size());
  }
  return text;
}

std::string DecodeStream::end() { return utf8_.end() + stripped(lost_bytes()); }

}  // namespace nanoc
