#include "json.h"

#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "utf8.h"

namespace nanoc {

class JsonReader {
 public:
  JsonReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Json document() {
    Json value = read(0);
    skip_space();
    if (at_ != text_.size()) fail("text after the end");
    return value;
  }

 private:
  static constexpr int deepest = 200;

  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error(name_ + " is not valid JSON: " + why + " at byte " + std::to_string(at_));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      at_++;
  }

  bool eat(char c) {
    skip_space();
    if (peek() != c) return false;
    at_++;
    return true;
  }

  void need(char c) {
    if (!eat(c)) fail(std::string("expected ") + c);
  }

  Json read(int depth) {
    if (depth > deepest) fail("nested too deeply");
    skip_space();
    const char c = peek();
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    Json value;
    if (c == '"') {
      value.kind_ = Json::Kind::string;
      value.string_ = string();
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      value.kind_ = Json::Kind::number;
      value.number_ = number();
    } else if (word("true") || word("false")) {
      value.kind_ = Json::Kind::boolean;
      value.boolean_ = c == 't';
    } else if (!word("null")) {
      fail("no value");
    }
    return value;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  Json object(int depth) {
    Json value;
    value.kind_ = Json::Kind::object;
    need('{');
    if (eat('}')) return value;
    do {
      skip_space();
      if (peek() != '"') fail("expected a name");
      std::string key = string();
      need(':');
      value.object_.emplace_back(std::move(key), read(depth + 1));
    } while (eat(','));
    need('}');
    return value;
  }

  Json array(int depth) {
    Json value;
    value.kind_ = Json::Kind::array;
    need('[');
    if (eat(']')) return value;
    do {
      value.array_.push_back(read(depth + 1));
    } while (eat(','));
    need(']');
    return value;
  }

  double number() {
    // Copied, because strtod reads until something ends it and the text may end first.
    size_t end = at_;
    while (end < text_.size() &&
           std::string_view("+-.eE0123456789").find(text_[end]) != std::string_view::npos)
      end++;
    const std::string digits(text_.substr(at_, end - at_));
    char* stopped = nullptr;
    const double value = std::strtod(digits.c_str(), &stopped);
    if (*stopped != '\0') fail("not a number");
    at_ = end;
    return value;
  }

  std::string string() {
    std::string value;
    for (at_++; peek() != '"';) {
      if (at_ >= text_.size() || static_cast<unsigned char>(peek()) < 0x20) fail("a string does not end");
      if (peek() == '\\') {
        at_++;
        escape(value);
      } else {
        value += text_[at_++];
      }
    }
    at_++;
    return value;
  }

  void escape(std::string& value) {
    const char c = peek();
    at_++;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        value += c;
        return;
      case 'b':
        value += '\b';
        return;
      case 'f':
        value += '\f';
        return;
      case 'n':
        value += '\n';
        return;
      case 'r':
        value += '\r';
        return;
      case 't':
        value += '\t';
        return;
      case 'u':
        break;
      default:
        fail("unknown escape");
    }
    char32_t point = hex4();
    const bool high = point >= 0xd800 && point < 0xdc00;
    if (high && word("\\u")) {
      const char32_t low = hex4();
      if (low < 0xdc00 || low >= 0xe000) fail("half a character");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xd800 && point < 0xe000) {
      fail("half a character");
    }
    append_utf8(value, point);
  }

  char32_t hex4() {
    char32_t point = 0;
    for (int i = 0; i < 4; i++) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) fail("unknown escape");
      point = point * 16 + static_cast<char32_t>(digit);
      at_++;
    }
    return point;
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

Json Json::parse(std::string_view text, const std::string& name) { return JsonReader(text, name).document(); }

void Json::expect(Kind kind) const {
  static const char* const names[] = {"null", "true or false", "a number", "a string", "a list", "an object"};
  if (kind_ == kind) return;
  throw std::runtime_error(std::string("JSON holds ") + names[static_cast<int>(kind_)] + " where " +
                           names[static_cast<int>(kind)] + " was expected");
}

bool Json::boolean() const { return expect(Kind::boolean), boolean_; }
double Json::number() const { return expect(Kind::number), number_; }
const std::string& Json::string() const { return expect(Kind::string), string_; }
const std::vector<Json>& Json::array() const { return expect(Kind::array), array_; }
const std::vector<Json::Member>& Json::object() const { return expect(Kind::object), object_; }

int64_t Json::integer() const {
  const double value = number();
  if (std::floor(value) != value || std::fabs(value) > 9007199254740992.0)
    throw std::runtime_error("JSON holds " + std::to_string(value) + " where a whole number was expected");
  return static_cast<int64_t>(value);
}

bool Json::has(std::string_view key) const {
  for (const Member& member : object_)
    if (member.first == key) return true;
  return false;
}

const Json& Json::operator[](std::string_view key) const {
  static const Json nothing;
  for (const Member& member : object_)
    if (member.first == key) return member.second;
  return nothing;
}

}  // namespace nanoc
