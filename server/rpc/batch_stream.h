// LoaderService.StreamBatches: one call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "millrace/v1/loader_service.pb.h"
#include "server/rpc/batch_queue.h"
#include "server/rpc/batch_source.h"
#include "server/rpc/call.h"
#include "server/rpc/services.h"
#include "server/rpc/skip_ranges.h"

namespace millrace {

inline constexpr std::string_view kStreamBatches = "millrace.v1.LoaderService/StreamBatches";

// Where a stream begins and ends.
struct StreamRange {
  Position next;            // the first batch to send
  int64_t end_epoch = 0;    // the stream ends before it
  int64_t batch_count = 0;  // at most this many; -1: no limit
};

// Resolves a request over a split with so many batches an epoch. kFieldInvalid; kStepPastEnd for a start behind the
// split's batch count.
absl::StatusOr<StreamRange> ResolveStreamRange(const v1::StreamBatchesRequest& request, int64_t batch_count);

// Sends batches in order, each of them message by message, with one write under way and some batches encoded behind it:
// as many as the request says, within the stream's window (StreamShare). A slow reader holds its own window and no
// thread.
//
//   gRPC's threads                  call pool
//   Start ------------------------> Open: parse, find plan and snapshot, check
//                                   Encode: read a batch, serialise it, make it ready  <-+
//                  StartWrite <---- Advance: nothing is being written                    |
//   OnWriteDone -> Advance: write the batch's next message, or the next batch's first; --+
//                           encode when there is room again
//   OnCancel ----> Advance: drop what is ready
//                                   Finish: nothing left, an error, cancelled, or draining at a batch boundary
//   OnDone: log, delete
//
// While other work waits for the pool, each batch is a task by itself, at the end of the pool's queue: streams take
// turns, however large their windows are. Every event ends in Advance, which decides under the mutex what comes next
// and does it after letting go of it. Finish comes when no write and no encoding is under way, once; so nothing touches
// the object behind OnDone. The batches are serialised on the pool (hence the ByteBuffer): gRPC's threads only hand
// bytes on.
//
// While the server drains, no batch is made any more and none begun: the stream ends behind the message that is being
// written, or behind the last part of its batch. What HTTP/2 holds before that, its client has to read first.
class BatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // `deps` and the caches are borrowed from the service; `request` is copied. Requires that the stream was admitted: a
  // share of its own, and a place in the call pool.
  BatchStream(const ServiceDeps& deps, const LoaderCaches& caches, StreamShare share,
              grpc::CallbackServerContext* context, const grpc::ByteBuffer& request);

  // Takes the place in the pool. Call once, before the reactor is handed to gRPC. The object deletes itself.
  void Start();

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // On the pool, one at a time: `encoding_` hands what they own from one to the next.
  void Open();
  // One batch, or several while nobody waits for the thread.
  void Encode();
  absl::Status OpenSource();
  // False at the stream's end.
  absl::StatusOr<bool> EncodeNext(EncodedBatch* batch);
  // Moves `range_.next` over the steps that the request leaves out; how many those were.
  int64_t SkipSteps();
  void MovePosition(int64_t step_count);

  // What Advance does when it has let go of the mutex.
  struct Actions {
    bool encode = false;
    grpc::ByteBuffer* write = nullptr;
    std::optional<absl::Status> finish;
  };
  // `encoded`: a task of the pool is over. Only here may it say so: once `encoding_` is false, whoever takes the mutex
  // next may finish the call, and nothing keeps the object for a thread that is not gRPC's.
  // True: encode the next batch right away; only after `encoded`.
  bool Advance(bool encoded = false) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsCancelled() ABSL_LOCKS_EXCLUDED(mutex_);
  Actions Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ServiceDeps& deps_;
  const LoaderCaches caches_;
  CallScope scope_;

  // Owned by the task of the pool.
  grpc::ByteBuffer request_;  // empty once it is parsed
  std::optional<BatchSource> source_;
  StreamRange range_;
  SkipRanges skip_;

  Mutex mutex_;
  bool encoding_ ABSL_GUARDED_BY(mutex_) = true;  // a task is queued or running: from Start on
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  BatchQueue queue_ ABSL_GUARDED_BY(mutex_);                 // its message is gRPC's while `writing_`
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);  // what to finish with behind the queue
};

}  // namespace millrace
