#include "regex_syntax.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "utf8.h"

namespace nanoc {

bool Set::holds(char32_t point) const {
  const auto in_range = [&](const auto& range) { return range.first <= point && point <= range.second; };
  const auto in_set = [&](const Set& set) { return set.has(point); };
  const bool found = std::any_of(ranges.begin(), ranges.end(), in_range) ||
                     (category_of(point) & categories) != 0 || (spaces && is_space(point)) ||
                     std::any_of(scripts.begin(), scripts.end(), [&](Script s) { return is_of(s, point); }) ||
                     std::any_of(inner.begin(), inner.end(), in_set);
  return found && std::all_of(within.begin(), within.end(), in_set);
}

bool Set::has(char32_t point) const {
  bool found = holds(point);
  if (!found && ignores_case) {
    const char32_t small = point >= U'A' && point <= U'Z' ? point + 32 : point;
    // Two characters beyond ASCII have small letters in it.
    const char32_t folded = point == 0x17f ? U's' : point == 0x212a ? U'k' : small;
    found = holds(folded) || (folded >= U'a' && folded <= U'z' && holds(folded - 32));
  }
  return found != negated;
}

void Set::complete() {
  for (char32_t point = 0; point < 128; point++) ascii[point] = has(point);
}

bool Node::can_be_empty() const {
  const auto empty = [](const Node& part) { return part.can_be_empty(); };
  switch (kind) {
    case Kind::set:
      return false;
    case Kind::choice:
      return std::any_of(parts.begin(), parts.end(), empty);
    case Kind::repeat:
      return least == 0 || parts[0].can_be_empty();
    case Kind::sequence:
    case Kind::atomic:
      return std::all_of(parts.begin(), parts.end(), empty);
    default:
      return true;
  }
}

void refuse_pattern(const std::string& pattern, const std::string& why) {
  const std::string shown = pattern.size() > 200 ? pattern.substr(0, 200) + "..." : pattern;
  throw std::runtime_error("it splits text by a pattern that is not known here (" + why + "): " + shown);
}

namespace {

constexpr size_t none = static_cast<size_t>(-1);
constexpr int deepest = 100;  // groups in groups
constexpr size_t most_repeated = 1'000;

class Parser {
 public:
  Parser(const std::string& pattern, std::vector<Set>& sets)
      : shown_(pattern), text_(code_points(pattern)), sets_(sets) {}

  Node parse() {
    Node node = choice(0);
    if (!done()) fail("a ) too many");
    return node;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { refuse_pattern(shown_, why); }

  bool done() const { return at_ >= text_.size(); }
  char32_t peek(size_t more = 0) const { return at_ + more < text_.size() ? text_[at_ + more] : 0; }
  char32_t take() {
    if (done()) fail("it ends too early");
    return text_[at_++];
  }
  bool eat(std::u32string_view word) {
    for (size_t i = 0; i < word.size(); i++)
      if (at_ + i >= text_.size() || text_[at_ + i] != word[i]) return false;
    at_ += word.size();
    return true;
  }

  Node choice(int depth) {
    if (depth > deepest) fail("groups are nested too deeply");
    const bool outer_case = ignores_case_;
    Node node;
    node.kind = Node::Kind::choice;
    do node.parts.push_back(sequence(depth));
    while (eat(U"|"));
    ignores_case_ = outer_case;
    return node.parts.size() == 1 ? std::move(node.parts[0]) : node;
  }

  Node sequence(int depth) {
    Node node;
    while (!done() && peek() != U'|' && peek() != U')') {
      if (eat(U"(?i)")) {
        ignores_case_ = true;
        continue;
      }
      node.parts.push_back(repeated(atom(depth)));
    }
    return node;
  }

  Node repeated(Node node) {
    for (int times = 0;; times++) {
      if (times > deepest) fail("it repeats too often");
      size_t least = 0, most = unbounded;
      if (eat(U"*")) {
      } else if (eat(U"+")) {
        least = 1;
      } else if (eat(U"?")) {
        most = 1;
      } else if (!count(least, most)) {
        return node;
      }
      if (most == unbounded && node.can_be_empty()) fail("it repeats what can be empty");
      Node repeat;
      repeat.kind = Node::Kind::repeat;
      repeat.least = least;
      repeat.most = most;
      repeat.mode = eat(U"?") ? Mode::lazy : eat(U"+") ? Mode::possessive : Mode::greedy;
      repeat.parts.push_back(std::move(node));
      node = std::move(repeat);
    }
  }

  // {2}, {2,} or {2,5}; a brace that is none of these stands for itself.
  bool count(size_t& least, size_t& most) {
    const size_t begin = at_;
    const auto number = [&](size_t otherwise) {
      size_t value = 0, digits = 0;
      for (; peek() >= U'0' && peek() <= U'9' && digits < 6; digits++) value = value * 10 + (take() - U'0');
      return digits > 0 ? value : otherwise;
    };
    if (eat(U"{")) {
      const bool named = peek() != U',';
      least = number(none);
      most = eat(U",") ? number(unbounded) : least;
      if (named && least != none && eat(U"}")) {
        if (least > most || least > most_repeated || (most != unbounded && most > most_repeated))
          fail("it repeats too often");
        return true;
      }
    }
    at_ = begin;
    return false;
  }

  Node atom(int depth) {
    Node node;
    if (eat(U"(")) return group(depth);
    if (eat(U"^"))
      node.kind = Node::Kind::line_start;
    else if (eat(U"$"))
      node.kind = Node::Kind::line_end;
    else if (eat(U"\\A"))
      node.kind = Node::Kind::start;
    else if (eat(U"\\z"))
      node.kind = Node::Kind::end;
    else if (eat(U"\\b"))
      node.kind = Node::Kind::word_edge;
    else if (eat(U"\\B"))
      node.kind = Node::Kind::word_edge, node.negated = true;
    else {
      Set set;
      if (eat(U"[")) {
        set = bracket(depth);
      } else if (eat(U".")) {
        set.negated = true;
        set.ranges = {{U'\n', U'\n'}};
      } else if (peek() == U'*' || peek() == U'+' || peek() == U'?') {
        fail("nothing to repeat");
      } else {
        add(set, false);
      }
      if (sets_.size() >= longest_program) fail("it is too long");
      node.kind = Node::Kind::set;
      node.set = sets_.size();
      set.complete();
      sets_.push_back(std::move(set));
    }
    return node;
  }

  Node group(int depth) {
    Node node;
    const bool outer_case = ignores_case_;
    if (eat(U"?="))
      node.kind = Node::Kind::ahead;
    else if (eat(U"?!"))
      node.kind = Node::Kind::ahead, node.negated = true;
    else if (eat(U"?<="))
      node.kind = Node::Kind::behind;
    else if (eat(U"?<!"))
      node.kind = Node::Kind::behind, node.negated = true;
    else if (eat(U"?>"))
      node.kind = Node::Kind::atomic;
    else if (eat(U"?i:"))
      ignores_case_ = true;
    else if (!eat(U"?:") && peek() == U'?')
      fail("a group of another kind");
    node.parts.push_back(choice(depth + 1));
    ignores_case_ = outer_case;
    if (!eat(U")")) fail("a ) is missing");
    if (node.kind == Node::Kind::behind && node.parts[0].kind != Node::Kind::set) {
      const bool single = node.parts[0].kind == Node::Kind::sequence && node.parts[0].parts.size() == 1 &&
                          node.parts[0].parts[0].kind == Node::Kind::set;
      if (!single) fail("it looks behind by more than a character");
    }
    return node;
  }

  // After the [.
  Set bracket(int depth) {
    if (depth > deepest) fail("sets are nested too deeply");
    Set set;
    set.ignores_case = ignores_case_;
    const bool negated = eat(U"^");
    for (bool first = true; first || peek() != U']'; first = false) {
      if (done()) fail("a ] is missing");
      if (eat(U"&&")) {
        if (!eat(U"[")) fail("&& before something else than a set");
        set.within.push_back(bracket(depth + 1));
      } else if (peek() == U'[' && peek(1) == U':') {
        fail("a set with a name of POSIX");
      } else if (eat(U"[")) {
        set.inner.push_back(bracket(depth + 1));
      } else {
        add(set, true);
      }
    }
    take();
    set.negated = negated;
    return set;
  }

  // A character, a range of some, or a class like \p{L}.
  void add(Set& set, bool in_bracket) {
    set.ignores_case = ignores_case_;
    if (eat(U"\\p{") || eat(U"\\P{")) return property(set, text_[at_ - 2] == U'P');
    static const std::u32string classes = U"sSdDwW";
    if (peek() == U'\\' && peek(1) != 0 && classes.find(peek(1)) != std::u32string::npos) {
      take();
      return shorthand(set, take());
    }
    const char32_t first = character();
    char32_t last = first;
    if (in_bracket && peek() == U'-' && peek(1) != U']' && peek(1) != 0) {
      take();
      last = character();
      if (last < first) fail("a range that ends before it begins");
    }
    if (ignores_case_ && last > 0x7f) fail("letters beyond ASCII, large or small");
    set.ranges.emplace_back(first, last);
  }

  static void include(Set& set, Set&& other, bool negated) {
    other.negated = negated;
    set.inner.push_back(std::move(other));
  }

  void shorthand(Set& set, char32_t name) {
    Set named;
    if (name == U's' || name == U'S') {
      named.spaces = true;
    } else {
      named.categories = categories_named("Nd");
      if (name == U'w' || name == U'W')
        named.categories |= categories_named("L") | categories_named("M") | categories_named("Pc");
    }
    include(set, std::move(named), name < U'a');
  }

  // After \p{.
  void property(Set& set, bool negated) {
    if (eat(U"^")) negated = !negated;
    std::string name;
    while (peek() != U'}') {
      if (done() || name.size() > 30) fail("a } is missing");
      append_utf8(name, take());
    }
    take();
    for (const char* start : {"Script=", "script=", "sc=", "Is"})
      if (name.rfind(start, 0) == 0) name = name.substr(std::string(start).size());
    Set named;
    named.categories = categories_named(name);
    if (name == "Han")
      named.scripts = {Script::han};
    else if (name == "Hiragana")
      named.scripts = {Script::hiragana};
    else if (name == "Katakana")
      named.scripts = {Script::katakana};
    else if (name == "Hangul")
      named.scripts = {Script::hangul};
    else if (named.categories == 0)
      fail("\\p{" + name + "}");
    include(set, std::move(named), negated);
  }

  char32_t character() {
    const char32_t point = take();
    if (point != U'\\') return point;
    const char32_t name = take();
    switch (name) {
      case U'n':
        return U'\n';
      case U'r':
        return U'\r';
      case U't':
        return U'\t';
      case U'f':
        return U'\f';
      case U'v':
        return U'\v';
      case U'x':
        return eat(U"{") ? hexadecimal(8, true) : hexadecimal(2, false);
      case U'u':
        return hexadecimal(4, false);
      default:
        break;
    }
    const bool is_word_like = is_word(name);
    if (is_word_like) {
      std::string shown;
      append_utf8(shown, name);
      fail("\\" + shown);
    }
    return name;
  }

  char32_t hexadecimal(int most, bool braced) {
    static const std::u32string digits = U"0123456789abcdef";
    char32_t value = 0;
    for (int i = 0; i < most && !(braced && peek() == U'}'); i++) {
      const char32_t c = take();
      const size_t digit = digits.find(c >= U'A' && c <= U'F' ? c + 32 : c);
      if (digit == std::u32string::npos || value > 0x10ffff) fail("a number of a character");
      value = value * 16 + static_cast<char32_t>(digit);
    }
    if (braced && !eat(U"}")) fail("a number of a character");
    return value;
  }

  std::string shown_;
  std::u32string text_;
  std::vector<Set>& sets_;
  size_t at_ = 0;
  bool ignores_case_ = false;
};

}  // namespace

Node parse_pattern(const std::string& pattern, std::vector<Set>& sets) {
  return Parser(pattern, sets).parse();
}

}  // namespace nanoc
