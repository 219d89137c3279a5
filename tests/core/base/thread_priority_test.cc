// Goal: a thread that hurries comes before others where that is allowed, and is as it was afterwards. Method: niceness
// as the system tells it; threads that have given up the right to be less nice.
#include "core/base/thread_priority.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/support/catch.h"

namespace millrace {
namespace {

int Niceness() { return getpriority(PRIO_PROCESS, 0); }

// Whether the system lets this process have it: a test as an ordinary user shows that nothing else is needed.
bool MayHurry() {
  bool may = false;
  std::thread([&] { may = setpriority(PRIO_PROCESS, 0, Niceness() - 1) == 0; }).join();
  return may;
}

TEST_CASE("a thread hurries as long as it says, alone, and where that is allowed") {
  const int usual = Niceness();
  const bool may = MayHurry();
  std::optional<int> other;
  {
    const Hurry hurry;
    CHECK((Niceness() < usual) == may);
    CHECK((Niceness() == usual) == !may);
  }
  CHECK(Niceness() == usual);
  std::thread([&] {
    const Hurry hurry;
    other = Niceness();
  }).join();
  CHECK((*other < usual) == may);
  CHECK(Niceness() == usual);
}

// Of this thread only; the system call's own words, for the C library wraps it nowhere.
void GiveUpTheRight() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) throw std::runtime_error("capget");
  data[0].effective &= ~(1u << CAP_SYS_NICE);
  if (syscall(SYS_capset, &header, data) != 0) throw std::runtime_error("capset");
}

// Whether threads without the capability may hurry all the same.
bool IsNicenessUnlimited() {
  rlimit limit;
  return getrlimit(RLIMIT_NICE, &limit) != 0 || limit.rlim_cur > 20;
}

TEST_CASE("others give way to a thread that may not hurry until it has ended") {
  if (IsNicenessUnlimited()) return;
  GiveWay();  // to nobody
  std::atomic<bool> hurries = false;
  std::atomic<bool> has_ended = false;
  std::thread hurried([&] {
    GiveUpTheRight();
    const Hurry hurry(std::chrono::hours(1));
    hurries = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    has_ended = true;
  });
  while (!hurries) std::this_thread::yield();
  GiveWay();
  CHECK(has_ended);
  hurried.join();
}

TEST_CASE("others give way for as long as their patience lasts, all together") {
  if (IsNicenessUnlimited()) return;
  std::atomic<bool> hurries = false;
  std::atomic<bool> may_end = false;
  std::thread hurried([&] {
    GiveUpTheRight();
    const Hurry hurry(std::chrono::milliseconds(20));
    hurries = true;
    while (!may_end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  while (!hurries) std::this_thread::yield();
  // A day if each took its own.
  for (int64_t i = 0; i < 4'000'000; ++i) GiveWay();
  may_end = true;
  hurried.join();
}

TEST_CASE("nobody gives way to a thread that has its share") {
  if (!MayHurry()) return;
  const Hurry hurry(std::chrono::hours(1));
  GiveWay();
}

TEST_CASE("hurries within each other end as they began") {
  const int usual = Niceness();
  {
    const Hurry outer;
    const int hurried = Niceness();
    { const Hurry inner; }
    CHECK(Niceness() == hurried);
  }
  CHECK(Niceness() == usual);
}

}  // namespace
}  // namespace millrace
