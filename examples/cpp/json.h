// A JSON reader: enough for a manifest and a tokenizer.json, with messages that say where a text is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanoc {

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Member = std::pair<std::string, Json>;

  // Throws std::runtime_error. `name` is what messages call the text.
  static Json parse(std::string_view text, const std::string& name);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }

  // Each throws when the value is of another kind.
  bool boolean() const;
  double number() const;
  int64_t integer() const;
  const std::string& string() const;
  const std::vector<Json>& array() const;
  const std::vector<Member>& object() const;

  bool has(std::string_view key) const;
  // The member of an object; null when it is not there or when this is no object.
  const Json& operator[](std::string_view key) const;

 private:
  friend class JsonReader;
  void expect(Kind kind) const;

  Kind kind_ = Kind::null;
  bool boolean_ = false;
  double number_ = 0;
  std::string string_;
  std::vector<Json> array_;
  std::vector<Member> object_;
};

}  // namespace nanoc
