#include "server/lifecycle/health.h"

#include <optional>
#include <utility>

#include "server/lifecycle/logged_call.h"

namespace millrace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One Watch stream. Its state is guarded by the service's mutex, which changes of status hold anyway. Starting an
// operation under that mutex is safe: gRPC runs no reaction inside the call that starts it.
class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  // `service` is borrowed and outlives every stream.
  Watcher(HealthService* service, std::string name, const grpc::CallbackServerContext& context)
      : service_(service), name_(std::move(name)), call_(service->log_, "grpc.health.v1.Health/Watch", context) {
    call_.CountReceived();
  }

  const std::string& name() const { return name_; }

  // Sends `status` as soon as the line is free. When several come meanwhile, only the last is sent: a watcher wants
  // to know what holds, and a slow one must not make a queue grow.
  void Notify(ServingStatus status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(service_->mutex_) {
    next_ = status;
    Advance();
  }

  // Ends the stream once what there is to send is sent.
  void End(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(service_->mutex_) {
    if (!end_.has_value()) end_ = std::move(status);
    Advance();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(service_->mutex_);
    is_writing_ = false;
    if (ok) {
      call_.CountSent();
      Advance();
    } else {
      Abandon();
    }
  }

  void OnCancel() override {
    MutexLock lock(service_->mutex_);
    Abandon();
  }

  void OnDone() override {
    grpc::Status end;
    {
      MutexLock lock(service_->mutex_);
      service_->watchers_.erase(this);
      end = *end_;
    }
    call_.Log(end);
    delete this;
  }

 private:
  // Does the next thing there is to do, unless a write is on its way: then its end does.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(service_->mutex_) {
    if (is_writing_ || is_finished_) return;
    if (next_.has_value() && next_ != sent_) {
      sent_ = std::exchange(next_, std::nullopt);
      response_.set_status(*sent_);
      is_writing_ = true;
      StartWrite(&response_);
    } else if (end_.has_value()) {
      is_finished_ = true;
      Finish(*end_);
    }
  }

  // The client is gone.
  void Abandon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(service_->mutex_) {
    next_.reset();
    End(grpc::Status::CANCELLED);
  }

  HealthService* const service_;
  const std::string name_;
  LoggedCall call_;
  HealthCheckResponse response_;  // borrowed by the write that is on its way
  std::optional<ServingStatus> next_ ABSL_GUARDED_BY(service_->mutex_);
  std::optional<ServingStatus> sent_ ABSL_GUARDED_BY(service_->mutex_);
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(service_->mutex_);
  bool is_writing_ ABSL_GUARDED_BY(service_->mutex_) = false;
  bool is_finished_ ABSL_GUARDED_BY(service_->mutex_) = false;
};

namespace {

grpc::Status StoppingStatus() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is stopping: watch again, another one may serve");
}

}  // namespace

HealthService::HealthService(CallLog* log) : log_(log) {}

HealthService::~HealthService() = default;

HealthService::ServingStatus HealthService::StatusOf(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
}

void HealthService::SetServing(const std::vector<std::string>& services) {
  MutexLock lock(mutex_);
  if (draining_) return;
  statuses_[""] = HealthCheckResponse::SERVING;
  for (const std::string& service : services) statuses_[service] = HealthCheckResponse::SERVING;
  for (Watcher* watcher : watchers_) watcher->Notify(StatusOf(watcher->name()));
}

void HealthService::BeginDrain() {
  MutexLock lock(mutex_);
  draining_ = true;
  for (auto& [service, status] : statuses_) status = HealthCheckResponse::NOT_SERVING;
  for (Watcher* watcher : watchers_) {
    watcher->Notify(StatusOf(watcher->name()));
    watcher->End(StoppingStatus());
  }
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  LoggedCall call(log_, "grpc.health.v1.Health/Check", *context);
  call.CountReceived();
  ServingStatus status;
  {
    MutexLock lock(mutex_);
    status = StatusOf(request->service());
  }
  grpc::Status outcome;
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    outcome = grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service here; list them by reflection");
  } else {
    response->set_status(status);
    call.CountSent();
  }
  call.Log(outcome);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(outcome);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(grpc::CallbackServerContext* context,
                                                                    const HealthCheckRequest* request) {
  MutexLock lock(mutex_);
  Watcher* watcher = new Watcher(this, request->service(), *context);  // deletes itself in OnDone
  watchers_.insert(watcher);
  watcher->Notify(StatusOf(watcher->name()));
  if (draining_) watcher->End(StoppingStatus());
  return watcher;
}

}  // namespace millrace
