#include "bench/stream_crowd.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace millrace::bench {
namespace {

// Opened and without a batch yet: more would only stand in the server's queue, and be refused when it is full.
constexpr size_t kOpeningCountMax = 256;
constexpr std::chrono::seconds kOpenTimeout(120);

const std::string kMethod = "/millrace.v1.LoaderService/StreamBatches";
// Field 1 of a StreamBatchesResponse, length-delimited.
constexpr uint32_t kBatchTag = 1 << 3 | 2;

// A response's batch without its posts, and how many those are.
bool SkimBatch(const grpc::ByteBuffer& bytes, v1::Batch* batch, int* post_count) {
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok()) return false;
  google::protobuf::io::CodedInputStream in(slice.begin(), static_cast<int>(slice.size()));
  uint32_t size_bytes = 0;
  if (in.ReadTag() != kBatchTag || !in.ReadVarint32(&size_bytes)) return false;
  std::string rest;
  while (true) {
    const int begin = in.CurrentPosition();
    const uint32_t tag = in.ReadTag();
    if (tag == 0) break;
    if (!google::protobuf::internal::WireFormatLite::SkipField(&in, tag)) return false;
    if (tag >> 3 == v1::Batch::kPostsFieldNumber) {
      ++*post_count;
    } else {
      rest.append(reinterpret_cast<const char*>(slice.begin()) + begin,
                  static_cast<size_t>(in.CurrentPosition() - begin));
    }
  }
  return in.ConsumedEntireMessage() && batch->ParseFromString(rest);
}

}  // namespace

class CrowdStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  CrowdStream(StreamCrowd* crowd, int64_t first_index, int64_t read_count_max)
      : crowd_(crowd), first_index_(first_index), read_count_max_(read_count_max) {}

  void Start(grpc::GenericStub& stub, v1::StreamBatchesRequest request) {
    const int64_t step_count = crowd_->reference_.steps_per_epoch();
    request.mutable_start()->set_epoch(first_index_ / step_count);
    request.mutable_start()->set_step(first_index_ % step_count);
    const grpc::Slice slice(request.SerializeAsString());
    request_ = grpc::ByteBuffer(&slice, 1);
    stub.PrepareBidiStreamingCall(&context_, kMethod, grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const int64_t count = count_.load(std::memory_order_relaxed);
    v1::Batch batch;
    int post_count = 0;
    const bool has_posts = crowd_->request_.view() == v1::BATCH_VIEW_POSTS;
    if (!SkimBatch(response_, &batch, &post_count) || !crowd_->reference_.Matches(first_index_ + count, batch) ||
        post_count != (has_posts ? batch.post_ids_size() : 0)) {
      std::fprintf(stderr, "a stream's batch %lld is not the plan's\n", static_cast<long long>(first_index_ + count));
      std::_Exit(1);
    }
    count_.store(count + 1, std::memory_order_relaxed);
    if (count == 0) crowd_->StreamStarts();
    if (count + 1 == read_count_max_) {
      response_.Clear();
      return;
    }
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    status_ = status;
    crowd_->StreamEnds(count() > 0);
  }

  void Cancel() { context_.TryCancel(); }
  int64_t count() const { return count_.load(std::memory_order_relaxed); }
  // Once it is over.
  const grpc::Status& status() const { return status_; }

 private:
  StreamCrowd* const crowd_;
  const int64_t first_index_;
  const int64_t read_count_max_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::atomic<int64_t> count_{0};
  grpc::Status status_;
};

StreamCrowd::StreamCrowd(const Channels& channels, v1::StreamBatchesRequest request, const BatchReference& reference)
    : request_(std::move(request)), reference_(reference) {
  for (const auto& channel : channels) stubs_.emplace_back(channel);
}

StreamCrowd::~StreamCrowd() {
  CancelAll();
  if (WaitUntilDone(60)) return;
  std::fprintf(stderr, "cancelled streams did not end\n");
  std::_Exit(1);
}

void StreamCrowd::Open(int64_t read_count_max) {
  // All begin in the first epoch, each somewhere else, so that there is enough to read for all.
  const int64_t first_index = static_cast<int64_t>(streams_.size()) * 7919 % reference_.steps_per_epoch();
  streams_.push_back(std::make_unique<CrowdStream>(this, first_index, read_count_max));
  streams_.back()->Start(stubs_[streams_.size() % stubs_.size()], request_);
}

bool StreamCrowd::OpenAll(int64_t count, int64_t read_count_max) {
  for (int64_t i = 0; i < count; ++i) {
    Open(read_count_max);
    std::unique_lock lock(mutex_);
    const bool is_last = i + 1 == count;
    const auto has_room = [&] {
      return is_last ? started_count_ == streams_.size() : started_count_ + kOpeningCountMax > streams_.size();
    };
    if (!changed_.wait_for(lock, kOpenTimeout, has_room) || failed_count_ > 0) return false;
  }
  return true;
}

void StreamCrowd::Cancel(size_t index) { streams_[index]->Cancel(); }

void StreamCrowd::CancelAll() {
  for (const auto& stream : streams_) stream->Cancel();
}

bool StreamCrowd::WaitUntilDone(double timeout_s) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(timeout_s),
                           [&] { return done_count_ == streams_.size(); });
}

std::vector<int64_t> StreamCrowd::Counts() const {
  std::vector<int64_t> counts;
  for (const auto& stream : streams_) counts.push_back(stream->count());
  return counts;
}

std::vector<grpc::Status> StreamCrowd::Statuses() const {
  std::vector<grpc::Status> statuses;
  for (const auto& stream : streams_) statuses.push_back(stream->status());
  return statuses;
}

void StreamCrowd::StreamStarts() {
  const std::scoped_lock lock(mutex_);
  ++started_count_;
  changed_.notify_all();
}

void StreamCrowd::StreamEnds(bool has_read) {
  const std::scoped_lock lock(mutex_);
  ++done_count_;
  if (!has_read) ++started_count_, ++failed_count_;
  // The crowd may be gone when the mutex is free.
  changed_.notify_all();
}

}  // namespace millrace::bench
