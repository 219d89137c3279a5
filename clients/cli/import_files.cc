#include "clients/cli/import_files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "clients/cli/format.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kStandardInput[] = "-";

Outcome AddFile(const std::string& path, InputFiles& found) {
  if (access(path.c_str(), R_OK) != 0) {
    return LocalError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  InputFile file{path, path, std::nullopt};
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    const auto size = fs::file_size(path, error);
    if (!error) file.size_bytes = static_cast<int64_t>(size);
  }
  found.files.push_back(std::move(file));
  return {};
}

Outcome AddFolder(const std::string& path, InputFiles& found) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return LocalError(absl::StrCat("cannot read the folder ", path, ": ", error.message()));
  std::sort(names.begin(), names.end());
  const size_t count_before = found.files.size();
  for (const std::string& name : names) {
    if (name[0] == '.') continue;
    const std::string child = (fs::path(path) / name).string();
    if (fs::is_directory(child, error)) {
      found.skipped_folders.push_back(child);
      continue;
    }
    if (const Outcome outcome = AddFile(child, found); !outcome.ok()) return outcome;
  }
  if (found.files.size() == count_before) {
    return UsageError(absl::StrCat("the folder ", path, " holds no files"),
                      "Files whose names begin with a dot do not count, nor those in folders of the folder.");
  }
  return {};
}

}  // namespace

Outcome FindInputFiles(const std::vector<std::string>& paths, InputFiles& found) {
  if (std::count(paths.begin(), paths.end(), kStandardInput) > 1) {
    return UsageError("standard input (-) can be read only once");
  }
  for (const std::string& path : paths) {
    Outcome outcome;
    std::error_code error;
    if (path == kStandardInput) {
      found.files.push_back({path, "standard input", std::nullopt});
    } else if (fs::is_directory(path, error)) {
      outcome = AddFolder(path, found);
    } else {
      outcome = AddFile(path, found);
    }
    if (!outcome.ok()) return outcome;
  }
  return {};
}

v1::SourceFormat FormatOfName(const std::string& path) {
  absl::string_view name = path;
  if (!absl::ConsumeSuffix(&name, ".gz")) absl::ConsumeSuffix(&name, ".zst");
  for (const char* extension : {".jsonl", ".json"}) {
    if (absl::EndsWith(name, extension)) return v1::SOURCE_FORMAT_DANBOORU_JSONL;
  }
  for (const char* extension : {".sqlite", ".sqlite3", ".db"}) {
    if (absl::EndsWith(name, extension)) return v1::SOURCE_FORMAT_DANBOORU_META_SQLITE;
  }
  return v1::SOURCE_FORMAT_UNSPECIFIED;
}

Outcome InferFormat(const std::vector<InputFile>& files, v1::SourceFormat& format) {
  constexpr char kHint[] = "Name the format: --format danbooru-jsonl or --format danbooru-meta-sqlite";
  format = v1::SOURCE_FORMAT_UNSPECIFIED;
  for (const InputFile& file : files) {
    const v1::SourceFormat told = FormatOfName(file.path);
    if (told == v1::SOURCE_FORMAT_UNSPECIFIED) {
      return UsageError(absl::StrCat("cannot tell the format of ", file.name, " from its name"), kHint);
    }
    if (format != v1::SOURCE_FORMAT_UNSPECIFIED && format != told) {
      return UsageError(absl::StrCat(file.name, " looks like ", SourceFormatText(told), ", the files before like ",
                                     SourceFormatText(format), ": one import takes one format"),
                        "Import them one after the other, or name the format with --format.");
    }
    format = told;
  }
  return {};
}

Outcome CheckNoWriteAheadLog(const std::vector<InputFile>& files) {
  for (const InputFile& file : files) {
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
