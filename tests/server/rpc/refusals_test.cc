// Goal: a refused call is told why and when to come again, by a delay of its own, and the log tells of every one
// without a line for each. Method: refusals for a context that belongs to no call, at times that the test gives.
#include "server/rpc/refusals.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

double DelaySecondsOf(const grpc::Status& status) {
  const ErrorDetails details = ErrorDetailsOf(status);
  REQUIRE(details.retry_info.has_value());
  const auto& delay = details.retry_info->retry_delay();
  return static_cast<double>(delay.seconds()) + delay.nanos() * 1e-9;
}

struct Fixture {
  MemoryCallLog log;
  Refusals::Clock::time_point now{std::chrono::hours(1)};
  std::optional<Refusals> refusals{std::in_place, &log, MakeError(Reason::kServerBusy, "no room"),
                                   [this] { return now; }};
  const grpc::CallbackServerContext context;
};

TEST_CASE("a refused call carries its error, and the delay grows with how many are refused") {
  Fixture fixture;
  for (int i = 0; i < 100; ++i) fixture.refusals->CountTaken();
  std::vector<double> delays_s;
  for (int i = 0; i < 1'000; ++i, fixture.now += milliseconds(10)) {
    const grpc::Status& status = fixture.refusals->Refuse("a/b", fixture.context);
    CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    CHECK(status.error_message() == "no room");
    CHECK(ReasonOf(status) == "SERVER_BUSY");
    delays_s.push_back(DelaySecondsOf(status));
  }
  CHECK(delays_s.front() >= 0.1);
  CHECK(delays_s.front() <= 0.3);
  CHECK(delays_s.back() > 4.5);
  CHECK(*std::max_element(delays_s.begin(), delays_s.end()) <= 15);
}

TEST_CASE("the log has one record a second, and all of them together count every call") {
  Fixture fixture;
  for (int i = 0; i < 3'500; ++i, fixture.now += milliseconds(1)) fixture.refusals->Refuse("a/b", fixture.context);
  std::vector<int64_t> counts;
  for (const CallRecord& record : fixture.log.records()) counts.push_back(record.call_count);
  CHECK(counts == std::vector<int64_t>{1, 1'000, 1'000, 1'000});
  fixture.refusals.reset();
  const std::vector<CallRecord> records = fixture.log.records();
  REQUIRE(records.size() == 5);
  CHECK(records.back().call_count == 499);
  for (const CallRecord& record : records) {
    CHECK(record.method == "a/b");
    CHECK(record.code == "RESOURCE_EXHAUSTED");
    CHECK(record.reason == "SERVER_BUSY");
    CHECK(record.message == "no room");
  }
}

TEST_CASE("refusals of many threads are all counted") {
  Fixture fixture;
  fixture.refusals.emplace(&fixture.log, MakeError(Reason::kServerBusy, "no room"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) {
        fixture.refusals->CountTaken();
        fixture.refusals->Refuse("a/b", fixture.context);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  fixture.refusals.reset();
  int64_t count = 0;
  for (const CallRecord& record : fixture.log.records()) count += record.call_count;
  CHECK(count == 4'000);
}

}  // namespace
}  // namespace millrace
