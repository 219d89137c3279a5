#include "bench/unary_load.h"

#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kUnderWayCountMax = 20'000;
// Every call ends, whatever the server does.
constexpr std::chrono::seconds kCallTimeout(30);

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool HoldsExactly(const grpc::ByteBuffer& bytes, const std::string& expected) {
  if (bytes.Length() != expected.size()) return false;
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return false;
  size_t at = 0;
  for (const grpc::Slice& slice : slices) {
    if (std::memcmp(slice.begin(), expected.data() + at, slice.size()) != 0) return false;
    at += slice.size();
  }
  return true;
}

// Nothing when it is no refusal that says when to come again.
std::optional<Clock::duration> RetryDelayOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED || !details.ParseFromString(status.error_details())) {
    return std::nullopt;
  }
  google::rpc::RetryInfo retry;
  for (const auto& detail : details.details()) {
    if (!detail.UnpackTo(&retry)) continue;
    return std::chrono::seconds(retry.retry_delay().seconds()) + std::chrono::nanoseconds(retry.retry_delay().nanos());
  }
  return std::nullopt;
}

}  // namespace

struct UnaryLoad::Run {
  const UnaryLoad* load = nullptr;
  Clock::time_point start = Clock::now();
  Clock::time_point begin = start;  // of what counts
  Clock::time_point end;            // answers behind it do not count
  bool goes_on = false;             // a call that ends starts the next one, at once or when it was told to, until `end`
  std::atomic<size_t> next_channel{0};

  std::mutex mutex;
  std::condition_variable all_done;
  int64_t under_way_count = 0;
  // When those who were refused call again, the earliest first.
  std::priority_queue<Clock::time_point, std::vector<Clock::time_point>, std::greater<>> due;
  UnaryResult result;
};

struct UnaryLoad::Call {
  Run* run;
  Clock::time_point start;
  grpc::GenericStub stub;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;

  void Done(const grpc::Status& status) {
    const Clock::time_point now = Clock::now();
    const double ms = std::chrono::duration<double, std::milli>(now - start).count();
    const bool is_right = status.ok() && HoldsExactly(response, run->load->expected_);
    const std::optional<Clock::duration> retry_delay = RetryDelayOf(status);
    if (is_right && run->goes_on && now < run->end) run->load->Start(run);
    const std::scoped_lock lock(run->mutex);
    if (retry_delay.has_value() && run->goes_on) run->due.push(now + *retry_delay);
    if (!is_right && !retry_delay.has_value()) {
      run->result.fault =
          status.ok() ? "an answer has other bytes" : absl::StrCat(status.error_code(), " ", status.error_message());
    } else if (now < run->begin) {
      ++(is_right ? run->result.lead_ok_count : run->result.lead_refused_count);
    } else if (now < run->end) {
      ++(is_right ? run->result.ok_count : run->result.refused_count);
      (is_right ? run->result.ok_ms : run->result.refused_ms).push_back(ms);
    } else {
      ++(is_right ? run->result.late_ok_count : run->result.late_refused_count);
    }
    if (--run->under_way_count == 0) run->all_done.notify_all();
  }
};

UnaryLoad::UnaryLoad(std::vector<std::shared_ptr<grpc::Channel>> channels, std::string method, std::string request)
    : channels_(std::move(channels)), method_(std::move(method)), request_(std::move(request)) {}

grpc::Status UnaryLoad::Learn() {
  grpc::GenericStub stub(channels_[0]);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  const grpc::Slice slice(request_);
  grpc::ByteBuffer request(&slice, 1), response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method_, grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  grpc::Status status = done.get_future().get();
  if (!status.ok()) return status;
  std::vector<grpc::Slice> slices;
  status = response.Dump(&slices);
  for (const grpc::Slice& part : slices) expected_.append(reinterpret_cast<const char*>(part.begin()), part.size());
  return status;
}

void UnaryLoad::Start(Run* run) const {
  {
    const std::scoped_lock lock(run->mutex);
    ++run->under_way_count;
  }
  const size_t channel = run->next_channel++ % channels_.size();
  auto* call = new Call{run, Clock::now(), grpc::GenericStub(channels_[channel]), {}, {}, {}};
  call->context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  const grpc::Slice slice(request_);
  call->request = grpc::ByteBuffer(&slice, 1);
  call->stub.UnaryCall(&call->context, method_, grpc::StubOptions(), &call->request, &call->response,
                       [call](const grpc::Status& status) {
                         call->Done(status);
                         delete call;
                       });
}

UnaryResult UnaryLoad::RunCallers(int caller_count, double lead_seconds, double seconds) const {
  const auto after = [](double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
  };
  Run run;
  run.load = this;
  run.goes_on = true;
  run.begin = run.start + after(lead_seconds);
  run.end = run.begin + after(seconds);
  for (int i = 0; i < caller_count; ++i) Start(&run);
  std::unique_lock lock(run.mutex);
  while (Clock::now() < run.end) {
    while (!run.due.empty() && run.due.top() <= Clock::now()) {
      run.due.pop();
      lock.unlock();
      Start(&run);
      lock.lock();
    }
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    lock.lock();
  }
  run.all_done.wait(lock, [&] { return run.under_way_count == 0; });
  run.result.seconds = seconds;
  return std::move(run.result);
}

UnaryResult UnaryLoad::RunRate(double calls_per_second, double seconds) const {
  Run run;
  run.load = this;
  run.end = run.start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  int64_t due_count = 0;
  while (Clock::now() < run.end) {
    const auto due = static_cast<int64_t>(SecondsSince(run.start) * calls_per_second);
    for (; due_count < due; ++due_count) {
      {
        const std::scoped_lock lock(run.mutex);
        if (run.under_way_count >= kUnderWayCountMax) {
          ++run.result.unsent_count;
          continue;
        }
      }
      Start(&run);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  std::unique_lock lock(run.mutex);
  run.all_done.wait(lock, [&] { return run.under_way_count == 0; });
  run.result.seconds = seconds;
  return std::move(run.result);
}

}  // namespace millrace::bench
