// Which files an import sends, and what is in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/outcome.h"
#include "millrace/v1/import_service.pb.h"

namespace millrace::cli {

// A picture beside which a sidecar lies.
struct InputPicture {
  std::string path;
  std::string name;  // relative to the folder, with '/' between its parts
};

struct InputFile {
  std::string path;                     // "-" is standard input; empty: a picture without a sidecar, nothing to read
  std::string name;                     // for messages
  std::optional<int64_t> size_bytes;    // absent for what is not a regular file
  std::optional<InputPicture> picture;  // of a sidecar
};

// A file that is not sent though it holds what an import could read.
struct SkippedData {
  std::string path;
  std::string reason;  // in words that follow "skipped PATH: "
};

struct InputFiles {
  std::vector<InputFile> files;
  // What the folders hold beside them, by path: the user is told.
  std::vector<std::string> skipped;
  std::vector<SkippedData> skipped_data;
  // Set to the format of picture folders when a folder looks like one and no format was named.
  v1::SourceFormat format = v1::SOURCE_FORMAT_UNSPECIFIED;
};

// The files that `paths` stand for, in order. A folder stands for the files in it and in its folders whose names look
// like data of the format, or have no ending and begin like it, in the order of the bytes of their paths, but lists of
// tags (tags*) before all others, so that posts that know their tags by name get the board's ids of them; what is
// hidden is passed over, and so are lists that a dataset has no place for (notes, wiki pages). When the format is that
// of picture folders, or is not named and a folder has pictures with sidecars, see picture_files.h. Fills `found`, or
// fails without having sent anything: a path that is not there or cannot be read, a folder without data, pictures and
// data together, standard input twice.
Outcome FindInputFiles(const std::vector<std::string>& paths, v1::SourceFormat format, InputFiles& found);

// Whether a file of a folder would be sent: it has one of the format's extensions (unspecified: of any), or it has one
// before .gz or .zst, in
// whatever case.
bool LooksLikeData(const std::string& name, v1::SourceFormat format);

// Fails when a SQLite file has committed changes in a write-ahead log beside it: the file alone would be sent
// without them, silently.
Outcome CheckNoWriteAheadLog(const std::vector<InputFile>& files);

// The sum of the sizes; absent when one is.
std::optional<int64_t> TotalSize(const std::vector<InputFile>& files);

}  // namespace millrace::cli
