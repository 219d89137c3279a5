// Goal: every thread of the pool gives way, from the first task on. Method: tasks that wait for each other, and so run
// on a thread each, look at the niceness of theirs.
#include "server/rpc/call_pool.h"

#include <sys/resource.h>

#include <vector>

#include "core/base/mutex.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

class NoLog final : public CallLog {
 public:
  void Write(const CallRecord&) override {}
};

TEST_CASE("all threads of the pool give way, and the one that made it does not") {
  constexpr size_t kThreadCount = 4;
  const int usual = getpriority(PRIO_PROCESS, 0);
  NoLog log;
  Mutex mutex;
  CondVar changed;
  std::vector<int> nicenesses;
  {
    CallPool pool(kThreadCount, 16, &log);
    for (size_t i = 0; i < kThreadCount; ++i) {
      REQUIRE(pool.TrySchedule([&] {
        MutexLock lock(mutex);
        nicenesses.push_back(getpriority(PRIO_PROCESS, 0));
        changed.SignalAll();
        while (nicenesses.size() < kThreadCount) changed.Wait(mutex);
      }));
    }
  }
  REQUIRE(nicenesses.size() == kThreadCount);
  for (const int niceness : nicenesses) CHECK(niceness > usual);
  CHECK(getpriority(PRIO_PROCESS, 0) == usual);
}

}  // namespace
}  // namespace millrace
