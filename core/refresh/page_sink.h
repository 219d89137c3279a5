// Collects what an import reader finds on one page.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/catalog/source.h"
#include "core/ingest/reader.h"

namespace millrace {

// Not thread-safe. A page that shows more than `record_count_max` records is kFileInvalid: it is not the one that was
// asked for, and would be held in memory and written as a whole.
class PageSink final : public RecordSink {
 public:
  PageSink(int64_t record_count_max, std::function<bool()> cancelled)
      : record_count_max_(record_count_max), cancelled_(std::move(cancelled)) {}

  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override;
  absl::Status OnTag(const TagFact&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnTagRelation(const TagRelation&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnPool(const PoolFact&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnArtist(const ArtistFact&, int64_t) override { return absl::OkStatus(); }
  absl::Status OnRejected(RejectedRecord rejected) override;
  absl::Status CheckCancelled() override;

  // As the page shows them. A post with an id above kBoardPostIdMax is none, and counts among the rejected without an
  // id.
  std::vector<PagePost> TakePosts() { return std::exchange(posts_, {}); }
  const std::vector<int64_t>& rejected_ids() const { return rejected_ids_; }
  int64_t rejected_without_id_count() const { return rejected_without_id_count_; }
  const std::string& first_rejected() const { return first_rejected_; }  // for messages

 private:
  absl::Status CountRecord();

  const int64_t record_count_max_;
  const std::function<bool()> cancelled_;
  std::vector<PagePost> posts_;
  int64_t record_count_ = 0;
  std::vector<int64_t> rejected_ids_;
  int64_t rejected_without_id_count_ = 0;
  std::string first_rejected_;
};

}  // namespace millrace
