// Where a post's picture lies in its store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/post.h"

namespace millrace {

// A path template such as "original/{bucket}/{id}.{ext}". Placeholders: {id} the post's id; {bucket} id modulo
// 1000 in four digits; {ext} the file extension; {md5} 32 hexadecimal digits; {md5:2} its first 2 digits (1 to
// 32). "{{" and "}}" stand for braces. Immutable, so thread-safe.
class LocationTemplate {
 public:
  static constexpr char kDefault[] = "original/{bucket}/{id}.{ext}";

  // kFieldInvalid (field "location_template") for an unknown placeholder, a stray brace, or a path that is
  // empty, absolute, or has ".." as a component.
  static absl::StatusOr<LocationTemplate> Parse(std::string_view text);

  // The path for a post; empty when the template needs a field that the post lacks.
  std::string Expand(const Post& post) const;

 private:
  enum class Kind { kLiteral, kId, kBucket, kExt, kMd5 };
  struct Part {
    Kind kind;
    std::string literal;
    int digit_count = 0;  // kMd5
  };
  std::vector<Part> parts_;
};

}  // namespace millrace
