// The options of both programs.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "generate.h"

namespace nanoc {

// When a prompt begins with the token that marks a beginning.
enum class Bos { automatic, always, never };

struct Arguments {
  std::string model;
  std::vector<std::string> prompts;  // texts, or
  Rows tokens;                       // ids; one of the two is empty
  std::string tokenizer;             // empty: beside the model
  bool escapes = false;              // in the prompts as typed a backslash and an n mean a line break
  bool special = false;              // special tokens in the prompts count as such
  Bos bos = Bos::automatic;          // as the tokenizer says
  bool cuda = false;
  int threads = 0;  // 0: as many as the runtime thinks fit
  bool statistics = false;
  Generation generation;
};

// The command line is wrong; the message says how.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool wants_help(int count, char** words);
std::string help(const std::string& program);
Arguments read_arguments(int count, char** words);

}  // namespace nanoc
