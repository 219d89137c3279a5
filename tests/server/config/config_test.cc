// Goal: flags beat the environment, which beats the file, which beats the defaults, for every setting; whatever is
// unknown or out of range is refused with its place; what --print-config prints gives the same configuration.
// Method: LoadConfig with made-up arguments and environments, and files in a temporary folder.
#include "server/config/config.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/config/options.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Catch::Matchers::Contains;

class TempFolder {
 public:
  TempFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "millrace-config-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = path_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

absl::StatusOr<Invocation> Load(const std::vector<std::string>& flags, const std::vector<std::string>& variables = {}) {
  std::vector<const char*> argv = {"millrace-server"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  std::vector<const char*> environment;
  for (const std::string& variable : variables) environment.push_back(variable.c_str());
  environment.push_back(nullptr);
  return LoadConfig(static_cast<int>(argv.size()), argv.data(), environment.data());
}

std::string ErrorOf(const absl::StatusOr<Invocation>& invocation) {
  REQUIRE(!invocation.ok());
  CHECK(ReasonOf(invocation.status()) == Reason::kConfigInvalid);
  return std::string(invocation.status().message());
}

// A setting with four valid texts, and what shows which of them holds.
struct Sample {
  std::string key;
  std::string flag_text, variable_text, file_text;
  std::string (*shown)(const ServerConfig& config);
};

const Sample kSamples[] = {
    {"listen", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", [](const ServerConfig& c) { return c.listen.ToString(); }},
    {"allow-insecure-remote", "false", "true", "false",
     [](const ServerConfig& c) { return std::string(c.allow_insecure_remote ? "true" : "false"); }},
    {"data-dir", "/a", "/b c", "/d#e", [](const ServerConfig& c) { return c.data_dir; }},
    {"location-template", "{id}", "{md5}", "x/{id}", [](const ServerConfig& c) { return c.location_template; }},
    {"call-threads", "3", "4", "5", [](const ServerConfig& c) { return std::to_string(c.call_thread_count); }},
    {"import-threads", "6", "7", "8", [](const ServerConfig& c) { return std::to_string(c.import_thread_count); }},
    {"max-message-bytes", "2000000", "3000000", "4000000",
     [](const ServerConfig& c) { return std::to_string(c.message_size_bytes_max); }},
    {"part-bytes", "65536", "131072", "1048576",
     [](const ServerConfig& c) { return std::to_string(c.part_size_bytes); }},
    {"max-streams", "1", "20000", "10000000", [](const ServerConfig& c) { return std::to_string(c.stream_count_max); }},
    {"stream-window-bytes", "0", "1", "1099511627776",
     [](const ServerConfig& c) { return std::to_string(c.stream_window_size_bytes); }},
    {"max-stream-bytes", "0", "1", "1099511627776",
     [](const ServerConfig& c) { return std::to_string(c.streams_size_bytes_max); }},
    {"max-resident-snapshot-bytes", "0", "1", "1099511627776",
     [](const ServerConfig& c) { return std::to_string(c.resident_snapshots_size_bytes_max); }},
    {"disk-headroom-bytes", "0", "1", "2", [](const ServerConfig& c) { return std::to_string(c.disk_headroom_bytes); }},
    {"import-idle-timeout", "1s", "2m", "24h",
     [](const ServerConfig& c) { return absl::FormatDuration(c.import_idle_timeout); }},
    {"allow-fetch", "false", "true", "false",
     [](const ServerConfig& c) { return std::string(c.allow_fetch ? "true" : "false"); }},
    {"fetch-allow-private", "false", "true", "false",
     [](const ServerConfig& c) { return std::string(c.fetch_allow_private ? "true" : "false"); }},
    {"fetch-interval", "0", "2s", "1h", [](const ServerConfig& c) { return absl::FormatDuration(c.fetch_interval); }},
    {"refresh-threads", "1", "3", "1024", [](const ServerConfig& c) { return std::to_string(c.refresh_thread_count); }},
    {"drain-timeout", "1s", "2s", "500ms", [](const ServerConfig& c) { return absl::FormatDuration(c.drain_timeout); }},
    {"log-level", "debug", "error", "warning", [](const ServerConfig& c) { return c.log_level; }},
    {"log-file", "/l1", "/l2", "/l3", [](const ServerConfig& c) { return c.log_file; }},
    {"port-file", "/p1", "/p2", "/p3", [](const ServerConfig& c) { return c.port_file; }},
};

TEST_CASE("Every setting has a sample here") {
  std::vector<std::string> keys, sampled;
  for (const Option& option : MakeOptions()) keys.push_back(option.key);
  for (const Sample& sample : kSamples) sampled.push_back(sample.key);
  CHECK(keys == sampled);
}

TEST_CASE("Flags beat variables, variables the file, the file the defaults") {
  const TempFolder folder;
  const auto options = MakeOptions();
  for (const Sample& sample : kSamples) {
    INFO(sample.key);
    const Option* option = FindOption(options, sample.key);
    REQUIRE(option != nullptr);
    const std::string file = folder.Write("c", sample.key + " = \"" + sample.file_text + "\"\n");
    const std::string flag = "--" + sample.key + "=" + sample.flag_text;
    const std::string variable = option->VariableName() + "=" + sample.variable_text;

    const auto shown = [&](const std::vector<std::string>& flags, const std::vector<std::string>& variables) {
      const auto invocation = Load(flags, variables);
      INFO(invocation.status().ToString());
      REQUIRE(invocation.ok());
      return sample.shown(invocation->config);
    };
    CHECK(shown({flag, "--config", file}, {variable}) == sample.flag_text);
    CHECK(shown({"--config", file, flag}, {}) == sample.flag_text);
    CHECK(shown({"--config", file}, {variable}) == sample.variable_text);
    CHECK(shown({"--config", file}, {}) == sample.file_text);
    CHECK(shown({}, {"MILLRACE_CONFIG=" + file}) == sample.file_text);
    if (sample.key != "allow-insecure-remote") CHECK(shown({}, {}) == option->default_text);
  }
}

TEST_CASE("--config beats MILLRACE_CONFIG") {
  const TempFolder folder;
  const std::string one = folder.Write("1", "call-threads = 11\n");
  const std::string two = folder.Write("2", "call-threads = 12\n");
  const auto invocation = Load({"--config", one}, {"MILLRACE_CONFIG=" + two});
  REQUIRE(invocation.ok());
  CHECK(invocation->config.call_thread_count == 11);
}

TEST_CASE("The defaults serve on loopback only") {
  const auto invocation = Load({});
  REQUIRE(invocation.ok());
  CHECK(invocation->text_to_print.empty());
  CHECK(invocation->config.listen.ToString() == "127.0.0.1:50051");
  CHECK(invocation->config.drain_timeout == absl::Seconds(8));
  CHECK(invocation->config.call_thread_count >= 2);
}

TEST_CASE("An unknown name is refused in each place, and the nearest known one is named") {
  const TempFolder folder;
  CHECK_THAT(ErrorOf(Load({"--lisen", "127.0.0.1:1"})), Contains("--lisen") && Contains("did you mean --listen?"));
  CHECK_THAT(ErrorOf(Load({"--data_dir=/x"})), Contains("did you mean --data-dir?"));
  CHECK_THAT(ErrorOf(Load({"-x"})), Contains("\"-x\""));
  CHECK_THAT(ErrorOf(Load({"start"})), Contains("unexpected argument \"start\""));
  CHECK_THAT(ErrorOf(Load({}, {"MILLRACE_LISEN=127.0.0.1:1"})),
             Contains("environment variable \"MILLRACE_LISEN\"") && Contains("did you mean MILLRACE_LISTEN?"));
  const std::string file = folder.Write("c", "\n# x\ncall-thread = 1\n");
  CHECK_THAT(ErrorOf(Load({"--config", file})), Contains(file + ":3: ") && Contains("did you mean call-threads?"));
  // A file cannot name another one.
  CHECK_THAT(ErrorOf(Load({"--config", folder.Write("d", "config = x\n")})), Contains("\"config\""));
}

TEST_CASE("Variables of other programs are left alone") {
  CHECK(Load({}, {"MILLRACE_ADDRESS=x", "MILLRACE_SERVER=/x", "MILLRACE_CLI=/x", "MILLRACE_BENCH_POSTS=1",
                  "MILLRACE_TEST_X=1", "millrace_listen=x", "MILLRACEX=1", "PATH=/bin", "broken"})
            .ok());
}

TEST_CASE("A value out of range is refused with place, value and expectation") {
  const TempFolder folder;
  struct Case {
    std::string key, text, expected;
  };
  const Case cases[] = {
      {"listen", "50051", "expected HOST:PORT"},
      {"listen", "127.0.0.1:65536", "expected HOST:PORT"},
      {"listen", "", "expected HOST:PORT"},
      {"allow-insecure-remote", "yes", "expected true or false"},
      {"data-dir", "", "expected the path of a folder"},
      {"location-template", "{nothing}", "expected a template"},
      {"location-template", "../{id}", "expected a template"},
      {"call-threads", "0", "expected a whole number from 1 to 1024"},
      {"call-threads", "two", "expected a whole number from 1 to 1024"},
      {"call-threads", "2.0", "expected a whole number"},
      {"call-threads", "99999999999", "expected a whole number"},
      {"import-threads", "-1", "expected a whole number from 1 to 1024"},
      {"max-message-bytes", "4MiB", "expected a whole number from 1048576 to 2147483647"},
      {"max-message-bytes", "2147483648", "expected a whole number"},
      {"part-bytes", "65535", "expected a multiple of 64 from 65536 to 1073741824"},
      {"part-bytes", "65600.0", "expected a multiple of 64"},
      {"part-bytes", "65537", "expected a multiple of 64"},
      {"max-streams", "0", "expected a whole number from 1 to 10000000"},
      {"max-stream-bytes", "-1", "expected a whole number from 0 to 1099511627776"},
      {"import-idle-timeout", "60", "expected a time with its unit from 1s to 24h"},
      {"import-idle-timeout", "999ms", "expected a time with its unit from 1s to 24h"},
      {"import-idle-timeout", "25h", "expected a time with its unit from 1s to 24h"},
      {"fetch-interval", "1", "expected a time with its unit from 0s to 1h"},
      {"fetch-interval", "61m", "expected a time with its unit from 0s to 1h"},
      {"refresh-threads", "0", "expected a whole number from 1 to 1024"},
      {"drain-timeout", "8", "expected a time with its unit"},
      {"drain-timeout", "-1s", "expected a time with its unit"},
      {"drain-timeout", "inf", "expected a time with its unit"},
      {"log-level", "verbose", "expected debug, info, warning, error or off"},
  };
  const auto options = MakeOptions();
  for (const Case& c : cases) {
    INFO(c.key << " = " << c.text);
    const std::string quoted = "\"" + c.text + "\" is not valid: ";
    if (c.key != "allow-insecure-remote") {
      CHECK_THAT(ErrorOf(Load({"--" + c.key, c.text})), Contains("flag --" + c.key + ": " + quoted + c.expected));
    }
    const std::string name = FindOption(options, c.key)->VariableName();
    CHECK_THAT(ErrorOf(Load({}, {name + "=" + c.text})),
               Contains("environment variable " + name + ": " + quoted + c.expected));
    const std::string file = folder.Write("c", "\n" + c.key + " = \"" + c.text + "\"\n");
    CHECK_THAT(ErrorOf(Load({"--config", file})), Contains(file + ":2: " + c.key + ": " + quoted + c.expected));
  }
}

TEST_CASE("A wrong value is refused also where a stronger place hides it") {
  CHECK_THAT(ErrorOf(Load({"--call-threads=2"}, {"MILLRACE_CALL_THREADS=none"})), Contains("MILLRACE_CALL_THREADS"));
}

TEST_CASE("Flags without a value, with a wrong one or given twice are refused") {
  CHECK_THAT(ErrorOf(Load({"--listen"})), Contains("--listen"));
  CHECK_THAT(ErrorOf(Load({"--listen=127.0.0.1:1", "--listen=127.0.0.1:2"})), Contains("--listen"));
  CHECK_THAT(ErrorOf(Load({"--allow-insecure-remote=maybe"})), Contains("allow-insecure-remote"));
  // An empty value stays with its flag; the next flag is not taken for it.
  CHECK_THAT(ErrorOf(Load({"--data-dir=", "--print-config"})), Contains("flag --data-dir: \"\""));
  CHECK(Load({"--log-file="})->config.log_file.empty());
}

TEST_CASE("A switch needs no value, and takes none from the next argument") {
  const auto invocation = Load({"--allow-insecure-remote", "--listen", "0.0.0.0:0"});
  REQUIRE(invocation.ok());
  CHECK(invocation->config.allow_insecure_remote);
  CHECK_THAT(ErrorOf(Load({"--allow-insecure-remote", "false"})), Contains("unexpected argument \"false\""));
}

TEST_CASE("An address that other machines reach is refused unless allowed by name") {
  const TempFolder folder;
  for (const std::string address : {"0.0.0.0:50051", "[::]:0", "192.0.2.1:1", "example.org:1"}) {
    INFO(address);
    CHECK_THAT(ErrorOf(Load({"--listen", address})),
               Contains("flag --listen: \"" + address + "\"") && Contains("--allow-insecure-remote"));
    CHECK(Load({"--listen", address, "--allow-insecure-remote"}).ok());
    CHECK(Load({}, {"MILLRACE_LISTEN=" + address, "MILLRACE_ALLOW_INSECURE_REMOTE=true"}).ok());
  }
  const std::string file = folder.Write("c", "listen = 0.0.0.0:1\n");
  CHECK_THAT(ErrorOf(Load({"--config", file})), Contains(file + ":1: listen"));
}

TEST_CASE("A configuration file that cannot be read is an error") {
  const TempFolder folder;
  CHECK_THAT(ErrorOf(Load({"--config", folder.path() + "/none"})), Contains("/none") && Contains("No such file"));
  CHECK_THAT(ErrorOf(Load({"--config", folder.path()})), Contains("cannot read"));
  CHECK_THAT(ErrorOf(Load({"--config", "/dev/zero"})), Contains("larger than 1 MiB"));
  CHECK_THAT(ErrorOf(Load({}, {"MILLRACE_CONFIG=" + folder.path() + "/none"})), Contains("/none"));
}

TEST_CASE("The printed configuration gives the same configuration, and names each setting's place") {
  const TempFolder folder;
  const std::string file = folder.Write("c", "call-threads = 7\nlog-file = \"/x y\\\"#\"\n");
  const auto first = Load({"--config", file, "--listen=[::1]:0", "--print-config"},
                          {"MILLRACE_DATA_DIR=/d\t\\d", "MILLRACE_PORT_FILE="});
  REQUIRE(first.ok());
  const std::string& printed = first->text_to_print;
  CHECK_THAT(printed, Contains("# From: flag --listen\nlisten = \"[::1]:0\"\n"));
  CHECK_THAT(printed, Contains("# From: environment variable MILLRACE_DATA_DIR\ndata-dir = "));
  CHECK_THAT(printed, Contains("# From: " + file + ":1: call-threads\ncall-threads = 7\n"));
  CHECK_THAT(printed, Contains("# From: default\ndrain-timeout = \"8s\"\n"));

  const auto second = Load({"--config", folder.Write("printed", printed)});
  INFO(second.status().ToString());
  REQUIRE(second.ok());
  for (const Sample& sample : kSamples) {
    INFO(sample.key);
    CHECK(sample.shown(first->config) == sample.shown(second->config));
  }
  CHECK(second->config.data_dir == "/d\t\\d");
  CHECK(second->config.log_file == "/x y\"#");
}

TEST_CASE("Help and version are printed whatever else is wrong") {
  const auto help = Load({"--help"}, {"MILLRACE_NONSENSE=1"});
  REQUIRE(help.ok());
  for (const Option& option : MakeOptions()) CHECK_THAT(help->text_to_print, Contains("--" + option.key));
  const auto version = Load({"--version"}, {"MILLRACE_NONSENSE=1"});
  REQUIRE(version.ok());
  CHECK_THAT(version->text_to_print, Catch::Matchers::StartsWith("millrace-server "));
}

TEST_CASE("Text that is not UTF-8 is refused") {
  CHECK_THAT(ErrorOf(Load({"--data-dir", "/\xff"})), Contains("expected UTF-8 text"));
}

}  // namespace
}  // namespace millrace
