// Goal: who gives way is the thread that says so, and those that it starts. Method: the niceness of each.
#include "core/base/thread_priority.h"

#include <sys/resource.h>

#include <thread>

#include "tests/support/catch.h"

namespace millrace {
namespace {

int Niceness() { return getpriority(PRIO_PROCESS, 0); }

TEST_CASE("a thread that gives way is nicer, with those that it starts, and no other thread is") {
  const int usual = Niceness();
  int before = 0, after = 0, started = 0;
  std::thread([&] {
    before = Niceness();
    GiveWay();
    after = Niceness();
    std::thread([&] { started = Niceness(); }).join();
  }).join();
  CHECK(before == usual);
  CHECK(after > usual);
  CHECK(started == after);
  CHECK(Niceness() == usual);
}

TEST_CASE("work that gives way is over when the call returns") {
  const int usual = Niceness();
  int niceness = usual;
  RunGivingWay([&] { niceness = Niceness(); });
  CHECK(niceness > usual);
  CHECK(Niceness() == usual);
}

}  // namespace
}  // namespace millrace
