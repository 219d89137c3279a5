// Goal: a thread that hurries comes before others where that is allowed, and is as it was afterwards. Method: niceness
// as the system tells it; a thread without the right to be less nice.
#include "core/base/thread_priority.h"

#include <sys/resource.h>

#include <optional>
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
