#include "server/config/options.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/machine_memory.h"
#include "core/model/location.h"

namespace millrace {
namespace {

using Expectation = std::optional<std::string>;

constexpr int kThreadCountMax = 1024;
// The smallest bound that lets every answer but a large batch through.
constexpr int kMessageSizeBytesMin = 1 << 20;
constexpr int kPartSizeBytesMin = 64 << 10;
constexpr int kPartSizeBytesMax = 1 << 30;
constexpr int kPartSizeBytesStep = 64;  // so that every part's columns stay aligned
// Far more than a machine has descriptors or memory for: only typing errors are beyond.
constexpr int64_t kStreamCountMax = 10'000'000;
constexpr int64_t kStreamWindowSizeBytesMax = int64_t{1} << 40;
constexpr int64_t kResidentSizeBytesMax = int64_t{1} << 50;
constexpr absl::Duration kImportIdleTimeoutMin = absl::Seconds(1);
constexpr absl::Duration kImportIdleTimeoutMax = absl::Hours(24);
constexpr absl::Duration kFetchIntervalMax = absl::Hours(1);
constexpr absl::Duration kDrainTimeoutMax = absl::Hours(1);
constexpr std::string_view kLogLevels[] = {"debug", "info", "warning", "error", "off"};

template <typename Number>
Expectation SetWholeNumber(std::string_view text, Number min, Number max, Number& number) {
  Number parsed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end != text.data() + text.size() || parsed < min || parsed > max) {
    return absl::StrCat("a whole number from ", min, " to ", max);
  }
  number = parsed;
  return std::nullopt;
}

// False, and `time` as it was, when the text is no time in the range.
bool SetTime(std::string_view text, absl::Duration min, absl::Duration max, absl::Duration& time) {
  absl::Duration parsed;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &parsed)) return false;
  if (parsed < min || parsed > max) return false;
  time = parsed;
  return true;
}

Expectation SetListen(std::string_view text, ServerConfig& config) {
  std::optional<ListenAddress> address = ParseListenAddress(text);
  if (!address.has_value()) return "HOST:PORT such as 127.0.0.1:50051 or [::1]:50051, port 0 for any free one";
  config.listen = *std::move(address);
  return std::nullopt;
}

Expectation SetSwitch(std::string_view text, bool& is_on) {
  if (text != "true" && text != "false") return "true or false";
  is_on = text == "true";
  return std::nullopt;
}

Expectation SetAllowInsecureRemote(std::string_view text, ServerConfig& config) {
  return SetSwitch(text, config.allow_insecure_remote);
}

Expectation SetDataDir(std::string_view text, ServerConfig& config) {
  if (text.empty()) return "the path of a folder";
  config.data_dir = std::string(text);
  return std::nullopt;
}

Expectation SetLocationTemplate(std::string_view text, ServerConfig& config) {
  if (const auto parsed = LocationTemplate::Parse(text); !parsed.ok()) {
    return absl::StrCat("a template such as ", LocationTemplate::kDefault, " (", parsed.status().message(), ")");
  }
  config.location_template = std::string(text);
  return std::nullopt;
}

Expectation SetCallThreads(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, 1, kThreadCountMax, config.call_thread_count);
}

Expectation SetImportThreads(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, 1, kThreadCountMax, config.import_thread_count);
}

Expectation SetMaxMessageBytes(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, kMessageSizeBytesMin, std::numeric_limits<int>::max(), config.message_size_bytes_max);
}

Expectation SetPartBytes(std::string_view text, ServerConfig& config) {
  int size_bytes = 0;
  const Expectation expectation = SetWholeNumber(text, kPartSizeBytesMin, kPartSizeBytesMax, size_bytes);
  if (expectation.has_value() || size_bytes % kPartSizeBytesStep != 0) {
    return absl::StrCat("a multiple of ", kPartSizeBytesStep, " from ", kPartSizeBytesMin, " to ", kPartSizeBytesMax);
  }
  config.part_size_bytes = size_bytes;
  return std::nullopt;
}

Expectation SetMaxStreams(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, int64_t{1}, kStreamCountMax, config.stream_count_max);
}

Expectation SetStreamWindowBytes(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, int64_t{0}, kStreamWindowSizeBytesMax, config.stream_window_size_bytes);
}

Expectation SetMaxStreamBytes(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, int64_t{0}, kStreamWindowSizeBytesMax, config.streams_size_bytes_max);
}

Expectation SetMaxResidentSnapshotBytes(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, int64_t{0}, kResidentSizeBytesMax, config.resident_snapshots_size_bytes_max);
}

Expectation SetDiskHeadroomBytes(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, 0, std::numeric_limits<int>::max(), config.disk_headroom_bytes);
}

Expectation SetImportIdleTimeout(std::string_view text, ServerConfig& config) {
  if (SetTime(text, kImportIdleTimeoutMin, kImportIdleTimeoutMax, config.import_idle_timeout)) return std::nullopt;
  return "a time with its unit from 1s to 24h, such as 5m or 90s";
}

Expectation SetAllowFetch(std::string_view text, ServerConfig& config) { return SetSwitch(text, config.allow_fetch); }

Expectation SetFetchAllowPrivate(std::string_view text, ServerConfig& config) {
  return SetSwitch(text, config.fetch_allow_private);
}

Expectation SetFetchInterval(std::string_view text, ServerConfig& config) {
  if (SetTime(text, absl::ZeroDuration(), kFetchIntervalMax, config.fetch_interval)) return std::nullopt;
  return "a time with its unit from 0s to 1h, such as 1s or 500ms";
}

Expectation SetRefreshThreads(std::string_view text, ServerConfig& config) {
  return SetWholeNumber(text, 1, kThreadCountMax, config.refresh_thread_count);
}

Expectation SetDrainTimeout(std::string_view text, ServerConfig& config) {
  if (SetTime(text, absl::ZeroDuration(), kDrainTimeoutMax, config.drain_timeout)) return std::nullopt;
  return "a time with its unit from 0s to 1h, such as 8s or 500ms";
}

Expectation SetLogLevel(std::string_view text, ServerConfig& config) {
  if (std::find(std::begin(kLogLevels), std::end(kLogLevels), text) == std::end(kLogLevels)) {
    return "debug, info, warning, error or off";
  }
  config.log_level = std::string(text);
  return std::nullopt;
}

Expectation SetLogFile(std::string_view text, ServerConfig& config) {
  config.log_file = std::string(text);
  return std::nullopt;
}

Expectation SetPortFile(std::string_view text, ServerConfig& config) {
  config.port_file = std::string(text);
  return std::nullopt;
}

// One core alone would let a single large batch hold up every small call.
std::string DefaultCallThreads() { return absl::StrCat(std::max(2u, std::thread::hardware_concurrency())); }

// A quarter: trainers and the page cache live on the same machine.
std::string DefaultMaxResidentSnapshotBytes() { return absl::StrCat(MemoryLimitBytes() / 4); }

}  // namespace

std::string Option::VariableName() const {
  std::string name = absl::StrCat("MILLRACE_", absl::AsciiStrToUpper(key));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<Option> MakeOptions() {
  using Kind = Option::Kind;
  return {
      {"listen", "HOST:PORT", Kind::kText, "Address to listen on; port 0 takes a free one", "127.0.0.1:50051",
       SetListen},
      {"allow-insecure-remote", "", Kind::kSwitch,
       "Listen on an address that other machines reach, although calls are neither encrypted nor authenticated",
       "false", SetAllowInsecureRemote},
      {"data-dir", "FOLDER", Kind::kText, "Folder of the catalog and the snapshots; created when missing",
       "./millrace-data", SetDataDir},
      {"location-template", "TEMPLATE", Kind::kText,
       "Where a post's picture lies in its store, of {id}, {bucket}, {ext}, {md5} and {md5:N}",
       LocationTemplate::kDefault, SetLocationTemplate},
      {"call-threads", "COUNT", Kind::kNumber, "Threads for reads and batches", DefaultCallThreads(), SetCallThreads},
      {"import-threads", "COUNT", Kind::kNumber, "Threads for imports and for compiling and verifying snapshots", "2",
       SetImportThreads},
      {"max-message-bytes", "COUNT", Kind::kNumber, "Largest message sent to a client, and so the largest batch",
       "67108864", SetMaxMessageBytes},
      {"part-bytes", "COUNT", Kind::kNumber, "A larger batch of columns is streamed in parts of this size", "1048576",
       SetPartBytes},
      {"max-streams", "COUNT", Kind::kNumber, "Streams that may be open; a further one is refused", "16384",
       SetMaxStreams},
      {"stream-window-bytes", "COUNT", Kind::kNumber,
       "What a stream may hold of batches made ahead; beyond it, one batch", "8388608", SetStreamWindowBytes},
      {"max-stream-bytes", "COUNT", Kind::kNumber,
       "What all streams may hold together; beyond it each holds one batch and further streams are refused",
       "2147483648", SetMaxStreamBytes},
      {"max-resident-snapshot-bytes", "COUNT", Kind::kNumber,
       "Memory for copies of the snapshots in use; beyond it they are mapped, which is slower",
       DefaultMaxResidentSnapshotBytes(), SetMaxResidentSnapshotBytes},
      {"disk-headroom-bytes", "COUNT", Kind::kNumber,
       "An import fails when less is left on the disk, so that what it staged can be removed", "268435456",
       SetDiskHeadroomBytes},
      {"import-idle-timeout", "TIME", Kind::kText,
       "An import whose client neither sends nor reads for so long is ended, so that others can run", "5m",
       SetImportIdleTimeout},
      {"allow-fetch", "", Kind::kSwitch, "Fetch metadata from the boards that sources name; off, nothing is fetched",
       "false", SetAllowFetch},
      {"fetch-allow-private", "", Kind::kSwitch,
       "Fetch also from this machine and its networks: loopback, private, link-local and other special addresses",
       "false", SetFetchAllowPrivate},
      {"fetch-interval", "TIME", Kind::kText, "Least time between two requests to the same host", "1s",
       SetFetchInterval},
      {"refresh-threads", "COUNT", Kind::kNumber, "Refreshes from boards at a time; others wait for their turn", "2",
       SetRefreshThreads},
      {"drain-timeout", "TIME", Kind::kText, "How long calls may go on after SIGTERM before they are cancelled", "8s",
       SetDrainTimeout},
      {"log-level", "LEVEL", Kind::kText, "Least severe lines to log: debug, info, warning, error or off", "info",
       SetLogLevel},
      {"log-file", "FILE", Kind::kText, "File to append log lines to, instead of standard error", "", SetLogFile},
      {"port-file", "FILE", Kind::kText, "File to write the port to once the server is ready, for scripts", "",
       SetPortFile},
  };
}

const Option* FindOption(absl::Span<const Option> options, std::string_view key) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.key == key; });
  return found == options.end() ? nullptr : &*found;
}

}  // namespace millrace
