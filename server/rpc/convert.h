// From the domain's values to the messages of millrace.v1. Absent stays absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/catalog.h"
#include "core/model/location.h"
#include "core/model/post.h"
#include "core/model/stats.h"
#include "core/snapshot/snapshot.h"
#include "google/protobuf/timestamp.pb.h"
#include "millrace/v1/catalog_service.pb.h"
#include "millrace/v1/post.pb.h"
#include "millrace/v1/snapshot_service.pb.h"
#include "server/rpc/page_token.h"

namespace millrace {

// Where a listing from new to old goes on, from its page token.
std::optional<TimeCursor> TimeCursorOf(const std::optional<PageCursor>& cursor);

// Microseconds since 1970, also before it.
void SetTimestamp(int64_t time_us, google::protobuf::Timestamp* timestamp);

void SetTag(const Tag& tag, v1::Tag* message);

// Everything but `row` and `tags`.
void SetPostFields(const Post& post, const LocationTemplate& location, v1::Post* message);

void SetStats(const Stats& stats, v1::Stats* message);
void SetDataset(const DatasetInfo& dataset, v1::Dataset* message);
void SetSnapshot(const SnapshotRecord& record, v1::Snapshot* message);

// Reads posts of a snapshot straight into messages. Not thread-safe; borrows both. Messages that are used again keep
// their memory, so reading a batch after the first allocates next to nothing.
class SnapshotPostReader {
 public:
  SnapshotPostReader(const Snapshot& snapshot, const LocationTemplate& location)
      : snapshot_(snapshot), location_(location) {}

  // Fills a cleared message. Requires a row of the snapshot. kSnapshotDamaged.
  absl::Status Read(int64_t row, v1::Post* message);

 private:
  const Snapshot& snapshot_;
  const LocationTemplate& location_;
  Post post_;
};

// Fills messages[i] from posts[i], with the tags of all of them looked up at once. Requires cleared messages.
absl::Status SetCatalogPosts(Catalog& catalog, std::string_view dataset, const LocationTemplate& location,
                             absl::Span<const Post> posts, absl::Span<v1::Post* const> messages);

}  // namespace millrace
