#include "core/model/location.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

absl::Status Malformed(std::string_view text, std::string_view problem) {
  return FieldError("location_template", absl::StrCat(QuoteForMessage(text), ": ", std::string(problem),
                                                      ". Placeholders are {id}, {bucket}, {ext}, {md5} and {md5:N}."));
}

bool HasParentComponent(std::string_view path) {
  for (const absl::string_view component : absl::StrSplit(absl::string_view(path.data(), path.size()), '/')) {
    if (component == "..") return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<LocationTemplate> LocationTemplate::Parse(std::string_view text) {
  LocationTemplate result;
  std::string literal;
  const auto flush_literal = [&] {
    if (!literal.empty()) result.parts_.push_back({Kind::kLiteral, literal});
    literal.clear();
  };
  if (text.empty()) return Malformed(text, "is empty");
  if (text[0] == '/') return Malformed(text, "must be relative to the picture store");
  if (HasParentComponent(text)) return Malformed(text, "must not leave the picture store by \"..\"");
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal.push_back(c);
      ++i;
      continue;
    }
    if (c == '}') return Malformed(text, "has a } without its {");
    if (c != '{') {
      literal.push_back(c);
      continue;
    }
    const size_t end = text.find('}', i);
    if (end == std::string_view::npos) return Malformed(text, "has a { without its }");
    const std::string_view name = text.substr(i + 1, end - i - 1);
    flush_literal();
    if (name == "id") {
      result.parts_.push_back({Kind::kId, ""});
    } else if (name == "bucket") {
      result.parts_.push_back({Kind::kBucket, ""});
    } else if (name == "ext") {
      result.parts_.push_back({Kind::kExt, ""});
    } else if (name == "md5") {
      result.parts_.push_back({Kind::kMd5, "", 32});
    } else if (name.substr(0, 4) == "md5:") {
      int digit_count = 0;
      const auto [stop, error] = std::from_chars(name.data() + 4, name.data() + name.size(), digit_count);
      if (error != std::errc() || stop != name.data() + name.size() || digit_count < 1 || digit_count > 32) {
        return Malformed(text, "{md5:N} needs an N from 1 to 32");
      }
      result.parts_.push_back({Kind::kMd5, "", digit_count});
    } else {
      return Malformed(text, absl::StrCat("has an unknown placeholder {", std::string(name), "}"));
    }
    i = end;
  }
  flush_literal();
  return result;
}

std::string LocationTemplate::Expand(const Post& post) const {
  std::string path;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kLiteral:
        path += part.literal;
        break;
      case Kind::kId:
        absl::StrAppend(&path, post.id);
        break;
      case Kind::kBucket:
        absl::StrAppendFormat(&path, "%04d", post.id % 1000);
        break;
      case Kind::kExt:
        // A dump is not trusted: an extension with a slash in it would lead out of the store, and a NUL byte would
        // end the path early.
        if (post.file_ext.empty() || post.file_ext.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
          return "";
        }
        path += post.file_ext;
        break;
      case Kind::kMd5:
        if (!post.md5.has_value()) return "";
        path += HexEncode(*post.md5).substr(0, static_cast<size_t>(part.digit_count));
        break;
    }
  }
  // Nor may an extension of dots make up a component with its neighbours.
  if (HasParentComponent(path)) return "";
  return path;
}

}  // namespace millrace
