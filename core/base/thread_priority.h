// How threads share cores that are too few for them.
#pragma once

namespace millrace {

// While it lives, the thread that made it gets ten times the share of another one, where the system lets it have that:
// on Linux with the capability SYS_NICE, or a limit RLIMIT_NICE of 30 or more; elsewhere it changes nothing. For what
// takes milliseconds and is waited for. To be ended by the thread that made it, which should begin no threads
// meanwhile: they would hurry for ever.
class Hurry {
 public:
  Hurry();
  ~Hurry();
  Hurry(const Hurry&) = delete;
  Hurry& operator=(const Hurry&) = delete;

 private:
  bool is_raised_ = false;
  int usual_niceness_ = 0;
};

}  // namespace millrace
