#include "server/rpc/batch_source.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpc/slice.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/token.h"
#include "server/rpc/column_messages.h"
#include "server/rpc/open_plan.h"

namespace millrace {
namespace {

using google::protobuf::io::CodedOutputStream;

// The rows of a batch lie anywhere in the file: their cache lines are asked for while earlier rows are encoded.
constexpr size_t kFieldsAhead = 6;
constexpr size_t kListsAhead = 3;

// Key of field 1, length-delimited.
constexpr uint8_t kBatchKey = 1 << 3 | 2;
static_assert(v1::GetBatchResponse::kBatchFieldNumber == 1 && v1::StreamBatchesResponse::kBatchFieldNumber == 1);

}  // namespace

absl::StatusOr<BatchSource> BatchSource::Open(const ServiceDeps& deps, const LoaderCaches& caches,
                                              const BatchQuery& query, const std::function<bool()>& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(const BatchContent content, ParseBatchContent(query.view, query.projection));
  if (query.split.empty()) return FieldError("split", "is required");
  MILLRACE_ASSIGN_OR_RETURN(FoundPlan found, FindPlan(deps, caches.plans, query.plan_id, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, deps.snapshots->Get(found.plan->spec().snapshot));
  const Rank rank{query.rank, query.world_size == 0 ? 1 : query.world_size};
  MILLRACE_ASSIGN_OR_RETURN(BatchReader reader,
                            BatchReader::Create(std::move(found.plan), snapshot, query.split, rank));
  BatchSource source(deps, std::move(found.id), std::move(reader), content);
  if (query.in_parts) source.part_size_bytes_max_ = deps.part_size_bytes_max;
  if (!content.vocabulary.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(source.labels_, FindLabels(deps, caches.labels, content.vocabulary, snapshot,
                                                         source.reader_.plan().spec().tags));
  }
  MILLRACE_RETURN_IF_ERROR(source.OpenEncoder(deps, content));
  return source;
}

absl::Status BatchSource::OpenEncoder(const ServiceDeps& deps, const BatchContent& content) {
  const TagReading reading = reader_.plan().spec().tags;
  if (form_ == BatchContent::Form::kRows) {
    MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, RelationsFor(reader_.snapshot(), reading));
    post_encoder_ = std::make_unique<PostEncoder>(reader_.snapshot(), *deps.location, content.fields, relations);
  } else if (form_ == BatchContent::Form::kColumns) {
    const ColumnSelection selection = {.fields = content.fields,
                                       .labels = labels_,
                                       .label_encoding = content.label_encoding,
                                       .has_rating_one_hot = content.has_rating_one_hot,
                                       .tags = reading};
    MILLRACE_ASSIGN_OR_RETURN(ColumnWriter writer, ColumnWriter::Create(reader_.snapshot(), *deps.location, selection));
    column_writer_ = std::make_unique<ColumnWriter>(std::move(writer));
  }
  return absl::OkStatus();
}

absl::Status BatchSource::Encode(Position position, int64_t skipped_step_count, EncodedBatch* encoded) {
  // Not kept from batch to batch: a stream whose reader has stopped would hold them for nothing.
  Batch batch;
  v1::Batch head;
  MILLRACE_RETURN_IF_ERROR(reader_.Read(position, &batch));
  SetIdentities(batch, skipped_step_count, &head);
  return form_ == BatchContent::Form::kColumns ? EncodeColumns(batch, &head, encoded)
                                               : EncodeRows(batch, head, encoded);
}

absl::Status BatchSource::EncodeColumns(const Batch& batch, v1::Batch* head, EncodedBatch* encoded) {
  MILLRACE_RETURN_IF_ERROR(column_writer_->Lay(batch.rows, batch.post_ids));
  const size_t body_size_bytes = SetColumns(column_writer_->layout(), head);
  if (labels_ != nullptr) {
    head->set_vocabulary(labels_->vocabulary_digest());
    head->set_label_count(labels_->label_count());
  }
  // The body counts as a whole even when it goes out in parts, so that the bound means the same to all who ask.
  if (body_size_bytes > message_size_bytes_max_ ||
      LargestMessageBytes(*head, body_size_bytes, part_size_bytes_max_) > message_size_bytes_max_) {
    return TooLargeError(batch);
  }
  return millrace::EncodeColumns(*head, column_writer_.get(), part_size_bytes_max_, encoded);
}

absl::Status BatchSource::EncodeRows(const Batch& batch, const v1::Batch& head, EncodedBatch* encoded) {
  SliceWriter posts;
  MILLRACE_RETURN_IF_ERROR(EncodePosts(batch, &posts));

  const size_t batch_size_bytes = head.ByteSizeLong() + posts.size_bytes();
  const size_t key_size_bytes = 1 + CodedOutputStream::VarintSize64(batch_size_bytes);
  if (key_size_bytes + batch_size_bytes > message_size_bytes_max_) return TooLargeError(batch);
  // A slice of its own size: a writer's 64 KiB would be held until the batch is sent.
  grpc_slice head_slice = grpc_slice_malloc(key_size_bytes + head.GetCachedSize());
  uint8_t* out = GRPC_SLICE_START_PTR(head_slice);
  *out++ = kBatchKey;
  out = CodedOutputStream::WriteVarint64ToArray(batch_size_bytes, out);
  head.SerializeWithCachedSizesToArray(out);
  std::vector<grpc::Slice> slices;
  slices.emplace_back(head_slice, grpc::Slice::STEAL_REF);
  posts.MoveTo(&slices);
  encoded->messages.assign(1, grpc::ByteBuffer(slices.data(), slices.size()));
  encoded->size_bytes = key_size_bytes + batch_size_bytes;
  return absl::OkStatus();
}

void BatchSource::SetIdentities(const Batch& batch, int64_t skipped_step_count, v1::Batch* head) const {
  head->set_plan_id(plan_id_);
  head->set_snapshot(reader_.plan().spec().snapshot);
  head->set_split(split().name);
  head->set_epoch(batch.position.epoch);
  head->set_step(batch.position.step);
  head->set_rank(reader_.rank().rank);
  head->set_world_size(reader_.rank().world_size);
  head->set_batch_count(split().batch_count);
  head->set_global_sample_count(batch.slice.global_sample_count);
  head->set_global_offset(batch.slice.global_offset);
  head->set_padding_count(batch.slice.padding_count);
  if (form_ != BatchContent::Form::kColumns) {
    head->mutable_post_ids()->Add(batch.post_ids.begin(), batch.post_ids.end());
    head->mutable_rows()->Add(batch.rows.begin(), batch.rows.end());
  }
  head->set_token(EncodeToken(plan_id_, split().name, {batch.position.epoch, batch.position.step + 1}));
  head->set_skipped_step_count(skipped_step_count);
}

absl::Status BatchSource::EncodePosts(const Batch& batch, SliceWriter* posts) {
  if (post_encoder_ == nullptr) return absl::OkStatus();
  const std::vector<int64_t>& rows = batch.rows;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kFieldsAhead < rows.size()) post_encoder_->PrefetchFields(rows[i + kFieldsAhead]);
    if (i + kListsAhead < rows.size()) post_encoder_->PrefetchLists(rows[i + kListsAhead]);
    MILLRACE_RETURN_IF_ERROR(post_encoder_->Append(v1::Batch::kPostsFieldNumber, rows[i], posts));
    // Now, rather than when all of a batch that is far too large lies in memory.
    if (posts->size_bytes() > message_size_bytes_max_) return TooLargeError(batch);
  }
  return absl::OkStatus();
}

absl::Status BatchSource::TooLargeError(const Batch& batch) const {
  const bool identities = form_ == BatchContent::Form::kIdentities;
  const bool columns = form_ == BatchContent::Form::kColumns;
  return FieldError(
      columns ? "projection" : (identities ? "world_size" : "view"),
      absl::StrCat("a batch of ", batch.slice.sample_count,
                   columns ? " posts as columns" : (identities ? " identities" : " whole posts"),
                   " takes more than the server sends, ", message_size_bytes_max_, " bytes (its --max-message-bytes); ",
                   "ask for ", columns ? "fewer fields, " : (identities ? "" : "BATCH_VIEW_IDENTITIES, "),
                   "more ranks, or a smaller batch size"));
}

}  // namespace millrace
