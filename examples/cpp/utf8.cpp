#include "utf8.h"

namespace nanoc {

namespace {
constexpr char replacement[] = "\xef\xbf\xbd";  // U+FFFD
}

void append_utf8(std::string& text, char32_t point) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | (point >> 12));
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | (point >> 18));
    tail(12), tail(6), tail(0);
  }
}

std::string Utf8Stream::push(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size();) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (!waiting_.empty()) {
      if (byte < low_ || byte > high_) {
        text += end();  // and this byte is looked at again, as a first one
        continue;
      }
      waiting_ += bytes[i++];
      low_ = 0x80, high_ = 0xbf;
      if (--needed_ > 0) continue;
      text += waiting_;
      waiting_.clear();
      continue;
    }
    i++;
    if (byte < 0x80) {
      text += static_cast<char>(byte);
    } else if (byte >= 0xc2 && byte <= 0xf4) {
      waiting_ = static_cast<char>(byte);
      needed_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      // Longer forms than needed, surrogates and what lies above U+10FFFF show in the second byte.
      low_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
      high_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    } else {
      text += replacement;
    }
  }
  return text;
}

std::string Utf8Stream::end() {
  if (waiting_.empty()) return "";
  waiting_.clear();
  return replacement;
}

std::string valid_utf8(std::string_view bytes) {
  Utf8Stream stream;
  std::string text = stream.push(bytes);
  return text + stream.end();
}

std::u32string code_points(std::string_view bytes) {
  const std::string text = valid_utf8(bytes);
  std::u32string points;
  points.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const int more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    char32_t point = more == 0 ? byte : byte & (0x3f >> more);
    for (int k = 1; k <= more; k++)
      point = (point << 6) | (static_cast<unsigned char>(text[i + static_cast<size_t>(k)]) & 0x3f);
    points += point;
    i += static_cast<size_t>(more) + 1;
  }
  return points;
}

std::string utf8_of(std::u32string_view points) {
  std::string text;
  for (const char32_t point : points) append_utf8(text, point);
  return text;
}

}  // namespace nanoc
