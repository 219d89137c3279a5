// What a file of a folder holds, told from its first bytes, before anything is sent.
#pragma once

#include <string>
#include <string_view>

namespace millrace::cli {

enum class FileContent {
  kOther,      // nothing that an import reads, or the file cannot be read
  kJson,       // begins as JSON of records
  kCsv,        // its first line names columns, an id or the names of a relation among them
  kSqlite,     // a SQLite file
  kPacked,     // compressed, and damaged so early that nothing more is known
  kNotes,      // a list of notes of pictures, which a dataset has no place for
  kWikiPages,  // a list of wiki pages, likewise
};

// Reads some KiB; gzip and Zstandard are unpacked.
FileContent TellFileContent(const std::string& path);
// Of bytes that are not compressed, which may end anywhere.
FileContent TellContent(std::string_view start);

}  // namespace millrace::cli
