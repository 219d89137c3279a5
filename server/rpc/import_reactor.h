// ImportService.Import: one call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <deque>
#include <optional>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "millrace/v1/import_service.pb.h"
#include "server/rpc/call.h"
#include "server/rpc/import_job.h"
#include "server/rpc/import_protocol.h"
#include "server/rpc/services.h"

namespace millrace {

// Stands between the client and the job that does the work on the import pool.
//
//   gRPC's threads                                         import pool
//   StartRead -> OnReadDone: check, append to the inbox -> Receive -> catalog
//      ^--- when the inbox has room                           |
//   StartWrite <- the outbox, one at a time  <---------------- Send (waits for room), SendProgress (never waits)
//   OnCancel: wakes the job, which then aborts the import
//   Finish <- the outbox is empty                        <---- Work ends
//   OnDone: log, delete
//
// The first message admits the import: it is refused, or scheduled. Only a checked `end` makes an import complete; a
// half-close or a broken connection before it fails it, and so does a message behind it that comes before the
// half-close or within two seconds. Both queues are bounded, so a client that sends faster than the server parses is
// held back by HTTP/2, and a client that does not read holds back its own import only. The job ends the import of a
// client that neither sends nor reads for `ServiceDeps::import_idle_timeout`. Finish waits for the job, hence the job
// may use the object freely, and comes once; nobody touches the object behind it.
class ImportReactor final : public grpc::ServerBidiReactor<v1::ImportRequest, v1::ImportResponse>, private ImportPeer {
 public:
  // Begins to read. The object deletes itself. `deps` is borrowed from the service.
  ImportReactor(const ServiceDeps& deps, grpc::CallbackServerContext* context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // ImportPeer, for the job.
  absl::StatusOr<std::optional<v1::ImportRequest>> Receive(std::chrono::milliseconds timeout) override;
  bool Send(v1::ImportResponse response, std::chrono::milliseconds timeout) override;
  void SendProgress(const v1::ImportProgress& progress) override;
  bool cancelled() override;

  // Runs the job, on the import pool.
  void Work(const v1::ImportStart& start);
  // Takes in `incoming_`.
  void Accept() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // No more messages will come, and `status` is why.
  void EndReading(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Starts what can be started. Call at the end of every event. `worked`: the job is over. Only here may it say so:
  // once `working_` is false, whoever takes the mutex next may finish the call, and nothing keeps the object for a
  // thread that is not gRPC's.
  void Advance(bool worked = false) ABSL_LOCKS_EXCLUDED(mutex_);

  const ServiceDeps& deps_;
  grpc::CallbackServerContext* const context_;
  CallScope scope_;
  v1::ImportRequest incoming_;   // gRPC's while `reading_`
  v1::ImportResponse outgoing_;  // gRPC's while `writing_`

  Mutex mutex_;
  CondVar changed_;  // the inbox, the outbox or `cancelled_`, for the job
  ImportProtocol protocol_ ABSL_GUARDED_BY(mutex_);
  std::deque<v1::ImportRequest> inbox_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> inbox_end_ ABSL_GUARDED_BY(mutex_);  // what follows the inbox; OK behind `end`
  std::chrono::steady_clock::time_point close_deadline_ ABSL_GUARDED_BY(mutex_);  // set with `end`
  std::deque<v1::ImportResponse> outbox_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool working_ ABSL_GUARDED_BY(mutex_) = false;  // scheduled or running
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> result_ ABSL_GUARDED_BY(mutex_);  // what the call ends with
  // What it ends with instead when the pool has no room; then the pool's refusals log it. The pool's.
  const grpc::Status* refusal_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace millrace
