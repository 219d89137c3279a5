// How threads share cores that are too few for them.
#pragma once

#include <chrono>

namespace millrace {

// While it lives, the thread that made it gets ten times the share of another one, where the system lets it have that:
// on Linux with the capability SYS_NICE, or a limit RLIMIT_NICE of 30 or more. Elsewhere those wait that give way, at
// most `patience` from its beginning. For what takes milliseconds and is waited for. To be ended by the thread that
// made it, which should begin no threads meanwhile: they would hurry for ever.
class Hurry {
 public:
  explicit Hurry(std::chrono::nanoseconds patience = std::chrono::milliseconds(20));
  ~Hurry();
  Hurry(const Hurry&) = delete;
  Hurry& operator=(const Hurry&) = delete;

 private:
  bool is_raised_ = false;
  int usual_niceness_ = 0;
};

// For threads that do in advance what nobody waits for yet, between two pieces of it: returns at once, unless a thread
// of this process hurries that the system did not give its share; then when none does any more, or the patience with
// the last that began is at its end. Requires that the caller holds no lock. Thread-safe.
void GiveWay();

}  // namespace millrace
