// Calls that find no room, and what they are told.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "server/lifecycle/call_log.h"
#include "server/rpc/retry_pace.h"

namespace millrace {

// Under overload refused calls are many, and each takes time from those that are served. So their statuses are made
// before they are needed, one for every delay; a refused call has no request id sent back; and the log has one record
// a second for all of them (CallRecord::call_count), with method, peer and request id of the one that happened to come
// then. Thread-safe.
class Refusals {
 public:
  using Clock = RetryPace::Clock;

  // `log` is borrowed. `error` is what all are told, with a RetryInfo (RetryPace) of each one's own.
  Refusals(CallLog* log, const absl::Status& error, std::function<Clock::time_point()> now = Clock::now);
  // Writes the record of those that have none yet.
  ~Refusals();
  Refusals(const Refusals&) = delete;
  Refusals& operator=(const Refusals&) = delete;

  // A call found room.
  void CountTaken() { pace_.CountTaken(); }
  // A call found none: what to finish it with. `method` is a literal. The context is only read here.
  const grpc::Status& Refuse(std::string_view method, const grpc::CallbackServerContext& context);

 private:
  struct Told {
    std::chrono::milliseconds delay;
    grpc::Status status;
  };

  // How many calls are to be logged now; 0: none.
  int64_t TakeUnlogged(std::string_view method, Clock::time_point now) ABSL_LOCKS_EXCLUDED(mutex_);
  CallRecord RecordOf(std::string_view method, int64_t call_count) const;

  CallLog* const log_;
  const std::string reason_;
  const std::function<Clock::time_point()> now_;
  std::vector<Told> told_;  // by delay, rising; never changed
  RetryPace pace_;

  Mutex mutex_;
  Clock::time_point logged_at_ ABSL_GUARDED_BY(mutex_);
  int64_t unlogged_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string_view last_method_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
