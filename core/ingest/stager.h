// The end of the import pipeline: stages what readers find in the catalog, and keeps count.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/catalog/import_session.h"
#include "core/ingest/formats.h"
#include "core/ingest/reader.h"

namespace millrace {

// Its methods as a RecordSink may run on another thread than the rest (RecordRelay), which then reads progress and
// takes reports meanwhile, and begins files only while no record is on its way.
class Stager : public RecordSink {
 public:
  // `session` is borrowed. `max_rejected_count` -1: no limit. `cancelled` may be empty; it is asked on the thread of
  // the reader.
  Stager(ImportSession* session, int64_t max_rejected_count, std::function<bool()> cancelled);

  void BeginFile(std::string_view name);
  // `is_guessed`: told from the bytes; a refusal then says so.
  void set_format(const Format& format, bool is_guessed) {
    format_ = &format;
    is_guessed_ = is_guessed;
  }
  // Posts, facts, rejected records and repeated tags so far.
  PipelineProgress counts() const;
  // The records rejected since the last call, in order.
  std::vector<RejectedRecord> TakeReports();

  // Each but OnRejected: the session's error, or as OnRejected when the record is refused.
  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override;
  absl::Status OnTag(const TagFact& tag, int64_t line) override;
  absl::Status OnTagRelation(const TagRelation& relation, int64_t line) override;
  absl::Status OnPool(const PoolFact& pool, int64_t line) override;
  absl::Status OnArtist(const ArtistFact& artist, int64_t line) override;
  // kRecordRejected when more were rejected than allowed.
  absl::Status OnRejected(RejectedRecord rejected) override;
  absl::Status CheckCancelled() override;

  // Relations may contradict each other across files, so they are judged when all are known: those that may not stand
  // are rejected. Call behind the last record. As OnRejected.
  absl::Status CheckRelations();
  // Puts what tags are aliases of in their place. Call it behind CheckRelations. The session's error, or that of
  // CheckCancelled.
  absl::Status ApplyAliases();

 private:
  SourcePlace PlaceOf(int64_t line) const;
  absl::Status CountFact(absl::Status staged);
  absl::Status RejectDuplicate(const Post& post, int64_t line, const SourcePlace& first);
  absl::Status Reject(RejectedRecord rejected);
  absl::Status TooManyRejectedError(const RejectedRecord& rejected) const;
  // "line 7"
  std::string Place(int64_t number) const;

  ImportSession* const session_;
  const int64_t max_rejected_count_;
  const std::function<bool()> cancelled_;
  const Format* format_ = nullptr;       // set before the first record
  bool is_guessed_ = false;              // with it
  std::vector<std::string> file_names_;  // the last is the current one

  mutable Mutex mutex_;
  PipelineProgress counts_ ABSL_GUARDED_BY(mutex_);
  std::vector<RejectedRecord> reports_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
