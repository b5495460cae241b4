#include "byte_letters.h"

#include <array>
#include <unordered_map>

namespace nanoc {

namespace {

const std::array<char32_t, 256>& letters() {
  static const std::array<char32_t, 256> table = [] {
    std::array<char32_t, 256> made{};
    char32_t next = 0x100;
    for (char32_t b = 0; b < 256; b++) {
      const bool own = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      made[b] = own ? b : next++;
    }
    return made;
  }();
  return table;
}

}  // namespace

std::u32string letters_of_bytes(std::string_view bytes) {
  std::u32string spelled;
  spelled.reserve(bytes.size());
  for (const char byte : bytes) spelled += letters()[static_cast<unsigned char>(byte)];
  return spelled;
}

std::optional<char> byte_of_letter(char32_t letter) {
  static const std::unordered_map<char32_t, char> bytes = [] {
    std::unordered_map<char32_t, char> made;
    for (size_t b = 0; b < 256; b++) made[letters()[b]] = static_cast<char>(b);
    return made;
  }();
  const auto found = bytes.find(letter);
  return found == bytes.end() ? std::nullopt : std::optional<char>(found->second);
}

}  // namespace nanoc
