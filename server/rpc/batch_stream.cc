#include "server/rpc/batch_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/token.h"
#include "server/rpc/raw_request.h"

namespace millrace {
namespace {

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

BatchStream::BatchStream(const ServiceDeps& deps, PlanCache* cache, grpc::CallbackServerContext* context,
                         const grpc::ByteBuffer& request)
    : deps_(deps),
      cache_(cache),
      scope_(deps.call_log, "millrace.v1.LoaderService/StreamBatches", context),
      request_(request) {
  scope_.CountReceived();
}

void BatchStream::Start() {
  {
    MutexLock lock(mutex_);
    encoding_ = true;
  }
  if (deps_.call_pool->TrySchedule([this] { Open(); })) return;
  {
    MutexLock lock(mutex_);
    encoding_ = false;
    End(ServerBusyError());
  }
  Advance();
}

void BatchStream::Open() {
  const absl::Status status = OpenSource();
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
  MILLRACE_RETURN_IF_ERROR(CheckStart(request));
  MILLRACE_ASSIGN_OR_RETURN(BatchSource source, BatchSource::Open(deps_, cache_, BatchQueryOf(request)));
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
  return absl::OkStatus();
}

void BatchStream::Encode() {
  grpc::ByteBuffer bytes;
  const absl::StatusOr<bool> encoded = EncodeNext(&bytes);
  {
    MutexLock lock(mutex_);
    if (!encoded.ok()) {
      End(encoded.status());
    } else if (*encoded) {
      ready_ = std::move(bytes);
    } else {
      End(absl::OkStatus());
    }
  }
  Advance(/*encoded=*/true);
}

absl::StatusOr<bool> BatchStream::EncodeNext(grpc::ByteBuffer* bytes) {
  const int64_t epoch_batch_count = source_->split().batch_count;
  const auto advance = [&](int64_t step_count) {
    range_.next.step += step_count;
    if (range_.next.step == epoch_batch_count) range_.next = {range_.next.epoch + 1, 0};
  };
  int64_t skipped_step_count = 0;
  while (range_.next.epoch < range_.end_epoch) {
    const int64_t step_count = skip_.StepsFrom(range_.next);
    if (step_count == 0) break;
    skipped_step_count += step_count;
    advance(step_count);
  }
  if (range_.next.epoch >= range_.end_epoch || range_.batch_count == 0) return false;
  EncodedBatch encoded;
  MILLRACE_RETURN_IF_ERROR(source_->Encode(range_.next, skipped_step_count, &encoded));
  *bytes = std::move(encoded.messages.front());
  advance(1);
  if (range_.batch_count > 0) --range_.batch_count;
  return true;
}

void BatchStream::OnWriteDone(bool ok) {
  if (ok) scope_.CountSent();
  {
    MutexLock lock(mutex_);
    writing_ = false;
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

void BatchStream::End(absl::Status status) {
  if (!end_.has_value()) end_ = std::move(status);
}

void BatchStream::Advance(bool encoded) {
  bool encode = false;
  bool write = false;
  bool finish = false;
  absl::Status status;
  {
    MutexLock lock(mutex_);
    if (encoded) encoding_ = false;
    if (finished_) return;
    const bool has_more = ready_.has_value() || !end_.has_value();
    if (cancelled_ || (has_more && !writing_ && deps_.drain->draining())) {
      ready_.reset();
      end_ = cancelled_ ? AbandonedError() : ShuttingDownError();
    }
    if (!writing_ && ready_.has_value()) {
      outgoing_ = *std::move(ready_);
      ready_.reset();
      writing_ = write = true;
    }
    if (!encoding_ && !ready_.has_value() && !end_.has_value()) encoding_ = encode = true;
    if (!encoding_ && !writing_ && end_.has_value()) {
      finished_ = finish = true;
      status = *end_;
    }
  }
  // Each of these keeps the others from finishing until it is done; behind the last of them the object may be gone.
  if (encode) deps_.call_pool->Schedule([this] { Encode(); });
  if (write) StartWrite(&outgoing_);
  if (finish) Finish(scope_.End(status));
}

}  // namespace millrace
