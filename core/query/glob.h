// Texts with any characters in some places: "blue_*".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Immutable, so thread-safe.
class Glob {
 public:
  // Each '*' of `pattern` stands for any text, also an empty one; behind a backslash, '*', '"' and a backslash stand
  // for themselves.
  explicit Glob(std::string_view pattern);

  bool Matches(std::string_view text) const;
  bool HasStars() const { return parts_.size() > 1; }
  // Whether it says nothing: any text matches.
  bool IsEverything() const;
  // What every text that matches begins with.
  const std::string& prefix() const { return parts_.front(); }
  // What every text that matches ends with.
  const std::string& suffix() const { return parts_.back(); }
  // The longest text that every text that matches holds; empty when it says nothing.
  const std::string& longest_part() const;

  void LowerAscii();
  // Makes any text that goes on behind a match match.
  void OpenEnd() { parts_.emplace_back(); }

 private:
  std::vector<std::string> parts_;  // between which the stars stand; at least one
};

}  // namespace millrace
