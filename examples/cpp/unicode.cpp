#include "unicode.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <vector>

namespace nanoc {

namespace {

struct Range {
  char32_t first, last;
};
struct CategoryRange {
  char32_t first, last;
  uint8_t number;
};
struct Pair {
  char32_t from, to;
};
struct Decomposition {
  char32_t point;
  const char32_t* parts;
};
struct Composition {
  char32_t first, second, whole;
};

#include "unicode_tables.inc"

// The entry whose range holds a character; null when there is none.
template <typename Entry, size_t n>
const Entry* range_of(const Entry (&table)[n], char32_t point) {
  const auto before = [](char32_t p, const Entry& entry) { return p < entry.first; };
  const Entry* found = std::upper_bound(table, table + n, point, before);
  return found != table && point <= found[-1].last ? found - 1 : nullptr;
}

template <size_t n>
const char32_t* parts_of(const Decomposition (&table)[n], char32_t point) {
  const auto before = [](const Decomposition& entry, char32_t p) { return entry.point < p; };
  const Decomposition* found = std::lower_bound(table, table + n, point, before);
  return found != table + n && found->point == point ? found->parts : nullptr;
}

constexpr const char* category_names[] = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl",
                                          "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc",
                                          "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co"};
constexpr uint8_t unassigned = std::size(category_names);

uint8_t category_number(char32_t point) {
  // Most texts stay in the first plane, which is looked up at once.
  static const std::vector<uint8_t> first_plane = [] {
    std::vector<uint8_t> numbers(0x10000, unassigned);
    for (const CategoryRange& range : categories)
      for (char32_t p = range.first; p <= range.last && p < 0x10000; p++) numbers[p] = range.number;
    return numbers;
  }();
  if (point < 0x10000) return first_plane[point];
  const CategoryRange* found = range_of(categories, point);
  return found ? found->number : unassigned;
}

// Syllables of Hangul are made of letters by a rule.
constexpr char32_t leads = 0x1100, vowels = 0x1161, tails = 0x11a7, syllables = 0xac00;
constexpr char32_t lead_count = 19, vowel_count = 21, tail_count = 28;
constexpr char32_t syllable_count = lead_count * vowel_count * tail_count;

bool between(char32_t point, char32_t start, char32_t count) {
  return point >= start && point < start + count;
}

void decompose(char32_t point, bool compatible, std::u32string& text) {
  if (between(point, syllables, syllable_count)) {
    const char32_t index = point - syllables, tail = index % tail_count;
    text += leads + index / tail_count / vowel_count;
    text += vowels + index / tail_count % vowel_count;
    if (tail > 0) text += tails + tail;
    return;
  }
  const char32_t* parts = compatible ? parts_of(compatible_parts, point) : nullptr;
  if (!parts) parts = parts_of(canonical_parts, point);
  if (parts)
    text += parts;
  else
    text += point;
}

// 0 for characters that others combine with; else what stands first of several is less.
int combining_order(char32_t point) {
  const CategoryRange* found = point < 0x300 ? nullptr : range_of(combining_orders, point);
  return found ? found->number : 0;
}

char32_t composed(char32_t first, char32_t second) {
  if (between(first, leads, lead_count) && between(second, vowels, vowel_count))
    return syllables + ((first - leads) * vowel_count + second - vowels) * tail_count;
  if (between(first, syllables, syllable_count) && (first - syllables) % tail_count == 0 &&
      between(second, tails + 1, tail_count - 1))
    return first + second - tails;
  const auto before = [](const Composition& a, const Composition& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  };
  const Composition wanted{first, second, 0};
  const Composition* found =
      std::lower_bound(std::begin(compositions), std::end(compositions), wanted, before);
  const bool is_there = found != std::end(compositions) && found->first == first && found->second == second;
  return is_there ? found->whole : 0;
}

// Marks go to the last character that combines, unless one of their own order or more stands between.
void compose(std::u32string& text) {
  size_t kept = 0, starter = std::u32string::npos;
  int last_order = 0;
  for (const char32_t point : text) {
    const int order = combining_order(point);
    if (starter != std::u32string::npos) {
      const bool adjacent = starter + 1 == kept;
      const char32_t whole = adjacent || last_order < order ? composed(text[starter], point) : 0;
      if (whole != 0) {
        text[starter] = whole;
        continue;
      }
    }
    if (order == 0) starter = kept;
    last_order = order;
    text[kept++] = point;
  }
  text.resize(kept);
}

}  // namespace

Categories category_of(char32_t point) { return Categories{1} << category_number(point); }

Categories categories_named(const std::string& name) {
  Categories found = 0;
  for (size_t i = 0; i < std::size(category_names); i++)
    if (name == category_names[i] || name == std::string(1, category_names[i][0])) found |= 1u << i;
  return found;
}

bool is_space(char32_t point) { return range_of(spaces, point) != nullptr; }

bool is_word(char32_t point) {
  static const Categories words = categories_named("L") | categories_named("M") | categories_named("Nd") |
                                  categories_named("Nl") | categories_named("Pc");
  return (category_of(point) & words) != 0;
}

bool is_of(Script script, char32_t point) {
  switch (script) {
    case Script::han:
      return range_of(han, point) != nullptr;
    case Script::hiragana:
      return range_of(hiragana, point) != nullptr;
    case Script::katakana:
      return range_of(katakana, point) != nullptr;
    case Script::hangul:
      return range_of(hangul, point) != nullptr;
  }
  return false;
}

std::u32string small_letters_of(const std::u32string& text) {
  std::u32string small;
  for (const char32_t point : text) {
    const auto before = [](const Pair& entry, char32_t p) { return entry.from < p; };
    const Pair* found = std::lower_bound(std::begin(small_letters), std::end(small_letters), point, before);
    small += found != std::end(small_letters) && found->from == point ? found->to : point;
    if (point == 0x130) small += char32_t{0x307};  // the only one that becomes two
  }
  return small;
}

std::u32string normalised(const std::u32string& text, NormalForm form) {
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  std::u32string parts;
  parts.reserve(text.size());
  for (const char32_t point : text) decompose(point, compatible, parts);
  // Runs of combining characters are put in their order.
  for (size_t i = 0; i < parts.size();) {
    if (combining_order(parts[i]) == 0) {
      i++;
      continue;
    }
    size_t end = i;
    while (end < parts.size() && combining_order(parts[end]) != 0) end++;
    const auto less = [](char32_t a, char32_t b) { return combining_order(a) < combining_order(b); };
    std::stable_sort(parts.begin() + static_cast<std::ptrdiff_t>(i),
                     parts.begin() + static_cast<std::ptrdiff_t>(end), less);
    i = end;
  }
  if (form == NormalForm::nfc || form == NormalForm::nfkc) compose(parts);
  return parts;
}

}  // namespace nanoc
