// SourceService.RefreshSource: one call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/refresh/refresh_runner.h"
#include "millrace/v1/source_service.pb.h"
#include "server/rpc/call.h"
#include "server/rpc/services.h"

namespace millrace {

// Begins the refresh on the call pool, which reads the source, and then stands between the runner's thread and gRPC's.
// Every event ends in Advance, which decides under the mutex what comes next and does it after letting go of it. Finish
// comes when no write is under way and the refresh is over (or never began), once: so the runner may use the object,
// and nothing touches it behind OnDone. A client that is gone stops its refresh and waits for that.
class RefreshStream final : public grpc::ServerWriteReactor<v1::RefreshSourceResponse> {
 public:
  static constexpr std::string_view kMethod = "millrace.v1.SourceService/RefreshSource";
  // Events that wait to be written: behind so many, the oldest are dropped.
  static constexpr size_t kWaitingCountMax = 64;

  // `deps` is borrowed from the service; `request` is copied.
  RefreshStream(const ServiceDeps& deps, grpc::CallbackServerContext* context, const v1::RefreshSourceRequest& request);

  // Call once, before the reactor is handed to gRPC, with a place that the call pool admitted. The object deletes
  // itself.
  void Start();

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Begin();
  absl::Status BeginRefresh();
  // Puts an event behind those that wait to be written.
  void Tell(v1::RefreshSourceResponse event);
  void OnEnd(const absl::StatusOr<RefreshOutcome>& outcome);
  // `over`: no other thread of ours will use the object. Only here may it say so.
  void Advance(bool over = false) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsCancelled() ABSL_LOCKS_EXCLUDED(mutex_);

  const ServiceDeps& deps_;
  CallScope scope_;
  const v1::RefreshSourceRequest request_;
  v1::RefreshSourceResponse outgoing_;  // gRPC's while `writing_`

  Mutex mutex_;
  std::deque<v1::RefreshSourceResponse> outbox_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool working_ ABSL_GUARDED_BY(mutex_) = true;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status result_ ABSL_GUARDED_BY(mutex_);  // what the call ends with
};

}  // namespace millrace
