#include "bpe.h"

#include <cstdio>
#include <functional>
#include <queue>
#include <stdexcept>
#include <tuple>

#include "utf8.h"

namespace nanoc {

namespace {

constexpr int64_t most_tokens = int64_t{1} << 31;

uint64_t pair_of(int64_t left, int64_t right) {
  return (static_cast<uint64_t>(left) << 32) | static_cast<uint64_t>(right);
}

// "a b", or the newer ["a", "b"].
std::pair<std::string, std::string> merge_of(const Json& merge) {
  if (merge.kind() == Json::Kind::array && merge.array().size() == 2)
    return {merge.array()[0].string(), merge.array()[1].string()};
  const std::string& text = merge.string();
  const size_t space = text.find(' ');
  if (space == std::string::npos) throw std::runtime_error("the merge \"" + text + "\" has no two parts");
  return {text.substr(0, space), text.substr(space + 1)};
}

bool is_set(const Json& value) { return value.kind() == Json::Kind::boolean && value.boolean(); }

std::string text_of(const Json& value) { return value.is_null() ? "" : value.string(); }

}  // namespace

Bpe::Bpe(const Json& model) {
  if (!model["dropout"].is_null() && model["dropout"].number() > 0)
    throw std::runtime_error("its merges are drawn (dropout), which is for training");
  fuses_unknown_ = is_set(model["fuse_unk"]);
  spells_bytes_ = is_set(model["byte_fallback"]);
  whole_pieces_ = is_set(model["ignore_merges"]);
  inner_prefix_ = text_of(model["continuing_subword_prefix"]);
  last_suffix_ = text_of(model["end_of_word_suffix"]);
  for (const auto& [token, id] : model["vocab"].object()) {
    const int64_t number = id.integer();
    if (number < 0 || number >= most_tokens)
      throw std::runtime_error("the token \"" + token + "\" has the id " + std::to_string(number));
    vocabulary_[token] = number;
  }
  if (!model["unk_token"].is_null()) {
    unknown_ = find(model["unk_token"].string());
    if (!unknown_) throw std::runtime_error("its unk_token is no token");
  }
  read_merges(model["merges"]);
}

void Bpe::read_merges(const Json& merges) {
  uint32_t rank = 0;
  for (const Json& merge : merges.array()) {
    const auto [left, right] = merge_of(merge);
    const bool continues = right.compare(0, inner_prefix_.size(), inner_prefix_) == 0;
    const std::string rest = continues ? right.substr(inner_prefix_.size()) : right;
    const auto a = find(left), b = find(right), whole = find(left + rest);
    if (!a || !b || !whole)
      throw std::runtime_error("the merge of \"" + left + "\" and \"" + right + "\" names no tokens");
    merges_[pair_of(*a, *b)] = Merge{rank++, *whole};  // of two of the same tokens the later counts
  }
}

std::optional<int64_t> Bpe::find(const std::string& spelled) const {
  const auto found = vocabulary_.find(spelled);
  return found == vocabulary_.end() ? std::nullopt : std::optional<int64_t>(found->second);
}

void Bpe::encode(const std::u32string& piece, std::vector<int64_t>& tokens) const {
  if (whole_pieces_) {
    if (const auto whole = find(utf8_of(piece))) {
      tokens.push_back(*whole);
      return;
    }
  }
  std::vector<int64_t> start = characters(piece);
  merge(start, tokens);
}

// The tokens of single characters. One that has none is spelled in bytes, or unknown, or left out.
std::vector<int64_t> Bpe::characters(const std::u32string& piece) const {
  std::vector<int64_t> found;
  bool after_unknown = false;
  for (size_t i = 0; i < piece.size(); i++) {
    std::string spelled = utf8_of(std::u32string_view(piece).substr(i, 1));
    if (i > 0) spelled = inner_prefix_ + spelled;
    if (i + 1 == piece.size()) spelled += last_suffix_;
    if (const auto token = find(spelled)) {
      found.push_back(*token);
      after_unknown = false;
      continue;
    }
    std::vector<int64_t> spelling;
    for (const char byte : spells_bytes_ ? spelled : std::string()) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned char>(byte));
      if (const auto token = find(name)) spelling.push_back(*token);
    }
    if (spells_bytes_ && spelling.size() == spelled.size()) {
      found.insert(found.end(), spelling.begin(), spelling.end());
    } else if (unknown_ && !(fuses_unknown_ && after_unknown)) {
      found.push_back(*unknown_);
      after_unknown = true;
    }
  }
  return found;
}

// Neighbours merge until no merge is left: the lowest rank first, and of equal ones the leftmost.
void Bpe::merge(std::vector<int64_t>& token, std::vector<int64_t>& tokens) const {
  const size_t size = token.size();
  std::vector<size_t> next(size), before(size);  // neighbours still there; `size` when there is none
  for (size_t i = 0; i < size; i++) {
    next[i] = i + 1;
    before[i] = i == 0 ? size : i - 1;
  }
  // Rank, place, and what it makes: when the two merge to something else by now, or to nothing, it is void.
  using Found = std::tuple<uint32_t, size_t, int64_t>;
  std::priority_queue<Found, std::vector<Found>, std::greater<Found>> queue;
  std::vector<bool> gone(size, false);
  const auto merge_at = [&](size_t i) {
    return i < size && next[i] < size ? merges_.find(pair_of(token[i], token[next[i]])) : merges_.end();
  };
  const auto look = [&](size_t i) {
    const auto found = merge_at(i);
    if (found != merges_.end()) queue.emplace(found->second.rank, i, found->second.token);
  };
  for (size_t i = 0; i < size; i++) look(i);
  while (!queue.empty()) {
    const auto [rank, i, made] = queue.top();
    queue.pop();
    const auto found = gone[i] ? merges_.end() : merge_at(i);
    if (found == merges_.end() || found->second.token != made) continue;
    token[i] = made;
    gone[next[i]] = true;
    next[i] = next[next[i]];
    if (next[i] < size) before[next[i]] = i;
    look(i);
    look(before[i]);
  }
  for (size_t i = 0; i < size; i = next[i]) tokens.push_back(token[i]);
}

}  // namespace nanoc
