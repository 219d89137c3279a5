// The mark that some programs write before UTF-8: it belongs to no record.
#pragma once

#include <string_view>

namespace millrace {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The text of a file without the mark that it may begin with.
inline std::string_view WithoutByteOrderMark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace millrace
