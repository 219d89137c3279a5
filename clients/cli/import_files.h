// Which files an import sends, and what is in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/outcome.h"
#include "millrace/v1/import_service.pb.h"

namespace millrace::cli {

struct InputFile {
  std::string path;                   // "-" is standard input
  std::string name;                   // for messages
  std::optional<int64_t> size_bytes;  // absent for what is not a regular file
};

struct InputFiles {
  std::vector<InputFile> files;
  // Folders found in a folder: they are not looked into, and the user is told.
  std::vector<std::string> skipped_folders;
};

// The files that `paths` stand for, in order. A folder stands for the files directly in it, in the order of the
// bytes of their names, but for hidden ones. Fills `found`, or fails without having sent anything: a path that
// is not there or cannot be read, a folder without files, standard input twice.
Outcome FindInputFiles(const std::vector<std::string>& paths, InputFiles& found);

// The format that a file's name tells: .jsonl or .json, .sqlite, .sqlite3 or .db, each also before .gz or .zst.
// Unspecified when the name tells nothing.
v1::SourceFormat FormatOfName(const std::string& path);

// The one format of all files, by their names. Fills `format`, or says which file's cannot be told or differs.
Outcome InferFormat(const std::vector<InputFile>& files, v1::SourceFormat& format);

// Fails when a SQLite file has committed changes in a write-ahead log beside it: the file alone would be sent
// without them, silently.
Outcome CheckNoWriteAheadLog(const std::vector<InputFile>& files);

// The sum of the sizes; absent when one is.
std::optional<int64_t> TotalSize(const std::vector<InputFile>& files);

}  // namespace millrace::cli
