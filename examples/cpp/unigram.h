// SentencePiece's unigram model: of all ways to cut a text into pieces, the one whose scores add up to the
// most.
#pragma once

#include "token_model.h"

namespace nanoc {

class Unigram : public TokenModel {
 public:
  // Throws std::runtime_error.
  Unigram(const Json& model, const std::vector<std::string>& special);

  void encode(const std::u32string& piece, std::vector<int64_t>& tokens) const override;

 private:
  static constexpr int64_t none = -1;

  // A place in the tree of all pieces, letter by letter.
  struct Node {
    int64_t token = none;  // of the piece that ends here
  };

  void add(const std::u32string& piece, int64_t token);
  // Where the pieces of the best way to cut begin, and their tokens; `none` for an unknown character.
  std::vector<std::pair<size_t, int64_t>> best_cut(const std::u32string& text) const;

  std::vector<double> scores_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::unordered_map<uint64_t, size_t> children_;  // by the node above and the letter
  int64_t unknown_ = none;
  double unknown_score_ = 0;
  std::vector<int64_t> of_byte_;  // empty when unknown characters are not spelled in bytes
};

}  // namespace nanoc
