#include "added_tokens.h"

#include <algorithm>
#include <stdexcept>

#include "unicode.h"
#include "utf8.h"

namespace nanoc {

namespace {

bool is_set(const Json& value) { return value.kind() == Json::Kind::boolean && value.boolean(); }

}  // namespace

AddedTokens::AddedTokens(const Json& json, const Normaliser& normaliser) {
  if (json.is_null()) return;
  for (const Json& entry : json.array()) {
    AddedToken token;
    token.spelled = entry["content"].string();
    token.token = entry["id"].integer();
    token.special = is_set(entry["special"]);
    token.normalised = is_set(entry["normalized"]);
    token.whole_word = is_set(entry["single_word"]);
    token.takes_left = is_set(entry["lstrip"]);
    token.takes_right = is_set(entry["rstrip"]);
    if (token.token < 0) throw std::runtime_error("the token \"" + token.spelled + "\" has a negative id");
    const std::u32string content = code_points(token.spelled);
    const std::u32string text = token.normalised ? normaliser(content) : content;
    if (!text.empty()) (token.normalised ? normalised_ : as_it_is_).push_back({text, all_.size()});
    all_.push_back(std::move(token));
  }
  const auto before = [](const Entry& a, const Entry& b) { return a.text < b.text; };
  for (std::vector<Entry>* entries : {&as_it_is_, &normalised_})
    std::stable_sort(entries->begin(), entries->end(), before);
}

// The longest one that begins there: letter by letter, fewer of them are left.
const AddedTokens::Entry* AddedTokens::found_at(const std::u32string& text, size_t at,
                                                bool normalised) const {
  const std::vector<Entry>& entries = normalised ? normalised_ : as_it_is_;
  auto first = entries.begin(), last = entries.end();
  const Entry* found = nullptr;
  for (size_t k = 0; at + k < text.size() && first != last; k++) {
    const auto before = [k](const Entry& e, char32_t c) { return e.text.size() <= k || e.text[k] < c; };
    const auto after = [k](char32_t c, const Entry& e) { return c < e.text[k]; };
    first = std::lower_bound(first, last, text[at + k], before);
    last = std::upper_bound(first, last, text[at + k], after);
    if (first != last && first->text.size() == k + 1) found = &*first;
  }
  return found;
}

std::vector<Section> AddedTokens::cut(const Section& section, bool normalised, bool special) const {
  const std::u32string& text = section.text;
  std::vector<Section> sections;
  size_t kept = 0;
  const auto keep_until = [&](size_t end) {
    if (kept < end) sections.push_back({text.substr(kept, end - kept), section.begins && kept == 0, {}});
  };
  for (size_t at = 0; at < text.size();) {
    const Entry* entry = found_at(text, at, normalised);
    if (!entry) {
      at++;
      continue;
    }
    size_t start = at, end = at + entry->text.size();
    at = end;  // what is passed over here is not looked at again
    const AddedToken& token = all_[entry->token];
    const bool joins = (start > 0 && is_word(text[start - 1])) || (end < text.size() && is_word(text[end]));
    if ((token.special && !special) || (token.whole_word && joins)) continue;
    while (token.takes_left && start > kept && is_space(text[start - 1])) start--;
    while (token.takes_right && end < text.size() && is_space(text[end])) end++;
    keep_until(start);
    sections.push_back({U"", false, token.token});
    kept = end;
    at = std::max(at, end);
  }
  keep_until(text.size());
  return sections;
}

}  // namespace nanoc
