// Regular expressions as tokenizers use them: over characters, with Unicode's categories, and bounded in
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nanoc {

struct Match {
  size_t start, end;
};

class Regex {
 public:
  // Throws std::runtime_error for what is no expression, or one that is not known here.
  explicit Regex(const std::string& pattern);
  ~Regex();
  Regex(Regex&&) noexcept;

  // All matches from left to right; what matches nothing at all is left out. Throws std::runtime_error when
  // an expression needs far more steps than the text has characters, as (a+)+$ does.
  std::vector<Match> matches(std::u32string_view text) const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace nanoc
