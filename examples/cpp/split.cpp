#include "split.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "utf8.h"

namespace nanoc {

namespace {

struct Range {
  uint32_t first, last;
};

#include "unicode_tables.inc"

template <size_t n>
bool within(const Range (&table)[n], char32_t point) {
  const Range* found = std::upper_bound(table, table + n, point,
                                        [](char32_t p, const Range& range) { return p < range.first; });
  return found != table && point <= found[-1].last;
}

enum class Kind : uint8_t { letter, number, space, other, end };

Kind kind_of(char32_t point) {
  if (within(letters, point)) return Kind::letter;
  if (within(numbers, point)) return Kind::number;
  if (within(spaces, point)) return Kind::space;
  return Kind::other;
}

// A text as characters with their kinds; past the last one there is Kind::end.
class Scanner {
 public:
  Scanner(std::string_view text, const SplitRules& rules) : rules_(rules), points_(code_points(text)) {
    kinds_.reserve(points_.size() + 1);
    for (const char32_t point : points_) kinds_.push_back(kind_of(point));
    kinds_.push_back(Kind::end);
  }

  size_t size() const { return points_.size(); }
  char32_t point(size_t i) const { return points_[i]; }

  // Where the piece that begins at `i` ends: the alternatives of the pattern, in its order.
  size_t end_of_piece(size_t i) const {
    if (const size_t end = contraction(i)) return end;
    if (rules_.gpt2) {
      const size_t start = i + (points_[i] == U' ' ? 1 : 0);  //  ?\p{L}+ |  ?\p{N}+ |  ?[^\s\p{L}\p{N}]+
      const Kind kind = kinds_[start];
      if (kind != Kind::space && kind != Kind::end) return run(start, kind);
      return space(i);
    }
    if (const size_t end = word(i)) return end;
    if (kinds_[i] == Kind::number) {  // \p{N}{1,digits}
      return std::min(run(i, Kind::number), i + static_cast<size_t>(rules_.digits));
    }
    if (const size_t end = marks(i)) return end;
    return space(i);
  }

 private:
  // The end of the characters of one kind from `i` on.
  size_t run(size_t i, Kind kind) const {
    while (kinds_[i] == kind) i++;
    return i;
  }

  bool is_break(size_t i) const { return i < size() && (points_[i] == U'\r' || points_[i] == U'\n'); }

  // '(?i:[sdmt]|ll|ve|re); 0 when there is none. Without regard to case, U+017F is an s.
  size_t contraction(size_t i) const {
    if (points_[i] != U'\'' || i + 1 >= size()) return 0;
    const auto at = [&](size_t k) -> char32_t {
      if (k >= size()) return 0;
      const char32_t c = points_[k];
      if (rules_.gpt2) return c;
      return c == 0x17f ? U's' : c >= U'A' && c <= U'Z' ? c + 32 : c;
    };
    const char32_t a = at(i + 1), b = at(i + 2);
    if (a == U's' || a == U'd' || a == U'm' || a == U't') return i + 2;
    if ((a == U'l' && b == U'l') || (a == U'v' && b == U'e') || (a == U'r' && b == U'e')) return i + 3;
    return 0;
  }

  // [^\r\n\p{L}\p{N}]?\p{L}+
  size_t word(size_t i) const {
    const Kind kind = kinds_[i];
    const size_t start = kind == Kind::letter || kind == Kind::number || is_break(i) ? i : i + 1;
    return kinds_[start] == Kind::letter ? run(start, Kind::letter) : 0;
  }

  //  ?[^\s\p{L}\p{N}]+[\r\n]*
  size_t marks(size_t i) const {
    const size_t start = i + (points_[i] == U' ' ? 1 : 0);
    if (kinds_[start] != Kind::other) return 0;
    size_t end = run(start, Kind::other);
    while (is_break(end)) end++;
    return end;
  }

  // \s*[\r\n]+ (not GPT-2) | \s+(?!\S) | \s+
  size_t space(size_t i) const {
    const size_t end = run(i, Kind::space);
    if (rules_.whole_last_space && end == size()) return end;
    if (!rules_.gpt2) {
      for (size_t k = end; k > i; k--)
        if (is_break(k - 1)) return k;
    }
    // The last space before a word is left to that word.
    return end < size() && end - i > 1 ? end - 1 : end;
  }

  const SplitRules rules_;
  const std::vector<char32_t> points_;
  std::vector<Kind> kinds_;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

SplitRules gpt2_rules() {
  SplitRules rules;
  rules.gpt2 = true;
  return rules;
}

SplitRules split_rules(const std::string& pattern) {
  // Spellings that match the same: contractions, and quantifiers where nothing could be given back.
  std::string same = pattern;
  replace_all(same, "(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)");
  replace_all(same, "'s|'t|'re|'ve|'m|'ll|'d", "'(?:[sdmt]|ll|ve|re)");
  replace_all(same, "++", "+");
  replace_all(same, "*+", "*");
  replace_all(same, "?+", "?");
  replace_all(same, "2}+", "2}");
  replace_all(same, "3}+", "3}");
  replace_all(same, "|\\s*[\\r\\n]+|", "|\\s*[\\r\\n]|");

  const std::string others = " ?[^\\s\\p{L}\\p{N}]+";
  const std::string gpt2 = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+|" + others;
  const std::string spaces = "|\\s+(?!\\S)|\\s+";
  if (same == gpt2 + spaces || same == gpt2 + "|\\s+$|\\s+(?!\\S)|\\s") return gpt2_rules();
  for (int digits = 1; digits <= 3; digits++) {
    const std::string numbers = digits == 1 ? "\\p{N}" : "\\p{N}{1," + std::to_string(digits) + "}";
    const std::string start =
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + numbers + "|" + others + "[\\r\\n]*";
    SplitRules rules;
    rules.digits = digits;
    if (same == start + "|\\s*[\\r\\n]" + spaces) return rules;
    rules.whole_last_space = true;
    if (same == start + "|\\s+$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s") return rules;
  }
  throw std::runtime_error("the tokenizer splits text by a pattern that is not known here: " + pattern);
}

std::vector<std::string_view> split(std::string_view text, const SplitRules& rules) {
  const Scanner scanner(text, rules);
  std::vector<std::string_view> pieces;
  size_t byte = 0;
  for (size_t i = 0; i < scanner.size();) {
    const size_t end = scanner.end_of_piece(i);
    size_t bytes = 0;
    for (; i < end; i++) {
      const char32_t point = scanner.point(i);
      bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    }
    pieces.push_back(text.substr(byte, bytes));
    byte += bytes;
  }
  return pieces;
}

}  // namespace nanoc
