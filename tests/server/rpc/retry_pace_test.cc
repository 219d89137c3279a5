// Goal: however many clients there are, those that wait as they are told leave the server its time, and when the load
// is gone nobody is told to wait for long. Method: a server with a queue and its clients, simulated over seconds.
#include "server/rpc/retry_pace.h"

#include <functional>
#include <queue>
#include <set>
#include <vector>

#include "tests/support/catch.h"

namespace millrace {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = RetryPace::Clock;

// A server that serves a call at a time, with a bounded queue, and clients that call again as soon as they are served
// and when they were told to after a refusal.
class Simulation {
 public:
  Simulation(int client_count, int queue_size_max, microseconds service_time)
      : queue_size_max_(queue_size_max), service_time_(service_time) {
    for (int i = 0; i < client_count; ++i) calls_.push(now_ + microseconds(10) * i);
  }

  struct Counts {
    int64_t served = 0;
    int64_t refused = 0;
    milliseconds delay_max{0};
  };
  Counts Run(Clock::duration time) {
    Counts counts;
    const Clock::time_point end = now_ + time;
    while (now_ < end) {
      const Clock::time_point served_at = queued_ > 0 ? served_at_ : Clock::time_point::max();
      if (calls_.empty() || served_at <= calls_.top()) {
        now_ = served_at;
        --queued_;
        served_at_ += service_time_;
        ++counts.served;
        calls_.push(now_);
        continue;
      }
      now_ = calls_.top();
      calls_.pop();
      if (queued_ < queue_size_max_) {
        if (queued_++ == 0) served_at_ = now_ + service_time_;
        pace_.CountTaken();
      } else {
        const milliseconds delay = pace_.DelayOfRefused(now_);
        counts.delay_max = std::max(counts.delay_max, delay);
        calls_.push(now_ + delay);
        ++counts.refused;
      }
    }
    return counts;
  }

 private:
  const int queue_size_max_;
  const microseconds service_time_;
  RetryPace pace_;
  Clock::time_point now_ = Clock::time_point(std::chrono::hours(1));
  Clock::time_point served_at_;  // when the first of the queue is
  int queued_ = 0;
  std::priority_queue<Clock::time_point, std::vector<Clock::time_point>, std::greater<>> calls_;
};

TEST_CASE("clients that wait as they are told are refused a small part of the time, and the server is never idle") {
  const int client_count = GENERATE(1'500, 3'000, 10'000);
  const microseconds service_time(200);
  Simulation simulation(client_count, 1'000, service_time);
  simulation.Run(seconds(3));
  const Simulation::Counts counts = simulation.Run(seconds(30));
  INFO(client_count << " clients, " << counts.served << " served, " << counts.refused << " refused");
  CHECK(counts.served >= seconds(30) / service_time * 99 / 100);
  CHECK(counts.refused * 4 < counts.served);
  CHECK(counts.refused > 0);
}

TEST_CASE("the delay stays within its bounds, however long nobody is taken") {
  RetryPace pace;
  Clock::time_point now(std::chrono::hours(1));
  milliseconds last(0);
  for (int i = 0; i < 10'000; ++i, now += milliseconds(7)) {
    last = pace.DelayOfRefused(now);
    CHECK(last >= RetryPace::kDelayMin / 2);
    CHECK(last <= RetryPace::kDelayMax * 3 / 2);
  }
  CHECK(last >= RetryPace::kDelayMax / 2);
}

TEST_CASE("a first refusal, and one long after the last overload, is told to come again soon") {
  RetryPace pace;
  Clock::time_point now(std::chrono::hours(1));
  const auto take_many = [&] {
    for (int i = 0; i < 1'000; ++i) pace.CountTaken();
  };
  take_many();
  CHECK(pace.DelayOfRefused(now) <= RetryPace::kDelayMin * 3 / 2);
  for (int i = 0; i < 1'000; ++i) pace.DelayOfRefused(now += milliseconds(10));
  CHECK(pace.DelayOfRefused(now) >= RetryPace::kDelayMax / 2);
  take_many();
  CHECK(pace.DelayOfRefused(now + std::chrono::minutes(10)) <= RetryPace::kDelayMin * 3 / 2);
}

TEST_CASE("the delay shrinks while nobody is refused, also when few calls are taken meanwhile") {
  RetryPace pace;
  Clock::time_point now(std::chrono::hours(1));
  for (int i = 0; i < 1'000; ++i) pace.DelayOfRefused(now += milliseconds(10));
  CHECK(pace.DelayOfRefused(now) >= RetryPace::kDelayMax / 2);
  // One refusal behind hours of silence may begin an overload, and is told no more than that.
  CHECK(pace.DelayOfRefused(now + std::chrono::hours(3)) <= RetryPace::kDelayMin * 4 * 3 / 2);
}

TEST_CASE("those who are refused together are told to come at other times each") {
  RetryPace pace;
  const Clock::time_point now(std::chrono::hours(1));
  std::set<milliseconds> delays;
  for (int i = 0; i < 100; ++i) delays.insert(pace.DelayOfRefused(now));
  CHECK(delays.size() > 70);
}

}  // namespace
}  // namespace millrace
