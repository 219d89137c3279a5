#include "core/ingest/format_choice.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/byte_order_mark.h"
#include "core/base/csv.h"
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

std::string_view TrimStart(std::string_view text) {
  text = WithoutByteOrderMark(text);
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

absl::Status FileError(const std::string& file, std::string_view message) {
  return MakeError(Reason::kFileInvalid, absl::StrCat(file, ": ", std::string(message)),
                   {{"file", file}, {"offset", "0"}});
}

// What to do with a file that naming a format makes nothing of; empty: naming one may help.
std::string AdviceWithoutFormat(std::string_view start) {
  const FileSignature signature = TellFile(start);
  const std::string_view what = signature.description;
  if (signature.kind == FileKind::kGzip || signature.kind == FileKind::kZstd) {
    return "it is compressed twice, or said to be not compressed; take one layer off, or leave the compression "
           "unspecified";
  }
  if (what == "an xz file" || what == "a bzip2 file" || what == "a ZIP archive" || what == "a 7-Zip archive") {
    return "only gzip and Zstandard are read; unpack it first";
  }
  if (what == "a tar archive") return "archives are not read; unpack it first, and import the folder";
  if (what == "UTF-16 text") return "text must be UTF-8; convert it, for example with iconv -f UTF-16 -t UTF-8";
  if (signature.kind == FileKind::kOther) return "no format is that; leave the file out";
  if (IsDanbooruListInBrackets(start)) {
    return "lists beside posts are read as danbooru-export, an object a line; write it so, for example with jq -c "
           "'.[]'";
  }
  const std::string_view text = TrimStart(start);
  if (text.substr(0, 1) == "<") {
    return "that is HTML or XML, such as a board's page of an error; no format is that. Fetch the data again, as JSON";
  }
  CsvRecordParser header;
  const bool is_csv = !text.empty() && text[0] != '{' && text[0] != '[' && signature.kind == FileKind::kUnknown &&
                      header.Parse(text, /*is_final=*/false) == CsvRecordParser::Result::kRecord &&
                      header.fields().size() > 1;
  const auto has = [&](std::string_view name) {
    return std::any_of(header.fields().begin(), header.fields().end(),
                       [&](const CsvField& field) { return field.text == name; });
  };
  if (is_csv && has("title") && has("body")) {
    return "it holds wiki pages, which a dataset has no place for. Leave the file out";
  }
  if (is_csv) {
    return "as CSV its first line names the columns of no table that is imported: posts (id, tag_string), tags (id, "
           "name, "
           "category, post_count), aliases and implications (antecedent_name, consequent_name, status), pools (id, "
           "name, "
           "post_ids). Leave the file out, or give it a first line that names the columns";
  }
  return "";
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

absl::Status WrongFormatError(const std::string& file, const Format& wanted, bool is_named, std::string_view start,
                              const std::vector<const Format*>& recognised) {
  const FileSignature signature = TellFile(start);
  std::string advice;
  if (!recognised.empty()) {
    advice = absl::StrCat("; import it by itself with format ", Names(recognised));
    if (!is_named) absl::StrAppend(&advice, ", or name the format if all files are of one");
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

bool FormatChoice::WantsMore(std::string_view start) const {
  return format_ == nullptr && start.size() < kRecogniseSizeBytesMax && EndsWithinFirstRecord(start) &&
         RecogniseFormats(start).empty();
}

absl::StatusOr<bool> FormatChoice::Judge(const std::string& file, std::string_view start, bool is_whole) {
  if (format_ != nullptr && format_->content == FileContent::kAny) return true;
  const std::vector<const Format*> recognised = RecogniseFormats(start);
  if (format_ != nullptr) {
    if (MayStand(start, recognised) && FitsContent(format_->content, start)) return true;
    return WrongFormatError(file, *format_, is_named_, start, recognised);
  }
  if (recognised.size() == 1) {
    format_ = recognised[0];
    return true;
  }
  if (recognised.empty() && is_whole && TellFile(start).kind == FileKind::kUnknown &&
      ReadJsonStart(start).holds_no_record) {
    return false;
  }
  if (recognised.size() > 1) {
    return FileError(file, absl::StrCat(Found(start, recognised),
                                        "; its format cannot be told from that. Name the one that it is: they read the "
                                        "same fields differently."));
  }
  if (const std::string advice = AdviceWithoutFormat(start); !advice.empty()) {
    return FileError(file, absl::StrCat(Found(start, recognised), "; ", advice, "."));
  }
  return FileError(file, absl::StrCat(Found(start, recognised),
                                      "; its format cannot be told from that. Name the format "
                                      "of the import, one of: ",
                                      FormatList(), "."));
}

bool FormatChoice::MayStand(std::string_view start, const std::vector<const Format*>& recognised) const {
  if (recognised.empty() || std::find(recognised.begin(), recognised.end(), format_) != recognised.end()) return true;
  return format_->could_be != nullptr && format_->could_be(start) && (is_named_ || TellsNoTags(start));
}

absl::Status FormatUnknownError() {
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat("no file of the import holds a record, so its format is not known. Check the files, or "
                                "name the format, one of: ",
                                FormatList(), "."));
}

}  // namespace millrace
