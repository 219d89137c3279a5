#include "core/ingest/record_relay.h"

#include <utility>

#include "core/base/error.h"

namespace millrace {

void RecordRelay::Batch::Clear() {
  records.clear();
  post_count = 0;
  tags.clear();
  names.clear();
  text_size_bytes = 0;
}

RecordRelay::RecordRelay(RecordSink* sink)
    : sink_(sink), filling_(std::make_unique<Batch>()), thread_([this] { Run(); }) {}

RecordRelay::~RecordRelay() {
  {
    MutexLock lock(mutex_);
    is_over_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

absl::Status RecordRelay::OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                                 int64_t duplicate_tag_count) {
  Batch& batch = *filling_;
  if (batch.post_count == batch.posts.size()) batch.posts.emplace_back();
  batch.posts[batch.post_count] = post;
  const size_t tag_begin = batch.tags.size();
  for (const ImportedTag& tag : tags) {
    batch.tags.push_back({tag.id, tag.category, batch.names.size(), tag.name.size()});
    batch.names.append(tag.name);
  }
  batch.text_size_bytes += post.source.size() + post.extra_json.size() + post.favorite_user_ids.size() * 8;
  batch.records.push_back({PostPlace{batch.post_count++, tag_begin, batch.tags.size(), duplicate_tag_count}, line});
  return FlushIfFull();
}

template <typename T>
absl::Status RecordRelay::Add(T content, int64_t line) {
  filling_->records.push_back({std::move(content), line});
  return FlushIfFull();
}

absl::Status RecordRelay::OnTag(const TagFact& tag, int64_t line) { return Add(tag, line); }
absl::Status RecordRelay::OnTagRelation(const TagRelation& relation, int64_t line) { return Add(relation, line); }
absl::Status RecordRelay::OnPool(const PoolFact& pool, int64_t line) {
  filling_->text_size_bytes += pool.post_ids.size() * 8 + pool.extra_json.size();
  return Add(pool, line);
}
absl::Status RecordRelay::OnArtist(const ArtistFact& artist, int64_t line) {
  filling_->text_size_bytes += artist.extra_json.size();
  return Add(artist, line);
}
absl::Status RecordRelay::OnRejected(RejectedRecord rejected) {
  const int64_t line = rejected.line;
  return Add(std::move(rejected), line);
}
absl::Status RecordRelay::CheckCancelled() { return sink_->CheckCancelled(); }

absl::Status RecordRelay::FlushIfFull() {
  const bool is_full = filling_->records.size() >= kRecordCountMax ||
                       filling_->names.size() + filling_->text_size_bytes >= kTextSizeBytesMax;
  return is_full ? Flush() : absl::OkStatus();
}

absl::Status RecordRelay::Flush() {
  MutexLock lock(mutex_);
  while (queue_.size() >= kQueuedBatchCountMax && status_.ok()) changed_.Wait(mutex_);
  if (!status_.ok() || filling_->records.empty()) return status_;
  queue_.push_back(std::move(filling_));
  if (free_.empty()) {
    filling_ = std::make_unique<Batch>();
  } else {
    filling_ = std::move(free_.back());
    free_.pop_back();
  }
  changed_.SignalAll();
  return absl::OkStatus();
}

absl::Status RecordRelay::Drain() {
  MILLRACE_RETURN_IF_ERROR(Flush());
  MutexLock lock(mutex_);
  while (is_busy_ || (!queue_.empty() && status_.ok())) changed_.Wait(mutex_);
  return status_;
}

void RecordRelay::Run() {
  while (true) {
    std::unique_ptr<Batch> batch;
    {
      MutexLock lock(mutex_);
      while (!is_over_ && (queue_.empty() || !status_.ok())) changed_.Wait(mutex_);
      if (is_over_) return;
      batch = std::move(queue_.front());
      queue_.pop_front();
      is_busy_ = true;
      changed_.SignalAll();
    }
    const absl::Status status = HandOn(*batch);
    batch->Clear();
    MutexLock lock(mutex_);
    is_busy_ = false;
    status_ = status;
    free_.push_back(std::move(batch));
    changed_.SignalAll();
  }
}

absl::Status RecordRelay::HandOn(const Batch& batch) {
  for (const Record& record : batch.records) {
    const int64_t line = record.line;
    absl::Status status;
    if (const auto* post = std::get_if<PostPlace>(&record.content)) {
      status = HandOnPost(batch, *post, line);
    } else if (const auto* tag = std::get_if<TagFact>(&record.content)) {
      status = sink_->OnTag(*tag, line);
    } else if (const auto* relation = std::get_if<TagRelation>(&record.content)) {
      status = sink_->OnTagRelation(*relation, line);
    } else if (const auto* pool = std::get_if<PoolFact>(&record.content)) {
      status = sink_->OnPool(*pool, line);
    } else if (const auto* artist = std::get_if<ArtistFact>(&record.content)) {
      status = sink_->OnArtist(*artist, line);
    } else {
      status = sink_->OnRejected(std::get<RejectedRecord>(record.content));
    }
    MILLRACE_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::Status RecordRelay::HandOnPost(const Batch& batch, const PostPlace& place, int64_t line) {
  tags_.clear();
  for (size_t i = place.tag_begin; i < place.tag_end; ++i) {
    const TagCopy& tag = batch.tags[i];
    tags_.push_back({tag.id, std::string_view(batch.names).substr(tag.name_offset, tag.name_size), tag.category});
  }
  return sink_->OnPost(batch.posts[place.index], tags_, line, place.duplicate_tag_count);
}

}  // namespace millrace
