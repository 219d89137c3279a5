// A folder of pictures, each with a sidecar: a text file of tags, or a JSON file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/ingest/named_tags.h"
#include "core/ingest/reader.h"
#include "core/ingest/sidecar_json.h"

namespace millrace {

// Each file is a sidecar and makes one post; SetPicture tells of its picture. A file named like its picture stands for
// one that has no sidecar, and is rejected, as is a sidecar without a picture. Not thread-safe.
//
// The post's id is the picture's name without its extension when that is a number, otherwise PictureId of the picture's
// whole name; an "id" in a JSON sidecar goes first.
class PictureFolderReader : public DumpReader {
 public:
  // `sink` is borrowed.
  PictureFolderReader(RecordSink* sink, int64_t sidecar_size_bytes_max);

  void SetPicture(const PictureFacts& picture) override { picture_ = picture; }
  absl::Status BeginFile(std::string_view name) override;
  absl::Status Write(std::string_view bytes) override;
  absl::Status EndFile() override;

 private:
  // What is wrong, and in which field; post_ and the tags are set otherwise.
  std::optional<std::string> Read(std::string* field);
  std::optional<std::string> ReadText(std::string* field);
  void SetFacts();

  RecordSink* const sink_;
  const int64_t sidecar_size_bytes_max_;
  std::string name_;
  std::optional<PictureFacts> picture_;  // of the file to begin or the current one
  std::string content_;
  int64_t size_bytes_ = 0;  // of the file, also of what was too much to keep
  Post post_;
  NamedTags tags_;
  SidecarJson json_;
};

// The id of a post whose picture's name holds none: the upper 53 bits of XXH64 (seed 0) over the name's bytes, so that
// every language can hold it, and 1 in place of 0. The name is relative to the folder, with '/' between its parts.
int64_t PictureId(std::string_view name);

}  // namespace millrace
