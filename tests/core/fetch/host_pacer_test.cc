// One request a second to each host, whoever makes it.
#include "core/fetch/host_pacer.h"

#include <utility>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

TEST_CASE("turns of one host come an interval apart") {
  FakeClock clock;
  HostPacer pacer(&clock, absl::Seconds(1));
  const absl::Time start = clock.now;
  for (int i = 0; i < 5; ++i) {
    CHECK(pacer.WaitForTurn("board.example", {}).ok());
    CHECK(clock.now - start == i * absl::Seconds(1));
  }
}

TEST_CASE("a turn that comes late by itself is not waited for") {
  FakeClock clock;
  HostPacer pacer(&clock, absl::Seconds(1));
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  clock.now += absl::Milliseconds(700);
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  clock.now += absl::Seconds(5);
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  CHECK(clock.sleeps == std::vector<absl::Duration>{absl::Milliseconds(300)});
}

TEST_CASE("hosts do not wait for each other") {
  FakeClock clock;
  HostPacer pacer(&clock, absl::Seconds(1));
  for (int i = 0; i < 3000; ++i) CHECK(pacer.WaitForTurn("host" + std::to_string(i), {}).ok());
  CHECK(clock.sleeps.empty());
}

TEST_CASE("a host that asks to be left alone is, by everybody") {
  FakeClock clock;
  HostPacer pacer(&clock, absl::Seconds(1));
  const absl::Time start = clock.now;
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  pacer.HoldBack("board.example", absl::Seconds(30));
  CHECK(pacer.WaitForTurn("other.example", {}).ok());
  CHECK(clock.now == start);
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  CHECK(clock.now == start + absl::Seconds(30));
}

TEST_CASE("a clock that is set back makes nobody wait for longer than an hour") {
  FakeClock clock;
  HostPacer pacer(&clock, absl::Seconds(1));
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  clock.now -= absl::Hours(1000);
  const absl::Time before = clock.now;
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  CHECK(clock.now - before <= absl::Hours(1));
}

TEST_CASE("a wait for a turn can be cancelled") {
  FakeClock clock;
  HostPacer pacer(&clock, absl::Seconds(1));
  CHECK(ReasonOf(pacer.WaitForTurn("board.example", [] { return true; })) == Reason::kCancelled);
}

// Sleeps for longer than it was asked to, the first time.
class LateClock final : public Clock {
 public:
  explicit LateClock(FakeClock* clock) : clock_(*clock) {}
  absl::Time Now() override { return clock_.Now(); }
  bool Sleep(absl::Duration duration, const std::function<bool()>& cancelled) override {
    if (on_sleep) std::exchange(on_sleep, nullptr)();
    return clock_.Sleep(duration + std::exchange(lateness, absl::ZeroDuration()), cancelled);
  }
  absl::Duration lateness;
  std::function<void()> on_sleep;

 private:
  FakeClock& clock_;
};

TEST_CASE("whoever sleeps past its turn waits for another") {
  FakeClock clock;
  LateClock sleeper(&clock);
  HostPacer pacer(&clock, absl::Seconds(1));
  const absl::Time start = clock.now;
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  // Without a new turn the next request would go out in the same moment.
  sleeper.lateness = absl::Seconds(59);
  CHECK(pacer.WaitForTurn(sleeper, "board.example", {}).ok());
  CHECK(clock.now == start + absl::Seconds(60));
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  CHECK(clock.now == start + absl::Seconds(61));
}

TEST_CASE("a turn that was taken before the host asked to be left alone does not count") {
  FakeClock clock;
  LateClock sleeper(&clock);
  HostPacer pacer(&clock, absl::Seconds(1));
  const absl::Time start = clock.now;
  CHECK(pacer.WaitForTurn("board.example", {}).ok());
  sleeper.on_sleep = [&] { pacer.HoldBack("board.example", absl::Seconds(30)); };
  CHECK(pacer.WaitForTurn(sleeper, "board.example", {}).ok());
  CHECK(clock.now == start + absl::Seconds(30));
}

}  // namespace
}  // namespace millrace
