#include "charsmap.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "utf8.h"

namespace nanoc {

namespace {

std::string bytes_of(std::string_view base64) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : base64) {
    if (c == '=') break;
    const size_t digit = digits.find(c);
    if (digit == std::string_view::npos) throw std::runtime_error("its precompiled_charsmap is not base64");
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xff);
  }
  return bytes;
}

// A double array as Darts-clone writes it, and a list of texts that end in zero bytes.
struct Table {
  std::vector<uint32_t> units;
  std::string texts;

  // The longest text of the table that `input` has at `start`: its length, and where its replacement begins.
  bool find(std::string_view input, size_t start, size_t& length, size_t& value) const {
    bool found = false;
    size_t node = offset(units[0]);
    for (size_t at = start; at < input.size(); at++) {
      const auto byte = static_cast<unsigned char>(input[at]);
      node ^= byte;
      if (node >= units.size() || (units[node] & 0x800000ff) != byte) return found;
      const bool ends = ((units[node] >> 8) & 1) == 1;
      node ^= offset(units[node]);
      if (!ends || node >= units.size()) continue;
      found = true;
      length = at + 1 - start;
      value = units[node] & 0x7fffffff;
    }
    return found;
  }

  static size_t offset(uint32_t unit) { return size_t{unit >> 10} << ((unit & (1u << 9)) >> 6); }
};

Table read_table(const std::string& bytes) {
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  const size_t size = bytes.size() < 4 ? 0 : number(0);
  if (size == 0 || size % 4 != 0 || size + 4 > bytes.size())
    throw std::runtime_error("its precompiled_charsmap is damaged");
  Table table;
  for (size_t at = 4; at < size + 4; at += 4) table.units.push_back(number(at));
  table.texts = bytes.substr(size + 4);
  return table;
}

}  // namespace

Normaliser read_charsmap(std::string_view base64) {
  if (base64.empty()) return [](const std::u32string& text) { return text; };
  const auto table = std::make_shared<const Table>(read_table(bytes_of(base64)));
  return [table](const std::u32string& text) {
    const std::string input = utf8_of(text);
    std::string made;
    for (size_t at = 0; at < input.size();) {
      size_t length = 0, value = 0;
      if (table->find(input, at, length, value)) {
        if (value < table->texts.size()) made += table->texts.c_str() + value;
        at += length;
        continue;
      }
      do made += input[at++];
      while (at < input.size() && (static_cast<unsigned char>(input[at]) & 0xc0) == 0x80);
    }
    return code_points(made);
  };
}

}  // namespace nanoc
