// One JSON line per call, or for many that were refused, to the server's log.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace millrace {

// What is known of a call when it is over.
struct CallRecord {
  std::string method;          // "millrace.v1.LoaderService/GetBatch"
  std::string peer;            // "ipv4:127.0.0.1:51234"
  std::string request_id;      // the client's x-request-id, or the one made for it
  std::string code;            // "OK", "INVALID_ARGUMENT"
  std::string reason;          // ErrorInfo.reason; empty when OK
  std::string message;         // of the status; empty when OK
  int64_t received_count = 0;  // messages
  int64_t sent_count = 0;      // messages
  std::chrono::nanoseconds duration{0};
  int64_t call_count = 1;  // that this stands for: refused calls share a record
};

// Thread-safe. Never blocks on a slow reader of the log for longer than a write(2) to it takes.
class CallLog {
 public:
  virtual ~CallLog() = default;
  virtual void Write(const CallRecord& record) = 0;
};

}  // namespace millrace
