#include "server/rpc/refresh_stream.h"

#include <utility>

#include "core/base/error.h"
#include "server/rpc/convert_source.h"
#include "server/rpc/status.h"

namespace millrace {
namespace {

absl::Status FetchDisabledError() {
  return MakeError(Reason::kFetchDisabled,
                   "this server fetches nothing; start it with --allow-fetch to refresh datasets from boards");
}

}  // namespace

RefreshStream::RefreshStream(const ServiceDeps& deps, grpc::CallbackServerContext* context,
                             const v1::RefreshSourceRequest& request)
    : deps_(deps), scope_(deps.call_log, kMethod, context), request_(request) {
  scope_.CountReceived();
}

void RefreshStream::Start() {
  deps_.call_pool->ScheduleReserved([this] { Begin(); });
}

void RefreshStream::Begin() {
  const absl::Status begun = IsCancelled() ? AbandonedError() : BeginRefresh();
  // Begun, the refresh has the object, and may be over already.
  if (begun.ok()) return;
  {
    MutexLock lock(mutex_);
    result_ = begun;
  }
  Advance(/*over=*/true);
}

absl::Status RefreshStream::BeginRefresh() {
  if (request_.name().empty()) return FieldError("name", "is required");
  if (request_.max_page_count() < 0) return FieldError("max_page_count", "must not be negative; 0 means all");
  if (deps_.refreshes == nullptr) {
    // Which of the two is to be mended first.
    MILLRACE_RETURN_IF_ERROR(deps_.catalog->sources().Get(request_.name()).status());
    return FetchDisabledError();
  }
  RefreshOptions options;
  options.max_page_count = request_.max_page_count();
  options.stopped = [this] { return IsCancelled() ? AbandonedError() : absl::OkStatus(); };
  options.on_page = [this](const PageReport& report) {
    v1::RefreshSourceResponse event;
    SetRefreshPage(report, event.mutable_page());
    Tell(std::move(event));
  };
  options.on_wait = [this](const absl::Status& error, absl::Duration wait) {
    v1::RefreshSourceResponse event;
    SetRefreshWait(error, wait, event.mutable_wait());
    Tell(std::move(event));
  };
  return deps_.refreshes->Start(request_.name(), std::move(options),
                                [this](const absl::StatusOr<RefreshOutcome>& outcome) { OnEnd(outcome); });
}

void RefreshStream::Tell(v1::RefreshSourceResponse event) {
  {
    MutexLock lock(mutex_);
    if (outbox_.size() == kWaitingCountMax) outbox_.pop_front();
    outbox_.push_back(std::move(event));
  }
  Advance();
}

void RefreshStream::OnEnd(const absl::StatusOr<RefreshOutcome>& outcome) {
  {
    MutexLock lock(mutex_);
    result_ = outcome.status();
    if (outcome.ok()) {
      v1::RefreshSourceResponse& response = outbox_.emplace_back();
      SetRefreshRun(outcome->run, response.mutable_run());
      if (!outcome->snapshot_error.ok()) *response.mutable_snapshot_error() = ToRpcStatus(outcome->snapshot_error);
      if (outcome->run.error_reason == ReasonName(Reason::kShuttingDown)) result_ = ShuttingDownError();
    }
  }
  Advance(/*over=*/true);
}

bool RefreshStream::IsCancelled() {
  MutexLock lock(mutex_);
  return cancelled_;
}

void RefreshStream::Advance(bool over) {
  bool write = false;
  std::optional<absl::Status> finish;
  {
    MutexLock lock(mutex_);
    if (over) working_ = false;
    if (cancelled_) outbox_.clear();
    if (writing_ || finished_) return;
    if (!outbox_.empty()) {
      outgoing_ = std::move(outbox_.front());
      outbox_.pop_front();
      write = writing_ = true;
    } else if (!working_) {
      finished_ = true;
      finish = cancelled_ ? AbandonedError() : result_;
    }
  }
  if (write) StartWrite(&outgoing_);
  if (finish.has_value()) Finish(scope_.End(*finish));
}

void RefreshStream::OnWriteDone(bool ok) {
  if (ok) scope_.CountSent();
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) cancelled_ = true;
  }
  Advance();
}

void RefreshStream::OnCancel() {
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
  }
  Advance();
}

void RefreshStream::OnDone() {
  scope_.Log();
  delete this;
}

}  // namespace millrace
