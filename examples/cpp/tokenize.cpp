// nanoc-tokenize: a JSON list of texts to lists of ids, or back with --decode; one a line.

#include <cstdio>
#include <iostream>
#include <iterator>

#include "tokenizer.h"

namespace {

std::string ids(const std::vector<int64_t>& tokens) {
  std::string line = "[";
  for (size_t i = 0; i < tokens.size(); i++) line += (i == 0 ? "" : ",") + std::to_string(tokens[i]);
  return line + "]";
}

std::string decoded(const nanoc::Tokenizer& tokenizer, const nanoc::Json& tokens) {
  nanoc::TextStream stream(tokenizer);
  std::string text;
  for (const nanoc::Json& token : tokens.array()) text += stream.push(token.integer());
  return text + stream.end();
}

std::string quoted(const std::string& text) {
  std::string line = "\"";
  for (const char c : text) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
    const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
    line += plain ? std::string(1, c) : escape;
  }
  return line + "\"";
}

std::vector<int64_t> encoded(const nanoc::Tokenizer& tokenizer, const std::string& text,
                             const std::string& option) {
  if (option != "--around") return tokenizer.encode(text, option == "--special");
  std::vector<int64_t> tokens = tokenizer.before();
  for (const int64_t token : tokenizer.encode(text, true)) tokens.push_back(token);
  tokens.insert(tokens.end(), tokenizer.after().begin(), tokenizer.after().end());
  return tokens;
}

void run(const std::string& file, const std::string& option) {
  const auto tokenizer = nanoc::Tokenizer::open(std::filesystem::u8path(file));
  const std::string input((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  const auto list = nanoc::Json::parse(input, "the input");
  for (const nanoc::Json& item : list.array()) {
    if (option == "--decode")
      std::cout << quoted(decoded(tokenizer, item)) << '\n';
    else
      std::cout << ids(encoded(tokenizer, item.string(), option)) << '\n';
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string option = count > 2 ? words[2] : "";
  if (count < 2 || count > 3 ||
      (!option.empty() && option != "--special" && option != "--around" && option != "--decode")) {
    std::cerr << "usage: nanoc-tokenize TOKENIZER.JSON [--special | --around | --decode] < LIST.JSON\n";
    return 2;
  }
  try {
    run(words[1], option);
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << "nanoc-tokenize: " << problem.what() << '\n';
    return 1;
  }
}
