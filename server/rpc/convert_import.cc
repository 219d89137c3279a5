#include "server/rpc/convert_import.h"

#include <algorithm>

#include "server/rpc/convert.h"
#include "server/rpc/status.h"

namespace millrace {

namespace {

// Calls `mutable_counts` only when there is something to say.
template <typename MutableCounts>
void SetListed(const ListedCounts& counts, const MutableCounts& mutable_counts) {
  if (counts == ListedCounts{}) return;
  v1::ListedCounts* const message = mutable_counts();
  message->set_new_count(counts.new_count);
  message->set_updated_count(counts.updated_count);
  message->set_unchanged_count(counts.unchanged_count);
  message->set_conflict_count(counts.conflict_count);
}

}  // namespace

void SetImportResult(const ImportOutcome& outcome, v1::ImportResult* message) {
  message->set_import_id(outcome.import_id);
  message->set_dataset(outcome.dataset);
  message->set_format(static_cast<v1::SourceFormat>(outcome.format));
  message->set_new_post_count(outcome.new_post_count);
  message->set_replaced_post_count(outcome.replaced_post_count);
  message->set_rejected_count(outcome.rejected_count);
  message->set_duplicate_tag_count(outcome.duplicate_tag_count);
  message->set_changed_tag_count(outcome.changed_tag_count);
  message->set_byte_count(outcome.byte_count);
  SetListed(outcome.facts.tags, [&] { return message->mutable_listed_tags(); });
  SetListed(outcome.facts.aliases, [&] { return message->mutable_listed_aliases(); });
  SetListed(outcome.facts.implications, [&] { return message->mutable_listed_implications(); });
  SetListed(outcome.facts.pools, [&] { return message->mutable_listed_pools(); });
  SetListed(outcome.facts.artists, [&] { return message->mutable_listed_artists(); });
  message->set_superseded_relation_count(outcome.facts.superseded_relation_count);
  message->set_aliased_post_count(outcome.aliased_post_count);
  if (!outcome.snapshot.empty()) message->set_snapshot(outcome.snapshot);
  SetTimestamp(outcome.committed_at_us, message->mutable_committed_at());
}

void SetImportRecord(const ImportRecord& record, v1::ImportRecord* message) {
  message->set_import_id(record.outcome.import_id);
  message->set_dataset(record.outcome.dataset);
  message->set_state(static_cast<v1::ImportState>(record.state));
  message->set_format(static_cast<v1::SourceFormat>(record.format));
  message->set_request_id(record.request_id);
  SetTimestamp(record.started_at_us, message->mutable_started_at());
  if (record.state == ImportState::kCommitted) SetImportResult(record.outcome, message->mutable_result());
  if (record.state == ImportState::kFailed) *message->mutable_error() = ToRpcStatus(record.error);
}

PictureFacts PictureFactsOf(const v1::Picture& message) {
  PictureFacts facts;
  facts.name = message.name();
  if (message.has_size_bytes()) facts.size_bytes = message.size_bytes();
  if (message.width_px() > 0) facts.width_px = message.width_px();
  if (message.height_px() > 0) facts.height_px = message.height_px();
  if (message.md5().size() == sizeof(Md5)) {
    facts.md5.emplace();
    std::copy(message.md5().begin(), message.md5().end(), facts.md5->begin());
  }
  return facts;
}

void SetRejectedRecord(const RejectedRecord& rejected, v1::RejectedRecord* message) {
  message->set_file(rejected.file);
  message->set_line(rejected.line);
  message->set_field(rejected.field);
  message->set_reason(rejected.reason);
  if (rejected.post_id.has_value()) message->set_post_id(*rejected.post_id);
}

}  // namespace millrace
