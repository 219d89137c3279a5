#include "clients/cli/import_files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/file_start.h"
#include "clients/cli/picture_files.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kStandardInput[] = "-";

Outcome AddFile(const std::string& path, InputFiles& found) {
  if (access(path.c_str(), R_OK) != 0) {
    return LocalError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  InputFile file{path, path, std::nullopt, std::nullopt};
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    const auto size = fs::file_size(path, error);
    if (!error) file.size_bytes = static_cast<int64_t>(size);
  }
  found.files.push_back(std::move(file));
  return {};
}

// Everything in the folder and its folders that is no folder and not hidden, relative to it, sorted.
Outcome ListFolder(const std::string& folder, std::vector<std::string>& relative_paths) {
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    const bool is_hidden = it->path().filename().string()[0] == '.';
    std::error_code type_error;
    if (it->is_directory(type_error)) {
      if (is_hidden) it.disable_recursion_pending();
      continue;
    }
    if (!is_hidden) relative_paths.push_back(it->path().lexically_relative(folder).generic_string());
  }
  if (error) return LocalError(absl::StrCat("cannot read the folder ", folder, ": ", error.message()));
  std::sort(relative_paths.begin(), relative_paths.end());
  return {};
}

// By its name: tags-2026-01-31.csv.gz, tags000000000000.json. Lists of aliases are named otherwise (tag_aliases-...).
bool LooksLikeTagList(const std::string& relative_path) {
  return fs::path(relative_path).filename().string().starts_with("tags");
}

// The name without what tells its compression.
std::string_view Unpacked(std::string_view name) {
  for (const std::string_view compressed : {".gz", ".zst"}) {
    if (absl::EndsWithIgnoreCase(absl::string_view(name.data(), name.size()),
                                 absl::string_view(compressed.data(), compressed.size()))) {
      return name.substr(0, name.size() - compressed.size());
    }
  }
  return name;
}

bool HasEnding(const std::string& relative_path) {
  const std::string name = fs::path(relative_path).filename().string();
  return Unpacked(name).find('.') != std::string_view::npos;
}

// Whether the bytes may be of the format (unspecified: of any).
bool Fits(FileContent content, v1::SourceFormat format) {
  switch (format) {
    case v1::SOURCE_FORMAT_DANBOORU_META_SQLITE:
    case v1::SOURCE_FORMAT_DANBOORU2023_SQLITE:
      return content == FileContent::kSqlite || content == FileContent::kPacked;
    case v1::SOURCE_FORMAT_E621_CSV:
      return content == FileContent::kCsv || content == FileContent::kPacked;
    case v1::SOURCE_FORMAT_UNSPECIFIED:
      return content != FileContent::kOther;
    default:
      return content == FileContent::kJson || content == FileContent::kPacked;
  }
}

// Whether a file of a folder is to be sent. One that is not is noted, with the reason if it holds data.
bool Choose(const std::string& path, const std::string& relative, v1::SourceFormat format, InputFiles& found) {
  // Looking into a pipe would take what is to be sent.
  std::error_code error;
  const FileContent content = fs::is_regular_file(path, error) ? TellFileContent(path) : FileContent::kOther;
  if (content == FileContent::kNotes || content == FileContent::kWikiPages) {
    found.skipped_data.push_back(
        {path, absl::StrCat("holds ", content == FileContent::kNotes ? "notes or comments" : "wiki pages",
                            ", which a dataset has no place for")});
    return false;
  }
  if (LooksLikeData(relative, format)) return true;
  if (!Fits(content, format)) {
    found.skipped.push_back(path);
  } else if (!HasEnding(relative)) {
    return true;
  } else if (content == FileContent::kPacked) {
    found.skipped.push_back(path);
  } else {
    found.skipped_data.push_back(
        {path, "begins like data, and its name ends like none; to import it, name the file itself"});
  }
  return false;
}

Outcome AddFolder(const std::string& folder, v1::SourceFormat format, InputFiles& found) {
  std::vector<std::string> relative_paths;
  if (const Outcome outcome = ListFolder(folder, relative_paths); !outcome.ok()) return outcome;
  const size_t count_before = found.files.size(), skipped_data_before = found.skipped_data.size();
  if (format == v1::SOURCE_FORMAT_PICTURE_FOLDER ||
      (format == v1::SOURCE_FORMAT_UNSPECIFIED && HasSidecars(relative_paths))) {
    found.format = v1::SOURCE_FORMAT_PICTURE_FOLDER;
    AddPictures(folder, relative_paths, found);
  } else {
    std::stable_partition(relative_paths.begin(), relative_paths.end(), LooksLikeTagList);
    for (const std::string& relative : relative_paths) {
      const std::string path = (fs::path(folder) / relative).string();
      if (!Choose(path, relative, format, found)) continue;
      if (const Outcome outcome = AddFile(path, found); !outcome.ok()) return outcome;
    }
  }
  if (found.files.size() > count_before) return {};
  if (relative_paths.empty()) {
    return UsageError(absl::StrCat("the folder ", folder, " holds no files"),
                      "Files and folders whose names begin with a dot do not count.");
  }
  if (found.skipped_data.size() > skipped_data_before) {
    const SkippedData& first = found.skipped_data[skipped_data_before];
    return UsageError(absl::StrCat("none of the ", relative_paths.size(), " files in the folder ", folder,
                                   " is imported, such as ", first.path, ": ", first.reason));
  }
  const bool is_named = format != v1::SOURCE_FORMAT_UNSPECIFIED;
  return UsageError(
      absl::StrCat("none of the ", relative_paths.size(), " files in the folder ", folder, " looks like data",
                   is_named ? " of the format that was named" : "", ", such as ", relative_paths.front()),
      absl::StrCat(is_named ? "Name the files, or another format" : "Name the files",
                   ". Data has names such as x.jsonl, x.csv or x.sqlite, also with .gz or .zst, or names "
                   "without an ending; pictures have sidecars, x.txt, x.caption or x.json beside x.png."));
}

}  // namespace

Outcome FindInputFiles(const std::vector<std::string>& paths, v1::SourceFormat format, InputFiles& found) {
  found.format = format;
  if (std::count(paths.begin(), paths.end(), kStandardInput) > 1) {
    return UsageError("standard input (-) can be read only once");
  }
  for (const std::string& path : paths) {
    Outcome outcome;
    std::error_code error;
    if (path == kStandardInput) {
      found.files.push_back({path, "standard input", std::nullopt, std::nullopt});
    } else if (fs::is_directory(path, error)) {
      outcome = AddFolder(path, format, found);
    } else {
      outcome = AddFile(path, found);
    }
    if (!outcome.ok()) return outcome;
  }
  if (format != v1::SOURCE_FORMAT_UNSPECIFIED || found.format != v1::SOURCE_FORMAT_PICTURE_FOLDER) return {};
  for (const InputFile& file : found.files) {
    if (file.picture.has_value() || LooksLikeData(file.name, v1::SOURCE_FORMAT_PICTURE_FOLDER)) continue;
    return UsageError(absl::StrCat(file.name, " comes together with a folder of pictures: one import takes one format"),
                      "Import them one after the other, or name the format with --format.");
  }
  return {};
}

bool LooksLikeData(const std::string& name, v1::SourceFormat format) {
  const auto has_any = [&](std::initializer_list<const char*> extensions) {
    const std::string plain = absl::AsciiStrToLower(std::string(Unpacked(name)));
    return std::any_of(extensions.begin(), extensions.end(), [&](const char* e) { return plain.ends_with(e); });
  };
  switch (format) {
    case v1::SOURCE_FORMAT_DANBOORU_META_SQLITE:
    case v1::SOURCE_FORMAT_DANBOORU2023_SQLITE:
      return has_any({".sqlite", ".sqlite3", ".db"});
    case v1::SOURCE_FORMAT_E621_CSV:
      return has_any({".csv"});
    case v1::SOURCE_FORMAT_PICTURE_FOLDER:
      return has_any({".txt", ".json", ".caption"});
    case v1::SOURCE_FORMAT_UNSPECIFIED:
      return has_any({".json", ".jsonl", ".ndjson", ".sqlite", ".sqlite3", ".db", ".csv"});
    default:
      return has_any({".json", ".jsonl", ".ndjson"});
  }
}

Outcome CheckNoWriteAheadLog(const std::vector<InputFile>& files) {
  for (const InputFile& file : files) {
    if (file.picture.has_value()) continue;
    std::error_code error;
    const auto size_bytes = fs::file_size(absl::StrCat(file.path, "-wal"), error);
    if (error || size_bytes == 0) continue;
    return UsageError(absl::StrCat(file.path, " has changes in ", file.path, "-wal that are not in the file yet"),
                      absl::StrCat("Bring them in first: sqlite3 ", file.path, " 'PRAGMA wal_checkpoint(TRUNCATE)'"));
  }
  return {};
}

std::optional<int64_t> TotalSize(const std::vector<InputFile>& files) {
  int64_t total = 0;
  for (const InputFile& file : files) {
    if (!file.size_bytes.has_value()) return std::nullopt;
    total += *file.size_bytes;
  }
  return total;
}

}  // namespace millrace::cli
