// Collects what an import reader finds on one page.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/catalog/source.h"
#include "core/ingest/reader.h"

namespace millrace {

// Not thread-safe.
class PageSink final : public RecordSink {
 public:
  explicit PageSink(std::function<bool()> cancelled) : cancelled_(std::move(cancelled)) {}

  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override;
  absl::Status OnTag(const TagFact&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnTagRelation(const TagRelation&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnPool(const PoolFact&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnArtist(const ArtistFact&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnRejected(RejectedRecord rejected) override;
  absl::Status CheckCancelled() override;

  // Ascending by id.
  std::vector<PagePost> TakePosts();
  int64_t rejected_count() const { return rejected_count_; }
  int64_t max_id() const { return max_id_; }  // also of records that were rejected and have one; 0: none has
  const std::string& first_rejected() const { return first_rejected_; }  // for messages

 private:
  const std::function<bool()> cancelled_;
  std::vector<PagePost> posts_;
  int64_t rejected_count_ = 0;
  int64_t max_id_ = 0;
  std::string first_rejected_;
};

}  // namespace millrace
