#include "manifest.h"

#include <algorithm>
#include <stdexcept>

#include "json.h"

namespace nanoc {

namespace {

// The newest version of the manifest's format that is understood here; the oldest models have none.
constexpr int64_t newest_version = 1;

void refuse_newer(const Json& version) {
  if (version.is_null()) return;
  if (version.integer() > newest_version)
    throw std::runtime_error("it is of version " + std::to_string(version.integer()) +
                             ", and this program knows " + std::to_string(newest_version) +
                             " at most: build it anew from the sources of a newer nanoc");
}

CacheForm cache_form(const std::string& text) {
  if (text == "none") return CacheForm::none;
  if (text == "dynamic") return CacheForm::dynamic;
  if (text == "static") return CacheForm::fixed;
  throw std::runtime_error("unknown form of the cache: " + text);
}

std::optional<int64_t> optional_integer(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional<int64_t>(value.integer());
}

Port read_port(const Json& json) {
  Port port;
  port.input = json["input"].string();
  port.output = json["output"].string();
  port.rule = json["rule"].string();
  port.dtype = json["dtype"].string();
  port.fill = json["fill"].number();
  if (!json["newRows"].is_null()) port.new_rows = json["newRows"].string();
  if (!json["axis"].is_null()) port.axis = static_cast<size_t>(json["axis"].integer());
  for (const Json& size : json["shape"].array())
    port.shape.push_back(size.kind() == Json::Kind::string ? size.string() : std::to_string(size.integer()));
  if (port.rule != "append" && port.rule != "replace" && port.rule != "in_place")
    throw std::runtime_error("the port " + port.input + " has the rule \"" + port.rule +
                             "\", which this program does not know");
  return port;
}

}  // namespace

bool Manifest::wants(std::string_view input) const {
  return std::find(inputs.begin(), inputs.end(), input) != inputs.end();
}

std::vector<int64_t> Manifest::start_shape(const Port& port, int64_t rows) const {
  std::vector<int64_t> shape;
  for (const std::string& size : port.shape) {
    if (size == "batch_size") {
      shape.push_back(rows);
    } else if (size == "total_sequence_length") {
      shape.push_back(slots.value_or(0));
    } else if (size == "past_sequence_length") {
      shape.push_back(0);
    } else {
      shape.push_back(std::stoll(size));
    }
  }
  return shape;
}

Manifest read_manifest(std::string_view text, const std::string& name) {
  const Json json = Json::parse(text, "the manifest of " + name);
  try {
    refuse_newer(json["version"]);
    Manifest manifest;
    manifest.model = json["model"].string();
    manifest.cache = cache_form(json["cache"].string());
    manifest.slots = optional_integer(json["slots"]);
    manifest.context = optional_integer(json["context"]);
    manifest.vocab = json["vocab"].integer();
    for (const Json& port : json["ports"].array()) manifest.ports.push_back(read_port(port));
    for (const Json& input : json["inputs"].array()) {
      const std::string& input_name = input["name"].string();
      const auto same = [&](const Port& port) { return port.input == input_name; };
      if (std::none_of(manifest.ports.begin(), manifest.ports.end(), same))
        manifest.inputs.push_back(input_name);
    }
    return manifest;
  } catch (const std::exception& problem) {
    throw std::runtime_error("the manifest of " + name + " cannot be used: " + problem.what());
  }
}

}  // namespace nanoc
