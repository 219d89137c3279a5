#include "core/ingest/format_choice.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/ingest/file_signature.h"
#include "core/ingest/json_start.h"
#include "core/ingest/recognise.h"

namespace millrace {
namespace {

std::string Names(const std::vector<const Format*>& formats) {
  std::string names;
  for (size_t i = 0; i < formats.size(); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : i + 1 == formats.size() ? " or " : ", ", std::string(formats[i]->name));
  }
  return names;
}

// What the file looks like, in words that follow its name.
std::string Found(std::string_view start, const std::vector<const Format*>& recognised) {
  if (!recognised.empty()) return absl::StrCat("looks like ", Names(recognised));
  if (start.empty()) return "is empty";
  const FileSignature signature = TellFile(start);
  if (signature.kind != FileKind::kUnknown) return absl::StrCat("looks like ", std::string(signature.description));
  return absl::StrCat("begins with ", QuoteForMessage(start));
}

absl::Status FileError(const std::string& file, std::string_view message) {
  return MakeError(Reason::kFileInvalid, absl::StrCat(file, ": ", std::string(message)),
                   {{"file", file}, {"offset", "0"}});
}

bool FitsContent(FileContent content, std::string_view start) {
  const FileKind kind = TellFile(start).kind;
  switch (content) {
    case FileContent::kText:
      return kind == FileKind::kUnknown;
    case FileContent::kSqlite:
      return kind == FileKind::kSqlite;
    case FileContent::kAny:
      break;
  }
  return true;
}

absl::Status WrongFormatError(const std::string& file, const Format& wanted, std::string_view start,
                              const std::vector<const Format*>& recognised) {
  const FileSignature signature = TellFile(start);
  std::string advice;
  if (!recognised.empty()) {
    advice = absl::StrCat("; import it by itself with format ", Names(recognised));
  } else if (signature.kind == FileKind::kGzip || signature.kind == FileKind::kZstd) {
    advice = "; if it is compressed once only, leave the compression unspecified";
  }
  return FileError(file, absl::StrCat(Found(start, recognised), ", where ", std::string(wanted.content_name),
                                      " (format ", std::string(wanted.name), ") was expected", advice, "."));
}

}  // namespace

size_t FormatChoice::start_size_bytes_min() const {
  return format_ == nullptr ? kRecogniseSizeBytes : kSignatureSizeBytesMax;
}

absl::StatusOr<bool> FormatChoice::Judge(const std::string& file, std::string_view start, bool is_whole) {
  if (format_ != nullptr && format_->content == FileContent::kAny) return true;
  const std::vector<const Format*> recognised = RecogniseFormats(start);
  if (format_ != nullptr) {
    const bool is_other =
        !recognised.empty() && std::find(recognised.begin(), recognised.end(), format_) == recognised.end();
    if (is_other || !FitsContent(format_->content, start)) return WrongFormatError(file, *format_, start, recognised);
    return true;
  }
  if (recognised.size() == 1) {
    format_ = recognised[0];
    return true;
  }
  if (recognised.empty() && is_whole && TellFile(start).kind == FileKind::kUnknown &&
      ReadJsonStart(start).holds_no_record) {
    return false;
  }
  return FileError(file, absl::StrCat(Found(start, recognised),
                                      "; its format cannot be told from that. Name the format "
                                      "of the import, one of: ",
                                      FormatList(), "."));
}

absl::Status FormatUnknownError() {
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat("no file of the import holds a record, so its format is not known. Check the files, or "
                                "name the format, one of: ",
                                FormatList(), "."));
}

}  // namespace millrace
