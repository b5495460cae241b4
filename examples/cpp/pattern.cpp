#include "pattern.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "utf8.h"

namespace nanoc {

namespace {

Pattern string_pattern(std::u32string wanted) {
  if (wanted.empty()) throw std::runtime_error("it looks for a text without characters");
  return [wanted = std::move(wanted)](std::u32string_view text) {
    std::vector<Match> found;
    for (size_t at = text.find(wanted); at != std::u32string_view::npos; at = text.find(wanted, at)) {
      found.push_back({at, at + wanted.size()});
      at += wanted.size();
    }
    return found;
  };
}

}  // namespace

Pattern regex_pattern(const std::string& regex) {
  // Shared, because a std::function can be copied.
  const auto compiled = std::make_shared<const Regex>(regex);
  return [compiled](std::u32string_view text) { return compiled->matches(text); };
}

Pattern read_pattern(const Json& pattern) {
  if (!pattern["String"].is_null()) return string_pattern(code_points(pattern["String"].string()));
  return regex_pattern(pattern["Regex"].string());
}

Pattern each_character(std::function<bool(char32_t)> is_wanted) {
  return [is_wanted = std::move(is_wanted)](std::u32string_view text) {
    std::vector<Match> found;
    for (size_t i = 0; i < text.size(); i++)
      if (is_wanted(text[i])) found.push_back({i, i + 1});
    return found;
  };
}

}  // namespace nanoc
