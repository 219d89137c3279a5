// Tells every call in progress that the server is stopping.
#pragma once

#include <atomic>

namespace millrace {

// Thread-safe. Once draining, for good. Streams look at it at every batch boundary, imports at every message.
class Drain {
 public:
  void Begin() { draining_.store(true, std::memory_order_release); }
  bool draining() const { return draining_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> draining_{false};
};

// A service with streams that wait for events or for their client, and so would not look at a Drain by themselves.
class Drainable {
 public:
  virtual ~Drainable() = default;
  // Ends those streams, and from now on every new one, with UNAVAILABLE. Thread-safe; does not wait for them.
  virtual void BeginDrain() = 0;
};

}  // namespace millrace
