// What the server is told from outside: flags, then the environment, then a file, then defaults.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/listen_address.h"

namespace millrace {

// Each setting as the server uses it; options.cc gives names, meanings, ranges and defaults.
struct ServerConfig {
  ListenAddress listen;
  bool allow_insecure_remote = false;
  std::string data_dir;
  std::string location_template;
  int call_thread_count = 0;
  int import_thread_count = 0;
  int message_size_bytes_max = 0;
  int part_size_bytes = 0;
  int64_t stream_count_max = 0;
  int64_t stream_window_size_bytes = 0;
  int64_t streams_size_bytes_max = 0;
  int64_t resident_snapshots_size_bytes_max = 0;
  int disk_headroom_bytes = 0;
  bool allow_fetch = false;
  bool fetch_allow_private = false;
  absl::Duration fetch_interval;
  int refresh_thread_count = 0;
  absl::Duration import_idle_timeout;
  absl::Duration drain_timeout;
  std::string log_level;
  std::string log_file;   // empty: standard error
  std::string port_file;  // empty: none
};

// What one start of the program asks for.
struct Invocation {
  ServerConfig config;
  // --help, --version or --print-config: print this and end with success, instead of serving.
  std::string text_to_print;
};

// Reads the command line, the environment (NAME=VALUE strings, null at the end, as main gets them) and the
// configuration file that either of them names. Each setting is taken from the first place that has it: its flag
// --SOME-KEY, its variable MILLRACE_SOME_KEY, its line some-key = VALUE in the file, its default.
// kConfigInvalid, naming the place, the value and what was expected, for a value out of range wherever it is
// given, for unknown flags, MILLRACE_ variables and keys, for a file that cannot be read, and for a listen address
// that other machines reach unless that is allowed by name.
absl::StatusOr<Invocation> LoadConfig(int argc, const char* const* argv, const char* const* environment);

}  // namespace millrace
