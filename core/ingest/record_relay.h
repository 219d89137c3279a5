// Hands what a reader finds to a sink on another thread, so that reading and staging run side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/ingest/reader.h"

namespace millrace {

// Copies records into batches of some hundred, and calls the sink with them on a thread of its own: in order, each
// once, and none after the first error that the sink gives. At most kQueuedBatchCountMax batches wait; then the reader
// does.
//
//   reader -> OnPost...: copy -> batch -> queue (bounded) -> thread: sink -> OnPost...
//
// Used by one thread, that of the reader; only the sink is called by the other, CheckCancelled excepted.
class RecordRelay : public RecordSink {
 public:
  // `sink` is borrowed.
  explicit RecordRelay(RecordSink* sink);
  // Drops what was not handed on.
  ~RecordRelay() override;
  RecordRelay(const RecordRelay&) = delete;
  RecordRelay& operator=(const RecordRelay&) = delete;

  // Each: OK, or the error of a record that was given before.
  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override;
  absl::Status OnTag(const TagFact& tag, int64_t line) override;
  absl::Status OnTagRelation(const TagRelation& relation, int64_t line) override;
  absl::Status OnPool(const PoolFact& pool, int64_t line) override;
  absl::Status OnArtist(const ArtistFact& artist, int64_t line) override;
  absl::Status OnRejected(RejectedRecord rejected) override;
  // Of the sink, on the reader's thread.
  absl::Status CheckCancelled() override;

  // Sends a batch that is not full yet on its way.
  absl::Status Flush();
  // As Flush, and waits until the sink has everything: nothing of it runs then. The sink's first error.
  absl::Status Drain();

 private:
  static constexpr size_t kRecordCountMax = 256;
  static constexpr size_t kTextSizeBytesMax = 1 << 20;
  static constexpr size_t kQueuedBatchCountMax = 4;

  struct TagCopy {
    int64_t id;
    TagCategory category;
    size_t name_offset;  // in Batch::names
    size_t name_size;
  };
  // Posts are by far the most; the rest are kept simply.
  struct PostPlace {
    size_t index;  // in Batch::posts
    size_t tag_begin, tag_end;
    int64_t duplicate_tag_count;
  };
  struct Record {
    std::variant<PostPlace, TagFact, TagRelation, PoolFact, ArtistFact, RejectedRecord> content;
    int64_t line;
  };
  struct Batch {
    std::vector<Record> records;
    std::vector<Post> posts;  // more than are used: they keep their memory
    size_t post_count = 0;
    std::vector<TagCopy> tags;
    std::string names;
    size_t text_size_bytes = 0;

    void Clear();
  };

  template <typename T>
  absl::Status Add(T content, int64_t line);
  absl::Status FlushIfFull();
  void Run();
  absl::Status HandOn(const Batch& batch);
  absl::Status HandOnPost(const Batch& batch, const PostPlace& place, int64_t line);

  RecordSink* const sink_;
  std::unique_ptr<Batch> filling_;  // the reader's
  std::vector<ImportedTag> tags_;   // the thread's, for its memory

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::unique_ptr<Batch>> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Batch>> free_ ABSL_GUARDED_BY(mutex_);
  bool is_busy_ ABSL_GUARDED_BY(mutex_) = false;  // the thread hands a batch on
  bool is_over_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace millrace
