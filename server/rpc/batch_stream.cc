#include "server/rpc/batch_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/thread_priority.h"
#include "core/plan/token.h"
#include "server/rpc/raw_request.h"

namespace millrace {
namespace {

constexpr int32_t kEncodeAheadCountMax = 64;

absl::Status CheckStart(const v1::StreamBatchesRequest& request) {
  const v1::Position& start = request.start();
  if (start.epoch() < 0 || start.epoch() > kEpochMax) {
    return FieldError("start.epoch", absl::StrCat(start.epoch(), " is not in 0 to ", kEpochMax));
  }
  if (start.step() < 0) return FieldError("start.step", "must not be negative");
  if (request.end_epoch() < 0 || request.end_epoch() > kEpochMax + 1) {
    return FieldError("end_epoch", absl::StrCat(request.end_epoch(), " is not in 0 to ", kEpochMax + 1));
  }
  if (request.max_batch_count() < 0) return FieldError("max_batch_count", "must not be negative");
  if (request.encode_ahead_count() < 0 || request.encode_ahead_count() > kEncodeAheadCountMax) {
    return FieldError("encode_ahead_count",
                      absl::StrCat(request.encode_ahead_count(), " is not in 0 to ", kEncodeAheadCountMax));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StreamRange> ResolveStreamRange(const v1::StreamBatchesRequest& request, int64_t batch_count) {
  MILLRACE_RETURN_IF_ERROR(CheckStart(request));
  const Position start{request.start().epoch(), request.start().step()};
  StreamRange range;
  range.end_epoch = request.end_epoch() == 0 ? start.epoch + 1 : request.end_epoch();
  range.batch_count = request.max_batch_count() == 0 ? -1 : request.max_batch_count();
  // (end_epoch, 0) is where a trainer stands behind its last batch: nothing is left, and nothing is wrong.
  if (start.epoch > range.end_epoch || (start.epoch == range.end_epoch && start.step > 0)) {
    return FieldError("start.epoch", absl::StrCat("epoch ", start.epoch, " is not before end_epoch ", range.end_epoch));
  }
  if (start.step > batch_count) {
    return MakeError(
        Reason::kStepPastEnd,
        absl::StrCat("start.step ", start.step, " is past the end: an epoch of this split has ", batch_count, " steps"),
        {{"batch_count", absl::StrCat(batch_count)}});
  }
  range.next = start.step == batch_count ? Position{start.epoch + 1, 0} : start;
  // An epoch without steps is over at once, and so are all that follow.
  if (batch_count == 0) range.next.epoch = range.end_epoch;
  return range;
}

BatchStream::BatchStream(const ServiceDeps& deps, const LoaderCaches& caches, StreamShare share,
                         grpc::CallbackServerContext* context, const grpc::ByteBuffer& request)
    : deps_(deps),
      caches_(caches),
      scope_(deps.call_log, kStreamBatches, context),
      request_(request),
      queue_(std::move(share)) {
  scope_.CountReceived();
}

void BatchStream::Start() {
  deps_.call_pool->ScheduleReserved([this] { Open(); });
}

void BatchStream::Open() {
  const absl::Status status = IsCancelled()             ? AbandonedError()
                              : deps_.drain->draining() ? ShuttingDownError()
                                                        : OpenSource();
  if (status.ok()) {
    Encode();
    return;
  }
  {
    MutexLock lock(mutex_);
    End(status);
  }
  Advance(/*encoded=*/true);
}

absl::Status BatchStream::OpenSource() {
  v1::StreamBatchesRequest request;
  MILLRACE_RETURN_IF_ERROR(ParseRequest(request_, &request));
  request_.Clear();
  MILLRACE_RETURN_IF_ERROR(CheckStart(request));
  MILLRACE_ASSIGN_OR_RETURN(BatchSource source,
                            BatchSource::Open(deps_, caches_, BatchQueryOf(request), [this] { return IsCancelled(); }));
  if (!request.start_token().empty()) {
    if (request.has_start()) return FieldError("start_token", "comes together with start; give one of them");
    MILLRACE_ASSIGN_OR_RETURN(const Position start,
                              DecodeToken(request.start_token(), source.plan_id(), source.split().name));
    request.mutable_start()->set_epoch(start.epoch);
    request.mutable_start()->set_step(start.step);
  }
  MILLRACE_ASSIGN_OR_RETURN(range_, ResolveStreamRange(request, source.split().batch_count));
  MILLRACE_ASSIGN_OR_RETURN(skip_, SkipRanges::Create(request.skip(), source.split().batch_count));
  source_.emplace(std::move(source));
  MutexLock lock(mutex_);
  if (request.encode_ahead_count() > 0) {
    queue_.set_ready_count_max(static_cast<size_t>(request.encode_ahead_count()));
  }
  return absl::OkStatus();
}

void BatchStream::Encode() {
  do {
    GiveWay();
    EncodedBatch batch;
    const absl::StatusOr<bool> encoded = IsCancelled() ? AbandonedError() : EncodeNext(&batch);
    MutexLock lock(mutex_);
    if (!encoded.ok()) {
      End(encoded.status());
    } else if (*encoded) {
      queue_.Add(std::move(batch));
    } else {
      End(absl::OkStatus());
    }
  } while (Advance(/*encoded=*/true));
}

absl::StatusOr<bool> BatchStream::EncodeNext(EncodedBatch* batch) {
  const int64_t skipped_step_count = SkipSteps();
  if (range_.next.epoch >= range_.end_epoch || range_.batch_count == 0) return false;
  // Behind the end, so that a stream that has sent everything ends with OK.
  if (deps_.drain->draining()) return ShuttingDownError();
  MILLRACE_RETURN_IF_ERROR(source_->Encode(range_.next, skipped_step_count, batch));
  MovePosition(1);
  if (range_.batch_count > 0) --range_.batch_count;
  return true;
}

int64_t BatchStream::SkipSteps() {
  int64_t skipped_step_count = 0;
  while (range_.next.epoch < range_.end_epoch) {
    const int64_t step_count = skip_.StepsFrom(range_.next);
    if (step_count == 0) break;
    skipped_step_count += step_count;
    MovePosition(step_count);
  }
  return skipped_step_count;
}

void BatchStream::MovePosition(int64_t step_count) {
  range_.next.step += step_count;
  if (range_.next.step == source_->split().batch_count) range_.next = {range_.next.epoch + 1, 0};
}

void BatchStream::OnWriteDone(bool ok) {
  if (ok) scope_.CountSent();
  {
    MutexLock lock(mutex_);
    writing_ = false;
    queue_.MessageSent();
    // A write fails when the call is over: the client is gone.
    if (!ok) cancelled_ = true;
  }
  Advance();
}

void BatchStream::OnCancel() {
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
  }
  Advance();
}

void BatchStream::OnDone() {
  scope_.Log();
  delete this;
}

bool BatchStream::IsCancelled() {
  MutexLock lock(mutex_);
  return cancelled_;
}

void BatchStream::End(absl::Status status) {
  if (!end_.has_value()) end_ = std::move(status);
}

BatchStream::Actions BatchStream::Decide() {
  Actions actions;
  if (finished_) return actions;
  if (cancelled_) {
    writing_ ? queue_.DropReady() : queue_.DropAll();
    end_ = AbandonedError();
  } else if (deps_.drain->draining() && queue_.has_ready()) {
    queue_.DropReady();
    end_ = ShuttingDownError();
  }
  if (!writing_) actions.write = queue_.NextMessage();
  writing_ = writing_ || actions.write != nullptr;
  if (!encoding_ && !end_.has_value()) encoding_ = actions.encode = queue_.HasRoom();
  if (!encoding_ && !writing_ && end_.has_value()) {
    finished_ = true;
    actions.finish = *end_;
  }
  return actions;
}

bool BatchStream::Advance(bool encoded) {
  Actions actions;
  {
    MutexLock lock(mutex_);
    if (encoded) encoding_ = false;
    actions = Decide();
  }
  // Each of these keeps the others from finishing until it is done; behind the last of them the object may be gone.
  // Waking a thread costs as much as encoding a small batch: while nobody waits for a turn, this one goes on.
  const bool go_on = actions.encode && encoded && !deps_.call_pool->HasWaiting();
  if (actions.encode && !go_on) deps_.call_pool->Schedule([this] { Encode(); });
  if (actions.write != nullptr) StartWrite(actions.write);
  if (actions.finish.has_value()) Finish(scope_.End(*actions.finish));
  return go_on;
}

}  // namespace millrace
