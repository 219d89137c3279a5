#include "bench/stream_crowd.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace millrace::bench {
namespace {

// Opened and without a batch yet: more would only stand in the server's queue, and be refused when it is full.
constexpr size_t kOpeningCountMax = 256;
constexpr std::chrono::seconds kOpenTimeout(120);

}  // namespace

class CrowdStream final : public grpc::ClientReadReactor<v1::StreamBatchesResponse> {
 public:
  CrowdStream(StreamCrowd* crowd, int64_t first_index, int64_t read_count_max)
      : crowd_(crowd), first_index_(first_index), read_count_max_(read_count_max) {}

  void Start(v1::LoaderService::Stub& stub, const v1::StreamBatchesRequest& request) {
    request_ = request;
    const int64_t step_count = crowd_->reference_.steps_per_epoch();
    request_.mutable_start()->set_epoch(first_index_ / step_count);
    request_.mutable_start()->set_step(first_index_ % step_count);
    stub.async()->StreamBatches(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const int64_t count = count_.load(std::memory_order_relaxed);
    if (!crowd_->reference_.Matches(first_index_ + count, response_.batch())) {
      std::fprintf(stderr, "a stream's batch %lld is not the plan's\n", static_cast<long long>(first_index_ + count));
      std::_Exit(1);
    }
    count_.store(count + 1, std::memory_order_relaxed);
    if (count == 0) crowd_->StreamStarts();
    if (count + 1 == read_count_max_) return;
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
  v1::StreamBatchesRequest request_;
  v1::StreamBatchesResponse response_;
  std::atomic<int64_t> count_{0};
  grpc::Status status_;
};

StreamCrowd::StreamCrowd(const Stubs& stubs, v1::StreamBatchesRequest request, const BatchReference& reference)
    : stubs_(stubs), request_(std::move(request)), reference_(reference) {}

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
  streams_.back()->Start(*stubs_[streams_.size() % stubs_.size()], request_);
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
