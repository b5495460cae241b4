#include "normaliser.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "byte_letters.h"
#include "charsmap.h"
#include "pattern.h"
#include "unicode.h"
#include "utf8.h"

namespace nanoc {

namespace {

using Text = std::u32string;

constexpr size_t longest_text = size_t{1} << 26;  // characters

Normaliser sequence(const Json& json) {
  std::vector<Normaliser> steps;
  for (const Json& step : json["normalizers"].array()) steps.push_back(read_normaliser(step));
  return [steps](const Text& text) {
    Text made = text;
    for (const Normaliser& step : steps) made = step(made);
    return made;
  };
}

Normaliser in_form(NormalForm form) {
  return [form](const Text& text) { return normalised(text, form); };
}

// An empty text stays empty.
Normaliser prepend(const Json& json) {
  const Text start = code_points(json["prepend"].string());
  return [start](const Text& text) { return text.empty() ? text : start + text; };
}

Normaliser replace(const Json& json) {
  const Pattern pattern = read_pattern(json["pattern"]);
  const Text content = code_points(json["content"].string());
  return [pattern, content](const Text& text) {
    Text made;
    size_t kept = 0;
    for (const auto& [start, end] : pattern(text)) {
      made.append(text, kept, start - kept);
      made += content;
      kept = end;
      if (made.size() > longest_text) throw std::runtime_error("its normalizer makes the text too long");
    }
    return made.append(text, kept);
  };
}

Normaliser strip(const Json& json) {
  const bool left = json["strip_left"].boolean(), right = json["strip_right"].boolean();
  return [left, right](const Text& text) {
    size_t start = 0, end = text.size();
    while (left && start < end && is_space(text[start])) start++;
    while (right && end > start && is_space(text[end - 1])) end--;
    return text.substr(start, end - start);
  };
}

Text without_accents(const Text& text) {
  static const Categories marks = categories_named("Mn");
  Text kept;
  for (const char32_t point : text)
    if ((category_of(point) & marks) == 0) kept += point;
  return kept;
}

}  // namespace

Normaliser read_normaliser(const Json& json) {
  static const std::map<std::string, Normaliser (*)(const Json&)> known = {
      {"Sequence", sequence},
      {"NFC", [](const Json&) { return in_form(NormalForm::nfc); }},
      {"NFD", [](const Json&) { return in_form(NormalForm::nfd); }},
      {"NFKC", [](const Json&) { return in_form(NormalForm::nfkc); }},
      {"NFKD", [](const Json&) { return in_form(NormalForm::nfkd); }},
      {"Precompiled",
       [](const Json& j) {
         const Json& table = j["precompiled_charsmap"];
         return read_charsmap(table.is_null() ? "" : table.string());
       }},
      {"Prepend", prepend},
      {"Replace", replace},
      {"Strip", strip},
      {"StripAccents", [](const Json&) { return Normaliser(without_accents); }},
      {"Lowercase", [](const Json&) { return Normaliser(small_letters_of); }},
      {"ByteLevel",
       [](const Json&) { return Normaliser([](const Text& t) { return letters_of_bytes(utf8_of(t)); }); }},
  };
  if (json.is_null()) return [](const Text& text) { return text; };
  const std::string& type = json["type"].string();
  const auto found = known.find(type);
  if (found == known.end()) throw std::runtime_error("its normalizer (" + type + ") is not known here");
  return found->second(json);
}

}  // namespace nanoc
