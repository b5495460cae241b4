#include "program.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "tokenizer.h"

namespace nanoc {

namespace {

namespace fs = std::filesystem;

fs::path tokenizer_file(const fs::path& model, const std::string& named) {
  if (!named.empty()) return fs::u8path(named);
  const fs::path folder = model.parent_path();
  const fs::path own = folder / fs::u8path(model.stem().u8string() + ".tokenizer.json");
  for (const fs::path& file : {own, folder / "tokenizer.json", folder / "tokenizer" / "tokenizer.json"})
    if (fs::exists(file)) return file;
  throw std::runtime_error("no tokenizer beside the model: looked for " + own.u8string() +
                           " and tokenizer.json; name it with --tokenizer FILE, or give --tokens IDS");
}

// The text, and what the tokenizer puts around it.
std::vector<int64_t> prompt_tokens(const std::string& prompt, const Arguments& arguments,
                                   const Tokenizer& tokenizer) {
  std::vector<int64_t> row = tokenizer.encode(prompt, arguments.special);
  if (arguments.bos != Bos::never) {
    row.insert(row.begin(), tokenizer.before().begin(), tokenizer.before().end());
    row.insert(row.end(), tokenizer.after().begin(), tokenizer.after().end());
  }
  if (arguments.bos == Bos::always && tokenizer.before().empty()) {
    if (!tokenizer.bos())
      throw std::runtime_error("the tokenizer has no token that begins a text: leave out --bos always");
    row.insert(row.begin(), *tokenizer.bos());
  }
  if (row.empty()) throw std::runtime_error("the prompt has no tokens: give some text, or --bos always");
  return row;
}

Rows prompt_rows(const Arguments& arguments, const std::optional<Tokenizer>& tokenizer) {
  if (!tokenizer) return arguments.tokens;
  Rows rows;
  for (const std::string& prompt : arguments.prompts) {
    rows.push_back(prompt_tokens(prompt, arguments, *tokenizer));
  }
  return rows;
}

// Shows rows one after the other: the first that has not ended as it is made, and the others after it.
class Printer {
 public:
  Printer(const std::optional<Tokenizer>& tokenizer, const std::vector<int64_t>& stops, size_t rows)
      : titled_(tokenizer && rows > 1), stops_(stops), rows_(rows) {
    if (tokenizer) streams_.assign(rows, TextStream(*tokenizer));
  }

  void add(size_t row, int64_t token, bool last) {
    std::string text;
    if (streams_.empty()) {
      text = (rows_[row].begun ? " " : "") + std::to_string(token);
    } else {
      const bool stop = std::find(stops_.begin(), stops_.end(), token) != stops_.end();
      if (!stop) text = streams_[row].push(token);
      if (stop && !rows_[row].begun) at_once_.push_back(row + 1);
      if (last) text += streams_[row].end();
    }
    if (!titled_first_) show(title(0));
    titled_first_ = true;
    rows_[row].begun = true;
    rows_[row].ended = last;
    rows_[row].waiting += text + (last ? "\n" : "");
    while (current_ < rows_.size()) {
      show(rows_[current_].waiting);
      rows_[current_].waiting.clear();
      if (!rows_[current_].ended) break;
      if (++current_ < rows_.size()) show(title(current_));
    }
  }

  // An empty text looks like a failure, and is none.
  void note_empty() const {
    if (at_once_.empty()) return;
    for (size_t i = 0; i < at_once_.size() && titled_; i++)
      std::cerr << at_once_[i] << (i + 1 < at_once_.size() ? ", " : ": ");
    std::cerr << "the model ended its text at once; it may go on from a line break at the end of the prompt "
                 "(-e reads \\n as one)\n";
  }

 private:
  struct Row {
    std::string waiting;
    bool begun = false, ended = false;
  };

  std::string title(size_t row) const { return titled_ ? "--- " + std::to_string(row + 1) + "\n" : ""; }
  static void show(const std::string& text) { std::cout << text << std::flush; }

  bool titled_, titled_first_ = false;
  std::vector<int64_t> stops_;
  std::vector<Row> rows_;
  std::vector<TextStream> streams_;  // empty when ids are shown
  std::vector<size_t> at_once_;      // rows, from 1 on, of which nothing came but a stop
  size_t current_ = 0;
};

void report(const Statistics& statistics, size_t rows) {
  const double rate =
      statistics.rest_seconds > 0
          ? static_cast<double>(statistics.tokens - static_cast<int64_t>(rows)) / statistics.rest_seconds
          : 0;
  std::fprintf(
      stderr,
      "%lld tokens in %zu rows, the first after %.1f ms, then %.1f tokens a second (%.2f ms a step)\n",
      static_cast<long long>(statistics.tokens), rows, statistics.first_seconds * 1e3, rate,
      statistics.steps > 0 ? statistics.rest_seconds * 1e3 / static_cast<double>(statistics.steps) : 0.0);
}

void run(const Arguments& arguments, const OpenModel& open) {
  const fs::path file = fs::u8path(arguments.model);
  if (!fs::exists(file)) throw std::runtime_error("no such file: " + arguments.model);
  const std::unique_ptr<Model> model = open(file, arguments);
  std::optional<Tokenizer> tokenizer;
  if (!arguments.prompts.empty()) tokenizer = Tokenizer::open(tokenizer_file(file, arguments.tokenizer));
  Generation generation = arguments.generation;
  if (tokenizer)
    generation.stops.insert(generation.stops.end(), tokenizer->stops().begin(), tokenizer->stops().end());
  const Rows prompts = prompt_rows(arguments, tokenizer);
  Printer printer(tokenizer, generation.stops, prompts.size());
  const Statistics statistics =
      generate(*model, prompts, generation,
               [&](size_t row, int64_t token, bool last) { printer.add(row, token, last); });
  printer.note_empty();
  if (arguments.statistics) report(statistics, prompts.size());
}

}  // namespace

int run_program(const char* name, int count, char** words, const OpenModel& open) {
  try {
    if (wants_help(count, words)) {
      std::cout << help(name);
      return 0;
    }
    run(read_arguments(count, words), open);
    return 0;
  } catch (const UsageError& problem) {
    std::cerr << name << ": " << problem.what() << "\ntry " << name << " --help\n";
    return 2;
  } catch (const std::exception& problem) {
    std::cerr << name << ": " << problem.what() << "\n";
    return 1;
  }
}

}  // namespace nanoc
