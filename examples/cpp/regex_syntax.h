// The grammar of regular expressions: from a pattern to a tree.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "unicode.h"

namespace nanoc {

constexpr size_t unbounded = static_cast<size_t>(-1);
constexpr size_t longest_program = 20'000;  // instructions

// One character of several: [^\r\n\p{L}] and what can be written as such.
struct Set {
  bool negated = false;
  bool ignores_case = false;
  std::vector<std::pair<char32_t, char32_t>> ranges;
  Categories categories = 0;
  bool spaces = false;
  std::vector<Script> scripts;
  std::vector<Set> inner;   // any of them
  std::vector<Set> within;  // all of them, after &&
  std::bitset<128> ascii;   // the answers for ASCII, once the set is complete

  bool has(char32_t point) const;
  void complete();
  bool has_completed(char32_t point) const { return point < 128 ? ascii[point] : has(point); }

 private:
  bool holds(char32_t point) const;
};

enum class Mode { greedy, lazy, possessive };

// An expression as a tree.
struct Node {
  enum class Kind {
    set,
    sequence,
    choice,
    repeat,
    ahead,
    behind,
    atomic,
    start,
    end,
    line_start,
    line_end,
    word_edge
  };
  Kind kind = Kind::sequence;
  std::vector<Node> parts;
  size_t set = 0;
  size_t least = 1, most = 1;
  Mode mode = Mode::greedy;
  bool negated = false;

  bool can_be_empty() const;
};

// Sets that the tree names by their places go to `sets`. Throws std::runtime_error.
Node parse_pattern(const std::string& pattern, std::vector<Set>& sets);

[[noreturn]] void refuse_pattern(const std::string& pattern, const std::string& why);

}  // namespace nanoc
