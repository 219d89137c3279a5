// One flat JSON object on one line, for the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// Takes any bytes: whatever is not well-formed UTF-8 becomes U+FFFD, so that a line is valid JSON whatever a client
// sent. Not thread-safe.
class JsonObject {
 public:
  // `key` is ours and plain: it is not escaped. The caller adds each key once.
  JsonObject& AddText(std::string_view key, std::string_view text);
  JsonObject& AddNumber(std::string_view key, int64_t number);
  // A number with three decimals, given in thousandths.
  JsonObject& AddThousandths(std::string_view key, int64_t thousandths);

  // Appends the members that `other` has.
  void AddMembersOf(const JsonObject& other);

  std::string ToString() const { return "{" + members_ + "}"; }

 private:
  void BeginMember(std::string_view key);

  std::string members_;
};

}  // namespace millrace
