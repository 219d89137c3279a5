// grpc.health.v1.Health: whether the server, and each of its services, takes calls.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/lifecycle/call_log.h"
#include "server/lifecycle/drain.h"

namespace millrace {

// Our own rather than gRPC's: Debian's does not come with the descriptors that reflection lists. Thread-safe. Must
// outlive the grpc::Server that it is registered with.
class HealthService final : public grpc::health::v1::Health::CallbackService, public Drainable {
 public:
  // `log` is borrowed.
  explicit HealthService(CallLog* log);
  ~HealthService() override;

  // From now on the server as a whole, named "", and each of these services serve. Watchers are told.
  void SetServing(const std::vector<std::string>& services);

  // From now on nothing serves: watchers are told NOT_SERVING, and then their streams end, so that they do not hold
  // up the server's shutdown.
  void BeginDrain() override;

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  // One message at once, then one with each change. SERVICE_UNKNOWN for a service that is not known, which may
  // change.
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // SERVICE_UNKNOWN when it is.
  ServingStatus StatusOf(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  CallLog* const log_;
  mutable Mutex mutex_;
  std::map<std::string, ServingStatus> statuses_ ABSL_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace
