// Writes JSON as canonical forms have it: no white space, ASCII only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// The text between quotes, as the canonical form escapes it; control characters become \u escapes, too. Requires valid
// UTF-8.
std::string JsonString(std::string_view text);

// One object, whose keys must be added in ascending order of their bytes.
class JsonObject {
 public:
  JsonObject& Add(std::string_view key, int64_t value) { return AddRaw(key, std::to_string(value)); }
  JsonObject& Add(std::string_view key, std::string_view text) { return AddRaw(key, JsonString(text)); }
  JsonObject& Add(std::string_view key, const char* text) { return Add(key, std::string_view(text)); }
  JsonObject& Add(std::string_view key, bool value) { return AddRaw(key, value ? "true" : "false"); }
  // JSON as it is.
  JsonObject& AddRaw(std::string_view key, std::string_view json);

  // Closes the object; nothing may be added afterwards.
  std::string Take();

 private:
  std::string text_;
};

// "[" and "]" around `items`, each made by `write`.
template <typename Items, typename Write>
std::string JsonArray(const Items& items, Write write) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    text += write(item);
  }
  return text + "]";
}

}  // namespace millrace
