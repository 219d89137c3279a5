// What a file is, told from its first bytes, so that a file sent as the wrong format is refused by name.
#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

enum class FileKind {
  kUnknown,  // text, or nothing that is known here
  kSqlite,
  kGzip,
  kZstd,
  kOther,  // something else that is no dump: a picture, an archive
};

struct FileSignature {
  FileKind kind = FileKind::kUnknown;
  std::string_view description;  // "a PNG picture"; empty for kUnknown
};

// As many bytes tell every kind; a tar archive takes 263.
inline constexpr size_t kSignatureSizeBytesMax = 16;

// `bytes`: the file's start, kSignatureSizeBytesMax of it or the whole file when it is shorter.
FileSignature TellFile(std::string_view bytes);

}  // namespace millrace
