#include "unigram.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include "utf8.h"

namespace nanoc {

namespace {

constexpr size_t longest_piece = 512;
constexpr double unknown_penalty = 10;  // how much worse than the worst piece an unknown character is

uint64_t child_of(size_t node, char32_t letter) { return (uint64_t{node} << 21) | letter; }

}  // namespace

Unigram::Unigram(const Json& model, const std::vector<std::string>& special) {
  double worst = std::numeric_limits<double>::infinity();
  for (const Json& entry : model["vocab"].array()) {
    const std::string& piece = entry.array().at(0).string();
    vocabulary_.emplace(piece, static_cast<int64_t>(scores_.size()));
    scores_.push_back(entry.array().at(1).number());
    worst = std::min(worst, scores_.back());
  }
  if (scores_.empty()) throw std::runtime_error("it has no pieces");
  unknown_score_ = worst - unknown_penalty;
  const Json& unknown = model["unk_id"];
  if (!unknown.is_null()) unknown_ = unknown.integer();
  const bool spells =
      model["byte_fallback"].kind() == Json::Kind::boolean && model["byte_fallback"].boolean();
  for (int byte = 0; spells && byte < 256; byte++) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
    const auto found = vocabulary_.find(name);
    if (found == vocabulary_.end()) break;
    of_byte_.push_back(found->second);
  }
  if (of_byte_.size() < 256) of_byte_.clear();
  if (of_byte_.empty() && (unknown_ < 0 || unknown_ >= static_cast<int64_t>(scores_.size())))
    throw std::runtime_error("it has no token for what it does not know");
  for (const auto& [piece, token] : vocabulary_) {
    const bool is_byte = std::find(of_byte_.begin(), of_byte_.end(), token) != of_byte_.end();
    const bool is_special = std::find(special.begin(), special.end(), piece) != special.end();
    if (token != unknown_ && !is_byte && !is_special) add(code_points(piece), token);
  }
}

void Unigram::add(const std::u32string& piece, int64_t token) {
  if (piece.empty()) return;
  if (piece.size() > longest_piece)
    throw std::runtime_error("it has a piece of " + std::to_string(piece.size()) + " characters");
  size_t node = 0;
  for (const char32_t letter : piece) {
    const auto [child, is_new] = children_.emplace(child_of(node, letter), nodes_.size());
    if (is_new) nodes_.emplace_back();
    node = child->second;
  }
  nodes_[node].token = token;
}

std::vector<std::pair<size_t, int64_t>> Unigram::best_cut(const std::u32string& text) const {
  struct Way {
    double score = -std::numeric_limits<double>::infinity();
    size_t from = 0;
    int64_t token = none;
    bool known = false;
  };
  std::vector<Way> best(text.size() + 1);
  best[0].score = 0;
  const auto reach = [&](size_t start, size_t end, double score, int64_t token) {
    const double total = best[start].score + score;
    if (!best[end].known || total > best[end].score) best[end] = {total, start, token, true};
  };
  for (size_t start = 0; start < text.size(); start++) {
    size_t node = 0;
    bool single = false;
    for (size_t end = start; end < text.size();) {
      const auto child = children_.find(child_of(node, text[end]));
      if (child == children_.end()) break;
      node = child->second;
      end++;
      const int64_t token = nodes_[node].token;
      if (token == none) continue;
      reach(start, end, scores_[static_cast<size_t>(token)], token);
      single = single || end == start + 1;
    }
    if (!single) reach(start, start + 1, unknown_score_, none);
  }
  std::vector<std::pair<size_t, int64_t>> cuts;
  for (size_t end = text.size(); end > 0; end = best[end].from)
    cuts.emplace_back(best[end].from, best[end].token);
  std::reverse(cuts.begin(), cuts.end());
  return cuts;
}

void Unigram::encode(const std::u32string& piece, std::vector<int64_t>& tokens) const {
  bool after_unknown = false;
  for (const auto& [start, token] : best_cut(piece)) {
    if (token != none) {
      tokens.push_back(token);
    } else if (!of_byte_.empty()) {
      for (const char byte : utf8_of(std::u32string_view(piece).substr(start, 1)))
        tokens.push_back(of_byte_[static_cast<unsigned char>(byte)]);
    } else if (!after_unknown) {  // several in a row are one token
      tokens.push_back(unknown_);
    }
    after_unknown = token == none;
  }
}

}  // namespace nanoc
