#include "server/rpc/import_reactor.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/error.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

// Chunks of the 256 KiB that clients send: 4 MiB. At worst 16 MiB.
constexpr size_t kInboxSizeMax = 16;
// Holds the default number of rejected records: a client that reads only when it has sent everything still gets on.
constexpr size_t kOutboxSizeMax = 1024;
// How soon a job that waits for room notices that the server is stopping.
constexpr milliseconds kWakeInterval(200);

// How long a commit waits for the client to close its half behind `end`, as clients do at once: a message that comes
// instead is an error of protocol, and one that comes later is too late to be one.
constexpr milliseconds kCloseWait(2000);

constexpr std::string_view kMethod = "millrace.v1.ImportService/Import";

}  // namespace

ImportReactor::ImportReactor(const ServiceDeps& deps, grpc::CallbackServerContext* context)
    : deps_(deps), context_(context), scope_(deps.call_log, kMethod, context) {
  Advance();
}

void ImportReactor::OnReadDone(bool ok) {
  if (ok) scope_.CountReceived();
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (result_.has_value() || cancelled_) {
      // Over already; what still comes counts for nothing.
    } else if (!ok) {
      EndReading(protocol_.ended() ? absl::OkStatus() : protocol_.Truncated());
    } else {
      Accept();
    }
  }
  changed_.SignalAll();
  Advance();
}

void ImportReactor::Accept() {
  if (const absl::Status status = protocol_.Check(incoming_); !status.ok()) {
    EndReading(status);
    return;
  }
  if (incoming_.has_start()) {
    Admit();
    return;
  }
  inbox_.push_back(std::move(incoming_));
  if (protocol_.ended()) close_deadline_ = std::chrono::steady_clock::now() + kCloseWait;
}

void ImportReactor::Admit() {
  if (!deps_.import_pool->Admit()) {
    refusal_ = &deps_.import_pool->refusals().Refuse(kMethod, *context_);
    EndReading(ServerBusyError());
    return;
  }
  working_ = true;
  deps_.import_pool->ScheduleReserved([this, start = incoming_.start()] { Work(start); });
}

void ImportReactor::EndReading(absl::Status status) {
  if (!working_) result_ = status;
  if (!inbox_end_.has_value()) inbox_end_ = std::move(status);
}

void ImportReactor::Work(const v1::ImportStart& start) {
  absl::Status status = ImportJob(deps_, start, this).Run();
  {
    MutexLock lock(mutex_);
    inbox_.clear();
    result_ = std::move(status);
  }
  Advance(/*worked=*/true);
}

absl::StatusOr<std::optional<v1::ImportRequest>> ImportReactor::Receive(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::optional<v1::ImportRequest> message;
  {
    MutexLock lock(mutex_);
    bool is_end = false;
    while (!inbox_end_.has_value() && !cancelled_) {
      const auto now = std::chrono::steady_clock::now();
      is_end = !inbox_.empty() && inbox_.front().has_end();
      if (is_end ? now >= close_deadline_ : !inbox_.empty()) break;
      if (now >= deadline) return message;
      changed_.WaitFor(mutex_, (is_end ? std::min(deadline, close_deadline_) : deadline) - now);
    }
    if (cancelled_) return AbandonedError();
    is_end = !inbox_.empty() && inbox_.front().has_end();
    if (inbox_.empty() || (is_end && inbox_end_.has_value() && !inbox_end_->ok())) return *inbox_end_;
    message = std::move(inbox_.front());
    inbox_.pop_front();
  }
  Advance();
  return message;
}

bool ImportReactor::Send(v1::ImportResponse response, milliseconds timeout) {
  bool is_in_time = true;
  {
    MutexLock lock(mutex_);
    milliseconds waited(0);
    while (outbox_.size() >= kOutboxSizeMax && !cancelled_ && !deps_.drain->draining() && waited < timeout) {
      const auto begin = std::chrono::steady_clock::now();
      changed_.WaitFor(mutex_, kWakeInterval);
      const auto passed = std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begin);
      // More is not the client's: this process was stopped meanwhile.
      waited += std::min(passed, kWakeInterval);
    }
    is_in_time = waited < timeout;
    // The result of a committed import goes out even when the server is stopping, or the client is late.
    if (cancelled_ || (outbox_.size() >= kOutboxSizeMax && !response.has_result())) return is_in_time;
    outbox_.push_back(std::move(response));
  }
  Advance();
  return is_in_time;
}

void ImportReactor::SendProgress(const v1::ImportProgress& progress) {
  {
    MutexLock lock(mutex_);
    if (cancelled_ || outbox_.size() >= kOutboxSizeMax) return;
    if (outbox_.empty() || !outbox_.back().has_progress()) outbox_.emplace_back();
    *outbox_.back().mutable_progress() = progress;
  }
  Advance();
}

bool ImportReactor::cancelled() {
  MutexLock lock(mutex_);
  return cancelled_;
}

void ImportReactor::OnWriteDone(bool ok) {
  if (ok) scope_.CountSent();
  {
    MutexLock lock(mutex_);
    writing_ = false;
    // A write fails when the call is over: the client is gone.
    if (!ok) cancelled_ = true;
  }
  changed_.SignalAll();
  Advance();
}

void ImportReactor::OnCancel() {
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
    inbox_.clear();
  }
  changed_.SignalAll();
  Advance();
}

void ImportReactor::OnDone() {
  bool is_refused = false;
  {
    MutexLock lock(mutex_);
    is_refused = refusal_ != nullptr;
  }
  if (!is_refused) scope_.Log();
  delete this;
}

void ImportReactor::Advance(bool worked) {
  absl::Status status;
  const grpc::Status* refusal = nullptr;
  {
    MutexLock lock(mutex_);
    if (worked) working_ = false;
    if (finished_) return;
    if (cancelled_) {
      outbox_.clear();
      if (!working_ && !result_.has_value()) result_ = AbandonedError();
    }
    // Reads and writes start under the mutex, so that none can start behind Finish. Their reactions come on other
    // threads or later on this one, never from within.
    if (!reading_ && !inbox_end_.has_value() && !result_.has_value() && !cancelled_ && inbox_.size() < kInboxSizeMax) {
      reading_ = true;
      incoming_.Clear();
      StartRead(&incoming_);
    }
    if (!writing_ && !outbox_.empty()) {
      writing_ = true;
      outgoing_ = std::move(outbox_.front());
      outbox_.pop_front();
      StartWrite(&outgoing_);
      changed_.Signal();
    }
    if (!result_.has_value() || writing_ || !outbox_.empty() || working_) return;
    finished_ = true;
    status = *result_;
    refusal = refusal_;
  }
  Finish(refusal != nullptr ? *refusal : scope_.End(status));
}

}  // namespace millrace
