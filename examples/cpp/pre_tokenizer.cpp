#include "pre_tokenizer.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "byte_letters.h"
#include "pattern.h"
#include "unicode.h"
#include "utf8.h"

namespace nanoc {

namespace {

using Pieces = std::vector<Piece>;

// A stretch of a text, and whether a pattern matched it.
struct Stretch {
  size_t start, end;
  bool matched;
};

std::vector<Stretch> stretches(const std::u32string& text, const Pattern& pattern, bool invert) {
  std::vector<Stretch> found;
  size_t kept = 0;
  for (const auto& [start, end] : pattern(text)) {
    if (kept < start) found.push_back({kept, start, invert});
    found.push_back({start, end, !invert});
    kept = end;
  }
  if (kept < text.size()) found.push_back({kept, text.size(), invert});
  return found;
}

using Join = std::vector<Stretch> (*)(std::vector<Stretch>);

std::vector<Stretch> removed(std::vector<Stretch> all) {
  all.erase(std::remove_if(all.begin(), all.end(), [](const Stretch& s) { return s.matched; }), all.end());
  return all;
}

std::vector<Stretch> contiguous(std::vector<Stretch> all) {
  std::vector<Stretch> joined;
  for (const Stretch& next : all) {
    if (!joined.empty() && joined.back().matched == next.matched)
      joined.back().end = next.end;
    else
      joined.push_back(next);
  }
  return joined;
}

std::vector<Stretch> merged_with_previous(std::vector<Stretch> all) {
  std::vector<Stretch> joined;
  bool after_match = false;
  for (const Stretch& next : all) {
    if (next.matched && !after_match && !joined.empty())
      joined.back().end = next.end;
    else
      joined.push_back(next);
    after_match = next.matched;
  }
  return joined;
}

std::vector<Stretch> merged_with_next(std::vector<Stretch> all) {
  std::vector<Stretch> joined;
  bool before_match = false;
  std::for_each(all.rbegin(), all.rend(), [&](const Stretch& next) {
    if (next.matched && !before_match && !joined.empty())
      joined.back().start = next.start;
    else
      joined.push_back(next);
    before_match = next.matched;
  });
  std::reverse(joined.begin(), joined.end());
  return joined;
}

Join join_named(const std::string& behavior) {
  static const std::map<std::string, Join> known = {
      {"Isolated", [](std::vector<Stretch> all) { return all; }},
      {"Removed", removed},
      {"Contiguous", contiguous},
      {"MergedWithPrevious", merged_with_previous},
      {"MergedWithNext", merged_with_next},
  };
  const auto found = known.find(behavior);
  if (found == known.end())
    throw std::runtime_error("its way to split text (" + behavior + ") is not known here");
  return found->second;
}

PreTokenizer split(const Pattern& pattern, const std::string& behavior, bool invert = false) {
  const Join join = join_named(behavior);
  return [pattern, join, invert](const Pieces& pieces) {
    Pieces made;
    for (const Piece& piece : pieces)
      for (const Stretch& s : join(stretches(piece.text, pattern, invert)))
        made.push_back({piece.text.substr(s.start, s.end - s.start), piece.begins && s.start == 0});
    return made;
  };
}

PreTokenizer each(std::function<void(Piece&)> change) {
  return [change = std::move(change)](Pieces pieces) {
    for (Piece& piece : pieces)
      if (!piece.text.empty()) change(piece);
    return pieces;
  };
}

PreTokenizer one_after_the_other(std::vector<PreTokenizer> steps) {
  return [steps = std::move(steps)](Pieces pieces) {
    for (const PreTokenizer& step : steps) pieces = step(std::move(pieces));
    return pieces;
  };
}

bool flag(const Json& value, bool otherwise) { return value.is_null() ? otherwise : value.boolean(); }
std::string text(const Json& value, const char* otherwise) {
  return value.is_null() ? otherwise : value.string();
}

PreTokenizer sequence(const Json& json) {
  std::vector<PreTokenizer> steps;
  for (const Json& step : json["pretokenizers"].array()) steps.push_back(read_pre_tokenizer(step));
  return one_after_the_other(std::move(steps));
}

PreTokenizer byte_level(const Json& json) {
  std::vector<PreTokenizer> steps;
  if (flag(json["add_prefix_space"], true)) {
    steps.push_back(each([](Piece& piece) {
      if (piece.text[0] != U' ') piece.text.insert(0, 1, U' ');
    }));
  }
  if (flag(json["use_regex"], true)) {
    static const char* const gpt2 =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    steps.push_back(split(regex_pattern(gpt2), "Isolated"));
  }
  steps.push_back(each([](Piece& piece) { piece.text = letters_of_bytes(utf8_of(piece.text)); }));
  return one_after_the_other(std::move(steps));
}

// Spaces become a letter of their own, which also stands before the first word.
PreTokenizer metaspace(const Json& json) {
  const std::u32string letter = code_points(text(json["replacement"], "\xe2\x96\x81"));
  if (letter.size() != 1) throw std::runtime_error("its letter for a space is not one character");
  const std::string scheme =
      text(json["prepend_scheme"], flag(json["add_prefix_space"], true) ? "always" : "never");
  if (scheme != "always" && scheme != "first" && scheme != "never")
    throw std::runtime_error("where its letter for a space goes (" + scheme + ") is not known here");
  std::vector<PreTokenizer> steps = {each([letter = letter[0], scheme](Piece& piece) {
    std::replace(piece.text.begin(), piece.text.end(), U' ', letter);
    const bool wanted = scheme == "always" || (scheme == "first" && piece.begins);
    if (wanted && piece.text[0] != letter) piece.text.insert(0, 1, letter);
  })};
  if (flag(json["split"], true)) {
    const auto is_letter = [letter = letter[0]](char32_t point) { return point == letter; };
    steps.push_back(split(each_character(is_letter), "MergedWithNext"));
  }
  return one_after_the_other(std::move(steps));
}

bool is_digit(char32_t point) {
  static const Categories digits = categories_named("N");
  return (category_of(point) & digits) != 0;
}

bool is_punctuation(char32_t point) {
  static const Categories marks = categories_named("P");
  const bool in_ascii =
      point > 0x20 && point < 0x7f && !(category_of(point) & (categories_named("L") | categories_named("N")));
  return in_ascii || (category_of(point) & marks) != 0;
}

PreTokenizer delimiter(const Json& json) {
  const std::u32string letter = code_points(json["delimiter"].string());
  return split(each_character([letter](char32_t point) { return letter == std::u32string(1, point); }),
               "Removed");
}

}  // namespace

PreTokenizer read_pre_tokenizer(const Json& json) {
  static const std::map<std::string, PreTokenizer (*)(const Json&)> known = {
      {"Sequence", sequence},
      {"ByteLevel", byte_level},
      {"Metaspace", metaspace},
      {"Split",
       [](const Json& j) {
         return split(read_pattern(j["pattern"]), j["behavior"].string(), flag(j["invert"], false));
       }},
      {"Digits",
       [](const Json& j) {
         return split(each_character(is_digit),
                      flag(j["individual_digits"], false) ? "Isolated" : "Contiguous");
       }},
      {"Punctuation",
       [](const Json& j) { return split(each_character(is_punctuation), text(j["behavior"], "Isolated")); }},
      {"Whitespace", [](const Json&) { return split(regex_pattern("\\w+|[^\\w\\s]+"), "Removed", true); }},
      {"WhitespaceSplit", [](const Json&) { return split(each_character(is_space), "Removed"); }},
      {"CharDelimiterSplit", delimiter},
  };
  if (json.is_null()) return [](Pieces pieces) { return pieces; };
  const std::string& type = json["type"].string();
  const auto found = known.find(type);
  if (found == known.end())
    throw std::runtime_error("its way to split text (" + type + ") is not known here");
  return found->second(json);
}

}  // namespace nanoc
