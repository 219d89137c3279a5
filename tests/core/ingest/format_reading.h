// Reading fixtures with the reader that the table of formats has for a format.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/ingest/formats.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {

inline std::string Fixture(const std::string& path) {
  return ReadWholeFile(std::string(MILLRACE_TEST_FIXTURES) + "/" + path);
}

// Reads the text as one file, in pieces.
inline absl::Status ReadInto(CollectingSink* sink, SourceFormat format, std::string_view name, std::string_view text,
                             size_t piece_bytes = 1 << 16, int64_t record_size_bytes_max = 1 << 20) {
  ReaderOptions options;
  options.record_size_bytes_max = record_size_bytes_max;
  const std::unique_ptr<DumpReader> reader = FindFormat(format)->make_reader(sink, options);
  absl::Status status = reader->BeginFile(name);
  for (size_t i = 0; i < text.size() && status.ok(); i += piece_bytes) {
    status = reader->Write(text.substr(i, piece_bytes));
  }
  return status.ok() ? reader->EndFile() : status;
}

inline CollectingSink Read(SourceFormat format, std::string_view name, std::string_view text,
                           size_t piece_bytes = 1 << 16) {
  CollectingSink sink;
  const absl::Status status = ReadInto(&sink, format, name, text, piece_bytes);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return sink;
}

// "general:1girl artist:painter", in the order given.
inline std::string TagWords(const CollectingSink::Taken& taken) {
  std::string words;
  for (const Tag& tag : taken.tags) {
    CHECK(tag.id == 0);
    words += (words.empty() ? "" : " ") + std::string(TagCategoryName(tag.category)) + ":" + tag.name;
  }
  CHECK(taken.post.tag_ids.empty());
  return words;
}

struct Expected {
  int64_t line;
  std::string field;
  std::string part_of_reason;
  std::optional<int64_t> post_id;
};

inline void CheckRejected(const CollectingSink& sink, const std::vector<Expected>& expected) {
  REQUIRE(sink.rejected.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO(sink.rejected[i].field << " " << sink.rejected[i].reason);
    CHECK(sink.rejected[i].line == expected[i].line);
    CHECK(sink.rejected[i].field == expected[i].field);
    CHECK(sink.rejected[i].reason.find(expected[i].part_of_reason) != std::string::npos);
    CHECK(sink.rejected[i].post_id == expected[i].post_id);
  }
}

constexpr Md5 kFixtureMd5{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                          0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};

}  // namespace millrace
