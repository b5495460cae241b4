#include "regex.h"

#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "regex_syntax.h"
#include "unicode.h"

namespace nanoc {

namespace {

// What a machine does at a place of the text. It goes on with the next instruction, or from `other`.
struct Instruction {
  enum class Op { set, either, jump, ahead, behind, atomic, assert_place, done };
  Op op = Op::done;
  size_t other = 0;
  size_t set = 0;
  bool negated = false;
  bool other_first = false;  // of `either`
  Node::Kind place = Node::Kind::start;
};
using Op = Instruction::Op;

class Writer {
 public:
  Writer(const std::string& pattern, std::vector<Instruction>& program)
      : pattern_(pattern), program_(program) {}

  void write(const Node& node) {
    switch (node.kind) {
      case Node::Kind::set:
        program_[add(Op::set)].set = node.set;
        return;
      case Node::Kind::sequence:
        for (const Node& part : node.parts) write(part);
        return;
      case Node::Kind::choice:
        return choice(node, 0);
      case Node::Kind::repeat:
        return node.mode == Mode::possessive ? enclosed(Op::atomic, false, [&] { repeat(node); })
                                             : repeat(node);
      case Node::Kind::ahead:
        return enclosed(Op::ahead, node.negated, [&] { write(node.parts[0]); });
      case Node::Kind::behind:
        return enclosed(Op::behind, node.negated, [&] { write(node.parts[0]); });
      case Node::Kind::atomic:
        return enclosed(Op::atomic, false, [&] { write(node.parts[0]); });
      default: {
        const size_t at = add(Op::assert_place);
        program_[at].place = node.kind;
        program_[at].negated = node.negated;
      }
    }
  }

  size_t add(Op op) {
    if (program_.size() >= longest_program) refuse_pattern(pattern_, "it is too long");
    program_.emplace_back();
    program_.back().op = op;
    return program_.size() - 1;
  }

 private:
  void choice(const Node& node, size_t part) {
    if (part + 1 == node.parts.size()) return write(node.parts[part]);
    const size_t either = add(Op::either);
    write(node.parts[part]);
    const size_t jump = add(Op::jump);
    program_[either].other = program_.size();
    choice(node, part + 1);
    program_[jump].other = program_.size();
  }

  void repeat(const Node& node) {
    const Node& body = node.parts[0];
    for (size_t i = 0; i < node.least; i++) write(body);
    const auto optional = [&] {
      const size_t either = add(Op::either);
      program_[either].other_first = node.mode == Mode::lazy;
      write(body);
      return either;
    };
    if (node.most == unbounded) {
      const size_t either = optional();
      program_[add(Op::jump)].other = either;
      program_[either].other = program_.size();
      return;
    }
    std::vector<size_t> ways_out;
    for (size_t i = node.least; i < node.most; i++) ways_out.push_back(optional());
    for (const size_t either : ways_out) program_[either].other = program_.size();
  }

  // Something that is matched on its own, up to a `done`.
  template <typename Inside>
  void enclosed(Op op, bool negated, Inside inside) {
    const size_t at = add(op);
    program_[at].negated = negated;
    inside();
    add(Op::done);
    program_[at].other = program_.size();
  }

  const std::string& pattern_;
  std::vector<Instruction>& program_;
};

}  // namespace

struct Regex::Program {
  std::vector<Set> sets;
  std::vector<Instruction> instructions;
};

namespace {

// Tries the ways that an expression leaves open one after the other, as backtracking engines do.
class Machine {
 public:
  Machine(const std::vector<Instruction>& program, const std::vector<Set>& sets, std::u32string_view text)
      : program_(program), sets_(sets), text_(text), steps_(10'000'000 + 1'000 * text.size()) {}

  // Where a match that begins at `at` ends.
  std::optional<size_t> run(size_t instruction, size_t at) {
    const size_t bottom = untried_.size();
    for (;;) {
      if (steps_-- == 0)
        throw std::runtime_error(
            "a pattern of the tokenizer takes too long for this text: it repeats what repeats");
      const Instruction& now = program_[instruction];
      bool fits = true;
      size_t next = instruction + 1;
      switch (now.op) {
        case Op::set:
          fits = at < text_.size() && sets_[now.set].has_completed(text_[at]);
          at++;
          break;
        case Op::either:
          untried_.emplace_back(now.other_first ? next : now.other, at);
          if (now.other_first) next = now.other;
          break;
        case Op::jump:
          next = now.other;
          break;
        case Op::ahead:
          fits = run(instruction + 1, at).has_value() != now.negated;
          next = now.other;
          break;
        case Op::behind:
          fits = (at > 0 && run(instruction + 1, at - 1).has_value()) != now.negated;
          next = now.other;
          break;
        case Op::atomic: {
          const std::optional<size_t> end = run(instruction + 1, at);
          fits = end.has_value();
          at = end.value_or(at);
          next = now.other;
          break;
        }
        case Op::assert_place:
          fits = is_at(now.place, at) != now.negated;
          break;
        case Op::done:
          untried_.resize(bottom);
          return at;
      }
      instruction = next;
      if (fits) continue;
      if (untried_.size() == bottom) return std::nullopt;
      std::tie(instruction, at) = untried_.back();
      untried_.pop_back();
    }
  }

 private:
  bool is_at(Node::Kind place, size_t at) const {
    const bool first = at == 0, last = at == text_.size();
    switch (place) {
      case Node::Kind::start:
        return first;
      case Node::Kind::end:
        return last;
      case Node::Kind::line_start:
        return first || text_[at - 1] == U'\n';
      case Node::Kind::line_end:
        return last || text_[at] == U'\n';
      default:
        return (!first && is_word(text_[at - 1])) != (!last && is_word(text_[at]));
    }
  }

  const std::vector<Instruction>& program_;
  const std::vector<Set>& sets_;
  std::u32string_view text_;
  size_t steps_;
  std::vector<std::pair<size_t, size_t>> untried_;
};

}  // namespace

Regex::Regex(const std::string& pattern) {
  auto program = std::make_unique<Program>();
  Writer writer(pattern, program->instructions);
  writer.write(parse_pattern(pattern, program->sets));
  writer.add(Op::done);
  program_ = std::move(program);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;

std::vector<Match> Regex::matches(std::u32string_view text) const {
  Machine machine(program_->instructions, program_->sets, text);
  std::vector<Match> found;
  for (size_t start = 0; start < text.size();) {
    const std::optional<size_t> end = machine.run(0, start);
    if (end && *end > start) {
      found.push_back({start, *end});
      start = *end;
    } else {
      start++;
    }
  }
  return found;
}

}  // namespace nanoc
