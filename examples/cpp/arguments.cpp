#include "arguments.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>

namespace nanoc {

namespace {

int64_t whole(const std::string& option, const std::string& text, int64_t least) {
  const bool digits =
      !text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string::npos;
  const int64_t value = digits ? std::stoll(text) : -1;
  if (value < least)
    throw UsageError(option + " takes a whole number from " + std::to_string(least) + " on, not \"" + text +
                     "\"");
  return value;
}

double number(const std::string& option, const std::string& text, double most) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0 && value <= most))
    throw UsageError(option + " takes a number from 0 " + (most < 2 ? "to 1" : "on") + ", not \"" + text +
                     "\"");
  return value;
}

std::vector<int64_t> ids(const std::string& option, const std::string& text) {
  std::vector<int64_t> found;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const std::string id = text.substr(start, comma - start);
    if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos)
      throw UsageError(option + " takes token ids, as in 1,464,17, not \"" + text + "\"");
    found.push_back(whole(option, id, 0));
    start = comma + 1;
  }
  return found;
}

Bos bos_named(const std::string& name) {
  if (name == "auto") return Bos::automatic;
  if (name == "always") return Bos::always;
  if (name == "never") return Bos::never;
  throw UsageError("--bos is auto, always or never, not \"" + name + "\"");
}

std::string standard_input() {
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

// `ROMEO:\n` with a line break at its end; a backslash before any other letter stays.
std::string unescaped(const std::string& text) {
  std::string made;
  for (size_t i = 0; i < text.size(); i++) {
    const size_t letter = text[i] == '\\' && i + 1 < text.size() ? std::string("nrt\\").find(text[i + 1])
                                                                : std::string::npos;
    if (letter == std::string::npos) {
      made += text[i];
    } else {
      made += "\n\r\t\\"[letter];
      i++;
    }
  }
  return made;
}

struct Option {
  const char* name;
  const char* value;  // what help calls its value; null when it takes none
  const char* doc;
  std::function<void(Arguments&, const std::string& name, const std::string& value)> read;
};

const std::vector<Option>& options() {
  using A = Arguments;
  using S = const std::string;
  static const std::vector<Option> table = {
      {"--prompt", "TEXT", "text to continue, `-` for standard input; repeat it for several rows",
       [](A& a, S&, S& v) { a.prompts.push_back(v); }},
      {"-e", nullptr, "in prompts \\n means a line break, and \\t a tab, whatever the shell",
       [](A& a, S&, S&) { a.escapes = true; }},
      {"--tokens", "IDS", "token ids to continue, as in 1,464,17; ids come out, a line for each row",
       [](A& a, S& n, S& v) { a.tokens.push_back(ids(n, v)); }},
      {"--tokenizer", "FILE", "a tokenizer.json; else it is looked for beside the model",
       [](A& a, S&, S& v) { a.tokenizer = v; }},
      {"--special", nullptr, "special tokens in the prompts, as in <|user_start|>, count as such",
       [](A& a, S&, S&) { a.special = true; }},
      {"--bos", "WHEN", "begin prompts with the BOS token: auto (as the tokenizer says), always, never",
       [](A& a, S&, S& v) { a.bos = bos_named(v); }},
      {"--max-tokens", "N", "stop after so many (256)",
       [](A& a, S& n, S& v) { a.generation.max_tokens = whole(n, v, 1); }},
      {"--stop", "IDS", "stop at these tokens too; with --prompt, those of the tokenizer always stop",
       [](A& a, S& n, S& v) {
         for (const int64_t id : ids(n, v)) a.generation.stops.push_back(id);
       }},
      {"--temperature", "T", "0 takes the most probable token every time (0)",
       [](A& a, S& n, S& v) { a.generation.sampling.temperature = number(n, v, 1e9); }},
      {"--top-k", "K", "draw from the K most probable",
       [](A& a, S& n, S& v) { a.generation.sampling.top_k = whole(n, v, 1); }},
      {"--top-p", "P", "draw from the fewest that together reach this probability",
       [](A& a, S& n, S& v) { a.generation.sampling.top_p = number(n, v, 1); }},
      {"--seed", "N", "of the draws (42); each row has its own, counted on from this one",
       [](A& a, S& n, S& v) { a.generation.seed = static_cast<uint64_t>(whole(n, v, 0)); }},
      {"--device", "NAME", "cpu or cuda (cpu)",
       [](A& a, S&, S& v) {
         if (v != "cpu" && v != "cuda") throw UsageError("--device is cpu or cuda, not \"" + v + "\"");
         a.cuda = v == "cuda";
       }},
      {"--threads", "N", "of the processor; else the runtime decides",
       [](A& a, S& n, S& v) { a.threads = static_cast<int>(std::min<int64_t>(whole(n, v, 1), 4096)); }},
      {"--stats", nullptr, "say at the end how fast it was", [](A& a, S&, S&) { a.statistics = true; }},
  };
  return table;
}

const Option* option_named(const std::string& word) {
  for (const Option& option : options())
    if (word == option.name) return &option;
  return nullptr;
}

}  // namespace

bool wants_help(int count, char** words) {
  for (int i = 1; i < count; i++) {
    const std::string word = words[i];
    if (word == "--help" || word == "-h") return true;
    const Option* found = option_named(word);
    if (found && found->value) i++;  // its value is text, whatever it says
  }
  return false;
}

std::string help(const std::string& program) {
  std::string text = "usage: " + program + " MODEL (--prompt TEXT... | --tokens IDS...) [options]\n\n";
  for (const Option& option : options()) {
    std::string left =
        std::string("  ") + option.name + (option.value ? std::string(" ") + option.value : "");
    left.resize(22, ' ');
    text += left + option.doc + "\n";
  }
  return text;
}

Arguments read_arguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; i++) {
    const std::string word = words[i];
    if (word.empty() || word[0] != '-') {
      if (!arguments.model.empty()) throw UsageError("two models: " + arguments.model + " and " + word);
      arguments.model = word;
      continue;
    }
    const Option* found = option_named(word);
    if (!found) throw UsageError("unknown option " + word);
    if (found->value && i + 1 == count) throw UsageError(word + " needs a value: " + found->value);
    found->read(arguments, word, found->value ? words[++i] : "");
  }
  if (arguments.model.empty()) throw UsageError("no model given");
  if (!arguments.prompts.empty() && !arguments.tokens.empty())
    throw UsageError("--prompt and --tokens do not go together: text comes out of one, ids of the other");
  if (!arguments.tokens.empty() && arguments.bos != Bos::automatic)
    throw UsageError("--bos is for prompts that are text: write the id of the token with --tokens");
  if (arguments.prompts.empty() && arguments.tokens.empty())
    throw UsageError("say what to continue: --prompt TEXT, or --tokens IDS");
  for (std::string& prompt : arguments.prompts) {
    if (prompt == "-")
      prompt = standard_input();
    else if (arguments.escapes)
      prompt = unescaped(prompt);
  }
  return arguments;
}

}  // namespace nanoc
