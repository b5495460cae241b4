// UTF-8 in both directions. What is none becomes U+FFFD, as in web browsers and with Python's "replace".
#pragma once

#include <string>
#include <string_view>

namespace nanoc {

void append_utf8(std::string& text, char32_t point);

// Bytes in pieces to whole characters: what a piece leaves unfinished waits for the next.
class Utf8Stream {
 public:
  std::string push(std::string_view bytes);
  // What still waits can no longer become a character.
  std::string end();

 private:
  std::string waiting_;
  int needed_ = 0;
  unsigned char low_ = 0, high_ = 0;  // bounds of the next byte
};

// All of a text at once.
std::string valid_utf8(std::string_view bytes);

// The characters of a text, and back.
std::u32string code_points(std::string_view bytes);
std::string utf8_of(std::u32string_view points);

}  // namespace nanoc
