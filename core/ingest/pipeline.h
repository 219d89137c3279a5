// The import pipeline: bytes of a dump in, posts staged in the catalog. The rpc layer feeds it from a thread of its
// own; nothing here knows of gRPC. Reading and staging run side by side, on that thread and one of the pipeline's.
// Memory is bounded: by the longest line allowed, not by the dump.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/model/post.h"

namespace millrace {

// Same numbers as in the proto.
enum class SourceFormat {
  kUnspecified = 0,  // told from the bytes
  kDanbooruJsonl = 1,
  kDanbooruMetaSqlite = 2,
  kDanbooruExport = 3,
  kDanbooruPages = 4,
  kDanbooru2023Sqlite = 5,
  kE621Csv = 6,
  kE621Pages = 7,
  kMoebooruPages = 8,
  kGelbooruPages = 9,
  kPictureFolder = 10,
};
enum class Compression { kUnspecified = 0, kNone = 1, kGzip = 2, kZstd = 3 };

// A record that was not taken. The fields are those of millrace.v1.RejectedRecord.
struct RejectedRecord {
  std::string file;
  int64_t line = 0;  // or row, or record: Format::place says what is counted
  std::string field;
  std::string reason;
  std::optional<int64_t> post_id;
};

// What a client knows of the picture that a file belongs to, in a folder of pictures (picture_folder.h).
struct PictureFacts {
  std::string name;  // relative to the folder, with '/' between its parts
  std::optional<int64_t> size_bytes;
  std::optional<int32_t> width_px;
  std::optional<int32_t> height_px;
  std::optional<Md5> md5;
};

struct PipelineOptions {
  // kUnspecified: told from the first file that holds a record. All files of an import have one format.
  SourceFormat format = SourceFormat::kUnspecified;
  int64_t max_rejected_count = 0;  // -1: no limit
  // Tags that are aliases, in the dataset or by a list of this import, wherever in it, become what they are an alias
  // of; extra_json keeps what the post said.
  bool apply_aliases = false;
  // A longer line or record is rejected; its bytes are skipped, not kept.
  int64_t line_size_bytes_max = 16 << 20;
  // A SQLite dump is collected here before it is read, and its size limit after decompression. Its files are
  // removed when they were read; what a killed process left is for the owner to clear at start.
  std::string spool_folder;
  int64_t spool_size_bytes_max = int64_t{64} << 30;
  // Called for every rejected record, on the feeding thread.
  std::function<void(const RejectedRecord&)> on_rejected;
  // Asked now and then on the feeding thread while a step takes long; true ends it with kCancelled. It may call
  // progress(): a SQLite dump is read as a whole when its file ends.
  std::function<bool()> cancelled;
};

struct PipelineProgress {
  SourceFormat format = SourceFormat::kUnspecified;  // named or told from the bytes; kUnspecified: not known yet
  int64_t byte_count = 0;                            // received, before decompression
  int64_t post_count = 0;
  int64_t fact_count = 0;  // tags, relations, pools and artists taken apart from posts
  int64_t rejected_count = 0;
  int64_t duplicate_tag_count = 0;
  int32_t file_count = 0;
};

// Not thread-safe. While it lives, nobody else uses the session unless Settle, Finish or an error was the last that was
// called. BeginFile, Feed..., BeginFile, Feed..., then Finish; after an error only destruction.
// The session is aborted by whoever owns it.
class ImportPipeline {
 public:
  // `session` is borrowed.
  static absl::StatusOr<std::unique_ptr<ImportPipeline>> Create(ImportSession* session, PipelineOptions options);
  ~ImportPipeline();

  // Ends the file before. kFieldInvalid for an empty name; control characters in it are shown escaped. `compression`
  // kUnspecified: told from the bytes. `picture` null: the file belongs to none.
  absl::Status BeginFile(std::string_view name, Compression compression, const PictureFacts* picture = nullptr);
  // kFileInvalid: the bytes are not of the format or damaged, or their format cannot be told (names the file and the
  // line or offset).
  // kRecordRejected: more records were rejected than allowed (names file, line, field, reason of the last).
  // kImportProtocol: no file was begun.
  // A record's error may come with a later call: records are staged on a thread of the pipeline's own.
  absl::Status Feed(std::string_view bytes);
  // Waits until all records that were fed whole are staged, and reports and returns what came of them. For when there
  // is nothing to feed for a while; errors as of Feed.
  absl::Status Settle();
  // Ends the last file. Does not commit. As Feed; kFileInvalid also when no file told the format.
  absl::Status Finish();

  PipelineProgress progress() const;

 private:
  class Impl;
  explicit ImportPipeline(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
