#include "server/rpc/refusals.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "server/rpc/call.h"
#include "server/rpc/status.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kLogInterval(1);

// Each a tenth longer: nobody needs to tell 5 seconds from 5.2.
constexpr double kDelayRatio = 1.1;

}  // namespace

Refusals::Refusals(CallLog* log, const absl::Status& error, std::function<Clock::time_point()> now)
    : log_(log), reason_(ReasonName(ReasonOf(error))), now_(std::move(now)) {
  const double shortest = static_cast<double>(RetryPace::kDelayMin.count()) / 2;
  const double longest = static_cast<double>(RetryPace::kDelayMax.count()) * 3 / 2;
  for (double delay_ms = shortest; delay_ms <= longest; delay_ms *= kDelayRatio) {
    const milliseconds delay(static_cast<int64_t>(delay_ms));
    told_.push_back({delay, ToGrpcStatus(error, delay)});
  }
}

Refusals::~Refusals() {
  MutexLock lock(mutex_);
  if (unlogged_count_ > 0) log_->Write(RecordOf(last_method_, unlogged_count_));
}

const grpc::Status& Refusals::Refuse(std::string_view method, const grpc::CallbackServerContext& context) {
  const Clock::time_point now = now_();
  const milliseconds delay = pace_.DelayOfRefused(now);
  if (const int64_t count = TakeUnlogged(method, now); count > 0) {
    CallRecord record = RecordOf(method, count);
    record.peer = context.peer();
    record.request_id = ClientsRequestId(context);
    log_->Write(record);
  }
  // The longest that is not longer; no delay is shorter than the first.
  const auto behind = std::upper_bound(told_.begin() + 1, told_.end(), delay,
                                       [](milliseconds left, const Told& right) { return left < right.delay; });
  return std::prev(behind)->status;
}

int64_t Refusals::TakeUnlogged(std::string_view method, Clock::time_point now) {
  MutexLock lock(mutex_);
  ++unlogged_count_;
  last_method_ = method;
  if (now - logged_at_ < kLogInterval) return 0;
  logged_at_ = now;
  return std::exchange(unlogged_count_, 0);
}

CallRecord Refusals::RecordOf(std::string_view method, int64_t call_count) const {
  const grpc::Status& status = told_.front().status;
  CallRecord record;
  record.method = std::string(method);
  record.code = CodeName(status.error_code());
  record.reason = reason_;
  record.message = status.error_message();
  record.received_count = call_count;
  record.call_count = call_count;
  return record;
}

}  // namespace millrace
