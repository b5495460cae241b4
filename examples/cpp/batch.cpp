#include "batch.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace nanoc {

Batch::Batch(const Manifest& manifest, const Rows& prompts) : manifest_(manifest) {
  size_t longest = 0;
  for (const auto& prompt : prompts) {
    if (prompt.empty()) throw std::runtime_error("a prompt has no tokens");
    for (const int64_t token : prompt)
      if (token < 0 || token >= manifest.vocab)
        throw std::runtime_error("token " + std::to_string(token) + " is none of the model's " +
                                 std::to_string(manifest.vocab));
    longest = std::max(longest, prompt.size());
  }
  for (const auto& prompt : prompts) {
    const size_t padding = longest - prompt.size();
    if (padding > 0 && !manifest.wants("attention_mask"))
      throw std::runtime_error(
          "this model has no attention_mask: give prompts of equally many tokens, or one");
    std::vector<int64_t> row(padding, 0);
    row.insert(row.end(), prompt.begin(), prompt.end());
    tokens_.push_back(std::move(row));
    padding_.push_back(static_cast<int64_t>(padding));
  }
  if (room() < 0) throw std::runtime_error("the prompts are longer than the model's context or cache");
}

int64_t Batch::room() const {
  int64_t room = std::numeric_limits<int64_t>::max();
  // Padding takes slots, but no positions.
  if (manifest_.slots) room = std::min(room, *manifest_.slots - columns());
  if (manifest_.context) {
    const int64_t shortest = *std::min_element(padding_.begin(), padding_.end());
    room = std::min(room, *manifest_.context - (columns() - shortest));
  }
  return room;
}

Call Batch::call() const {
  Call call;
  call.rows = static_cast<int64_t>(tokens_.size());
  call.before = fed_;
  call.columns = columns() - fed_;
  call.mask_columns = manifest_.cache == CacheForm::fixed ? manifest_.slots.value_or(columns()) : columns();
  for (size_t row = 0; row < tokens_.size(); row++) {
    call.tokens.insert(call.tokens.end(), tokens_[row].begin() + fed_, tokens_[row].end());
    for (int64_t i = fed_; i < columns(); i++)
      call.positions.push_back(i < padding_[row] ? 1
                                                 : i - padding_[row]);  // at padding any position would do
    for (int64_t i = 0; i < call.mask_columns; i++)
      call.mask.push_back(i >= padding_[row] && i < columns() ? 1 : 0);
  }
  return call;
}

void Batch::add(const std::vector<int64_t>& tokens) {
  if (manifest_.cache != CacheForm::none) fed_ = columns();
  for (size_t row = 0; row < tokens_.size(); row++) tokens_[row].push_back(tokens[row]);
}

}  // namespace nanoc
