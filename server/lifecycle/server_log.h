// The server's log: one JSON object a line, for calls and for what happens to the server itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/lifecycle/call_log.h"
#include "server/lifecycle/json_object.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace millrace {

struct ServerLogOptions {
  std::string level = "info";       // lines less severe are left out: "debug", "info", "warning", "error" or "off"
  std::string path;                 // appended to; empty: standard error
  std::function<absl::Time()> now;  // the system clock when empty
};

// Thread-safe. A line is written by the thread that has it, in one write(2) and before the call returns: so nothing
// is lost however the process ends, and there is no queue that could overflow. A line of a call costs microseconds;
// a reader that stops reading a pipe stops the server, as it does with every program that writes to one.
class ServerLog final : public CallLog {
 public:
  // kConfigInvalid for an unknown level; kIoError when the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<ServerLog>> Open(ServerLogOptions options);
  ~ServerLog() override;

  // {"time":"2026-01-02T03:04:05.678Z","level":"info","event":"call","method":...}. Calls that end with OK or were
  // cancelled are "info", refused ones "warning", and those that failed through the server's fault "error".
  void Write(const CallRecord& record) override;

  // {"time":...,"level":...,"event":EVENT, and the details}.
  void Info(std::string_view event, const JsonObject& details = {});
  void Error(std::string_view event, const JsonObject& details = {});

 private:
  enum class Level { kInfo, kWarning, kError };
  static Level LevelOf(const CallRecord& record);

  ServerLog(std::unique_ptr<spdlog::logger> logger, std::function<absl::Time()> now);
  void WriteLine(Level level, std::string_view event, const JsonObject& details);

  const std::unique_ptr<spdlog::logger> logger_;
  const std::function<absl::Time()> now_;
};

}  // namespace millrace
