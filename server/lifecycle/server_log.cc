#include "server/lifecycle/server_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

absl::StatusOr<spdlog::level::level_enum> ParseLevel(const std::string& name) {
  if (name == "debug") return spdlog::level::debug;
  if (name == "info") return spdlog::level::info;
  if (name == "warning") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  if (name == "off") return spdlog::level::off;
  return MakeError(Reason::kConfigInvalid,
                   "log level " + QuoteForMessage(name) + ": expected debug, info, warning, error or off");
}

absl::StatusOr<spdlog::sink_ptr> OpenSink(const std::string& path) {
  if (path.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  } catch (const spdlog::spdlog_ex& error) {
    return MakeError(Reason::kIoError, "cannot open the log file " + QuoteForMessage(path, 256) + ": " + error.what());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerLog>> ServerLog::Open(ServerLogOptions options) {
  MILLRACE_ASSIGN_OR_RETURN(const spdlog::level::level_enum level, ParseLevel(options.level));
  MILLRACE_ASSIGN_OR_RETURN(spdlog::sink_ptr sink, OpenSink(options.path));
  auto logger = std::make_unique<spdlog::logger>("millrace", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(level);
  // A file is buffered otherwise, and what is in the buffer lost with the process.
  logger->flush_on(spdlog::level::trace);
  if (!options.now) options.now = absl::Now;
  return std::unique_ptr<ServerLog>(new ServerLog(std::move(logger), std::move(options.now)));
}

ServerLog::ServerLog(std::unique_ptr<spdlog::logger> logger, std::function<absl::Time()> now)
    : logger_(std::move(logger)), now_(std::move(now)) {}

ServerLog::~ServerLog() = default;

ServerLog::Level ServerLog::LevelOf(const CallRecord& record) {
  if (record.code == "OK" || record.code == "CANCELLED") return Level::kInfo;
  if (record.code == "INTERNAL" || record.code == "UNKNOWN" || record.code == "DATA_LOSS") return Level::kError;
  return Level::kWarning;
}

void ServerLog::Write(const CallRecord& record) {
  JsonObject details;
  details.AddText("method", record.method)
      .AddText("peer", record.peer)
      .AddText("request_id", record.request_id)
      .AddText("code", record.code)
      .AddText("reason", record.reason)
      .AddText("message", record.message)
      .AddNumber("received_count", record.received_count)
      .AddNumber("sent_count", record.sent_count)
      .AddThousandths("duration_ms", std::chrono::duration_cast<std::chrono::microseconds>(record.duration).count());
  if (record.call_count != 1) details.AddNumber("call_count", record.call_count);
  WriteLine(LevelOf(record), "call", details);
}

void ServerLog::Info(std::string_view event, const JsonObject& details) { WriteLine(Level::kInfo, event, details); }

void ServerLog::Error(std::string_view event, const JsonObject& details) { WriteLine(Level::kError, event, details); }

void ServerLog::WriteLine(Level level, std::string_view event, const JsonObject& details) {
  constexpr std::pair<spdlog::level::level_enum, std::string_view> kLevels[] = {
      {spdlog::level::info, "info"}, {spdlog::level::warn, "warning"}, {spdlog::level::err, "error"}};
  const auto& [spdlog_level, level_name] = kLevels[static_cast<size_t>(level)];
  if (!logger_->should_log(spdlog_level)) return;
  JsonObject line;
  line.AddText("time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now_(), absl::UTCTimeZone()))
      .AddText("level", level_name)
      .AddText("event", event)
      .AddMembersOf(details);
  // As a string_view, so that it is no format: braces in it stay braces.
  const std::string text = line.ToString();
  logger_->log(spdlog_level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace millrace
