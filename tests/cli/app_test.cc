// Whole command lines against a server with canned answers: what is asked of the server, what is printed where, and
// the exit code.
#include "clients/cli/app.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/cli/fake_server.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

struct Result {
  int exit_code;
  std::string out;
  std::string err;
};

Result Run(std::vector<std::string> arguments, Interrupt& interrupt) {
  std::ostringstream out, err;
  const Output output{out, Terminal{}, err, Terminal{}};
  const int exit_code = RunCli(arguments, output, interrupt);
  return {exit_code, out.str(), err.str()};
}

Result Run(const FakeServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--address", server.address()});
  Interrupt interrupt;
  return Run(std::move(arguments), interrupt);
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A small file that lives as long as the object.
struct TempFile {
  std::string path;
  explicit TempFile(const std::string& content) {
    path = (std::filesystem::temp_directory_path() / "millrace-cli-XXXXXX.jsonl").string();
    REQUIRE(mkstemps(path.data(), 6) >= 0);
    std::ofstream(path) << content;
  }
  ~TempFile() { std::filesystem::remove(path); }
};

struct TempFolder {
  std::string root = (std::filesystem::temp_directory_path() / "millrace-cli-XXXXXX").string();
  TempFolder() { REQUIRE(mkdtemp(root.data()) != nullptr); }
  ~TempFolder() { std::filesystem::remove_all(root); }
  const std::string& path() const { return root; }
  void Add(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = std::filesystem::path(root) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
};

TEST_CASE("command lines that make no sense exit with 2 and say where help is") {
  Interrupt interrupt;
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"plan"},
      {"no-such-command"},
      {"stats", "--no-such-flag"},
      {"plan", "create"},
      {"plan", "create", "--batch-size", "many"},
      {"plan", "create", "--batch-size", "4", "--last", "maybe"},
      {"stats", "--dataset", "a", "--snapshot", "b"},
      {"tags", "list", "--limit", "-1"},
      {"completion", "tcsh"},
  };
  for (const auto& line : lines) {
    CAPTURE(line);
    const Result result = Run(line, interrupt);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(Contains(result.err, "--help"));
  }
}

TEST_CASE("numbers that are too large are refused, not cut") {
  Interrupt interrupt;
  const std::string huge = "99999999999999999999";
  const std::vector<std::vector<std::string>> lines = {
      {"vocabulary", "create", "v", "--top", huge},
      {"batch", "abcdefgh", "train", "--step", huge},
      {"batch", "abcdefgh", "train", "--step", "-" + huge},
      {"plan", "create", "--batch-size", huge},
      {"plan", "create", "--batch-size", "4", "--seed", "18446744073709551616"},
  };
  for (const auto& line : lines) {
    CAPTURE(line);
    const Result result = Run(line, interrupt);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(Contains(result.err, line.back()));
    CHECK(Contains(result.err, "does not fit"));
  }
}

TEST_CASE("files that cannot be opened are told with the reason") {
  const FakeServer server;
  const Result read = Run(server, {"vocabulary", "create", "v", "--from-csv", "/nonexistent"});
  CHECK(read.exit_code == 1);
  CHECK(Contains(read.err, "cannot read /nonexistent: No such file or directory"));
  const Result write = Run(server, {"vocabulary", "export", "v", "-o", "/nonexistent/x.csv"});
  CHECK(write.exit_code == 1);
  CHECK(Contains(write.err, "cannot write /nonexistent/x.csv: No such file or directory"));
  const Result spec = Run(server, {"plan", "create", "--spec", "/nonexistent"});
  CHECK(Contains(spec.err, "cannot read /nonexistent: No such file or directory"));
}

TEST_CASE("malformed values are refused before the server is asked") {
  const FakeServer server;
  const std::vector<std::vector<std::string>> lines = {
      {"stats", "--timeout", "soon"},
      {"plan", "create", "--batch-size", "4", "--split", "train"},
      {"stream", "abc", "train", "--start", "5"},
      {"posts", "sample", "--ids", "9:3"},
      {"posts", "get", "word"},
      {"tags", "get"},
      {"import", "d", "-", "--format", "csv"},
  };
  for (const auto& line : lines) {
    CAPTURE(line);
    CHECK(Run(server, line).exit_code == 2);
  }
  CHECK(server.plans.create_plan.empty());
}

TEST_CASE("numbers out of bounds are told so in words, and what else to write") {
  Interrupt interrupt;
  const auto message = [&](const std::vector<std::string>& line) {
    const Result result = Run(line, interrupt);
    CHECK(result.exit_code == 2);
    return result.err;
  };
  CHECK_THAT(message({"tags", "list", "--limit", "-1"}),
             Catch::Contains("--limit: \"-1\" is no whole number from 0 on"));
  CHECK_THAT(message({"import", "d", "x", "--report", "0"}),
             Catch::Contains("--report: \"0\" is no whole number from 1 on"));
  CHECK_THAT(message({"vocabulary", "create", "v", "--top", "many"}), Catch::Contains("--top: \"many\" is no whole"));
  CHECK_THAT(message({"query", "solo", "1girl"}), Catch::Contains("quotation marks"));
  CHECK_THAT(message({"import", "d", "-", "--format", "danbooru-jsonl", "--request-id", ""}),
             Catch::Contains("--request-id is empty"));
}

TEST_CASE("help and version go to standard output and exit with 0") {
  Interrupt interrupt;
  CHECK(Contains(Run({"--version"}, interrupt).out, "millrace "));
  const Result help = Run({"plan", "create", "--help"}, interrupt);
  CHECK(help.exit_code == 0);
  CHECK(Contains(help.out, "--batch-size"));
}

TEST_CASE("an output that cannot be written is an error") {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  const Output output{full, Terminal{}, err, Terminal{}};
  Interrupt interrupt;
  CHECK(RunCli({"completion", "bash"}, output, interrupt) == 1);
  CHECK(Contains(err.str(), "cannot write the output"));
}

TEST_CASE("without a server the exit code is 4") {
  Interrupt interrupt;
  // Port 1 of the loopback: nobody listens there.
  const Result result = Run({"stats", "one", "--address", "127.0.0.1:1"}, interrupt);
  CHECK(result.exit_code == 4);
  CHECK(Contains(result.err, "cannot reach 127.0.0.1:1"));
}

TEST_CASE("the only dataset is meant when none is named, and several are a question") {
  FakeServer server;
  CHECK(Run(server, {"stats"}).exit_code == 0);
  REQUIRE(server.catalog.get_stats.size() == 1);
  CHECK(server.catalog.get_stats[0].dataset() == "one");

  server.catalog.datasets = {"one", "two"};
  const Result several = Run(server, {"stats"});
  CHECK(several.exit_code == 2);
  CHECK(Contains(several.err, "one, two"));
  CHECK(Run(server, {"stats", "--snapshot", "12345678"}).exit_code == 0);
  CHECK(server.catalog.get_stats[1].snapshot() == "12345678");

  server.catalog.datasets = {};
  CHECK(Run(server, {"stats"}).exit_code == 3);
}

TEST_CASE("listings follow pages up to the limit, and say when there is more") {
  FakeServer server;
  server.catalog.tag_count = 2500;
  const Result some = Run(server, {"tags", "list", "one", "--limit", "1200", "--json"});
  CHECK(some.exit_code == 0);
  CHECK(std::count(some.out.begin(), some.out.end(), '\n') == 1200);
  CHECK(Contains(some.err, "There are more"));
  REQUIRE(server.catalog.list_tags.size() == 2);
  CHECK(server.catalog.list_tags[1].page_size() == 200);

  const Result all = Run(server, {"tags", "list", "one", "--limit", "0", "--json"});
  CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 2500);
  CHECK(all.err.empty());
}

TEST_CASE("JSON keeps its shape when values are zero") {
  const FakeServer server;
  const Result result = Run(server, {"stats", "--json"});
  CHECK(Contains(result.out, "\"post_count\":\"6702\""));
  CHECK(Contains(result.out, "\"tag_count\":\"0\""));
  CHECK(Contains(result.out, "\"ratings\":[]"));
}

TEST_CASE("posts that are there are shown, and those that are not give exit code 3") {
  const FakeServer server;
  const Result result = Run(server, {"posts", "get", "7", "1", "8"});
  CHECK(result.exit_code == 3);
  CHECK(Contains(result.out, "post    1"));
  CHECK(Contains(result.err, "no such posts: 7, 8"));
}

TEST_CASE("a sample's flags reach the server") {
  FakeServer server;
  CHECK(
      Run(server, {"posts", "sample", "one", "-n", "5", "--seed", "18446744073709551615", "--rows", "2:9"}).exit_code ==
      0);
  REQUIRE(server.catalog.sample_posts.size() == 1);
  const v1::SamplePostsRequest& request = server.catalog.sample_posts[0];
  CHECK(request.size() == 5);
  CHECK(request.seed() == ~uint64_t{0});
  CHECK(request.rows().end() == 9);
  CHECK_FALSE(request.has_ids());
}

TEST_CASE("a plan's flags reach the server, and what was not said stays unsaid") {
  FakeServer server;
  CHECK(Run(server, {"plan", "create", "-d", "x", "-b", "256", "--seed", "0", "--split", "train=9", "--split",
                     "dev=1:epoch", "--last", "pad"})
            .exit_code == 0);
  CHECK(Run(server, {"plan", "create", "-b", "1"}).exit_code == 0);
  REQUIRE(server.plans.create_plan.size() == 2);
  const v1::PlanSpec& spec = server.plans.create_plan[0].spec();
  CHECK(spec.dataset() == "x");
  CHECK(spec.batch_size() == 256);
  CHECK(spec.has_seed());
  REQUIRE(spec.splits_size() == 2);
  CHECK(spec.splits(1).order() == v1::ORDER_KIND_EPOCH);
  CHECK(spec.last_batch() == v1::LAST_BATCH_PAD);
  CHECK_FALSE(server.plans.create_plan[1].spec().has_seed());
  CHECK(server.plans.create_plan[1].spec().splits_size() == 0);
}

TEST_CASE("what is not found gives exit code 3, with the server's reason") {
  const FakeServer server;
  const Result result = Run(server, {"plan", "get", "12345678"});
  CHECK(result.exit_code == 3);
  CHECK(Contains(result.err, "PLAN_NOT_FOUND"));
}

TEST_CASE("a damaged snapshot gives exit code 5, an intact one 0") {
  FakeServer server;
  CHECK(Run(server, {"snapshot", "verify", "12345678"}).exit_code == 0);
  server.snapshots.damages = {"section tags: checksum differs at byte 4096"};
  const Result damaged = Run(server, {"snapshot", "verify", "12345678"});
  CHECK(damaged.exit_code == 5);
  CHECK(Contains(damaged.out, "section tags"));
}

TEST_CASE("a stream prints its batches and a summary") {
  FakeServer server;
  const Result result = Run(server, {"stream", "p", "train", "--epochs", "2", "--start", "4:1", "--limit", "9",
                                     "--rank", "1", "--world-size", "3", "--ids-only"});
  CHECK(result.exit_code == 0);
  CHECK(Contains(result.out, "step 2/3  1 posts  ids 20\n"));
  CHECK(Contains(result.out, "sha-256 of ids"));
  REQUIRE(server.loader.stream_batches.size() == 1);
  const v1::StreamBatchesRequest& request = server.loader.stream_batches[0];
  CHECK(request.start().epoch() == 4);
  CHECK(request.start().step() == 1);
  CHECK(request.end_epoch() == 6);
  CHECK(request.max_batch_count() == 9);
  CHECK(request.rank() == 1);
  CHECK(request.world_size() == 3);
  CHECK(request.view() == v1::BATCH_VIEW_IDENTITIES);
}

TEST_CASE("a stream starts at a token and leaves steps out") {
  FakeServer server;
  const std::string token = "mt1-" + std::string(10, 'a') +
                            "0500000000000000"
                            "0200000000000000"
                            "0123456789abcdef";
  const Result result = Run(
      server, {"stream", "p", "train", "--epochs", "3", "--start-token", token, "--skip", "5:3-4", "--skip", "6:0"});
  CHECK(result.exit_code == 0);
  REQUIRE(server.loader.stream_batches.size() == 1);
  const v1::StreamBatchesRequest& request = server.loader.stream_batches[0];
  CHECK(request.start_token() == token);
  CHECK_FALSE(request.has_start());
  CHECK(request.end_epoch() == 8);
  REQUIRE(request.skip_size() == 2);
  CHECK(request.skip(0).epoch() == 5);
  CHECK(request.skip(0).first_step() == 3);
  CHECK(request.skip(0).last_step() == 4);
  CHECK(request.skip(1).epoch() == 6);
  CHECK(request.skip(1).last_step() == 0);

  CHECK(Run(server, {"stream", "p", "train", "--start", "0:1", "--start-token", token}).exit_code == 2);
  CHECK(Run(server, {"stream", "p", "train", "--skip", "0:4-3"}).exit_code == 2);
  CHECK(server.loader.stream_batches.size() == 1);
}

TEST_CASE("a bar is shown on a terminal, and only there, unless the flags say otherwise") {
  FakeServer server;
  Terminal terminal;
  terminal.is_terminal = true;
  terminal.width_columns = 80;
  const auto errors_of = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"stream", "p", "train", "--address", server.address()});
    std::ostringstream out, err;
    const Output output{out, Terminal{}, err, terminal};
    Interrupt interrupt;
    CHECK(RunCli(flags, output, interrupt) == 0);
    return err.str();
  };
  CHECK(Contains(errors_of({}), "\rstreaming"));
  CHECK(Contains(errors_of({"--progress"}), "\rstreaming"));
  CHECK(errors_of({"--no-progress"}).empty());
  CHECK(Run(server, {"stream", "p", "train"}).err.empty());
}

TEST_CASE("a stream of columns is summed up like one of rows, in parts or not") {
  FakeServer server;
  server.loader.part_size_bytes = GENERATE(size_t{100}, size_t{1} << 20);
  const Result result = Run(server, {"stream", "p", "train", "--columns", "--fields", "tags,score", "--labels",
                                     "words@2", "--label-encoding", "bits", "--rating-one-hot"});
  CHECK(result.exit_code == 0);
  REQUIRE(server.loader.stream_batches.size() == 1);
  const v1::Projection& projection = server.loader.stream_batches[0].projection();
  CHECK(projection.encoding() == v1::BATCH_ENCODING_COLUMNS);
  CHECK(std::vector<std::string>(projection.fields().begin(), projection.fields().end()) ==
        std::vector<std::string>{"tags", "score"});
  CHECK(projection.labels().vocabulary() == "words@2");
  CHECK(projection.labels().encoding() == v1::LABEL_ENCODING_BITS);
  CHECK(projection.rating_one_hot());
  CHECK(server.loader.stream_batches[0].view() == v1::BATCH_VIEW_UNSPECIFIED);
  CHECK(Contains(result.out, "epoch 1  step 2/3  3 posts  ids 11 12 1152921504606846976\n"));
  CHECK(Contains(result.out, "posts           9, "));
}

TEST_CASE("only columns have labels, and neither they nor fields go with ids alone") {
  const FakeServer server;
  const std::vector<std::vector<std::string>> lines = {
      {"--labels", "words"},
      {"--rating-one-hot"},
      {"--columns", "--label-encoding", "dense"},
      {"--columns", "--labels", "words", "--label-encoding", "sparse"},
      {"--columns", "--ids-only"},
      {"--fields", "tags", "--ids-only"},
  };
  for (std::vector<std::string> line : lines) {
    CAPTURE(line);
    line.insert(line.begin(), {"batch", "p", "train"});
    CHECK(Run(server, line).exit_code == 2);
  }
  CHECK(server.loader.get_batch.empty());
}

TEST_CASE("rows come with the fields asked for") {
  FakeServer server;
  CHECK(Run(server, {"batch", "p", "train", "--fields", "tags,rating"}).exit_code == 0);
  REQUIRE(server.loader.get_batch.size() == 1);
  CHECK(server.loader.get_batch[0].projection().encoding() == v1::BATCH_ENCODING_ROWS);
  CHECK(server.loader.get_batch[0].projection().fields_size() == 2);
}

TEST_CASE("a batch of columns that is malformed is told as damaged data") {
  FakeServer server;
  server.loader.spoil_columns = true;
  const Result result = Run(server, {"batch", "p", "train", "--columns"});
  CHECK(result.exit_code == 5);
  CHECK(Contains(result.err, "malformed batch: its body is shorter"));
}

TEST_CASE("a broken stream says where to continue") {
  FakeServer server;
  server.loader.break_after = 2;
  const Result result = Run(server, {"stream", "p", "train", "-q"});
  CHECK(result.exit_code == 4);
  CHECK(Contains(result.err, "--start 0:2"));
}

TEST_CASE("an import sends start, file, bytes and end, and reports what was rejected") {
  FakeServer server;
  const std::string content(600'000, 'x');  // several chunks
  const TempFile file(content);
  const Result result = Run(server, {"import", "d", file.path, "--max-rejected", "-1", "--request-id", "r1"});
  CHECK(result.exit_code == 0);
  CHECK(Contains(result.err, "reading as danbooru-jsonl, recognised from the bytes\n"));
  CHECK(Contains(result.err, "posts.jsonl:17: md5: not 32 hexadecimal digits\n"));
  CHECK(Contains(result.err, "2 more rejected records"));
  CHECK(Contains(result.out, "new posts       5\n"));

  const auto& requests = server.imports.requests;
  REQUIRE(requests.size() >= 4);
  CHECK(requests[0].start().request_id() == "r1");
  CHECK(requests[0].start().max_rejected_count() == -1);
  CHECK(requests[1].file().name() == file.path);
  CHECK(requests.back().end().file_count() == 1);
  CHECK(requests.back().end().byte_count() == static_cast<int64_t>(content.size()));
  CHECK(server.imports.bytes == content);
}

TEST_CASE("an import that brought lists says what, and of posts only when there were any") {
  FakeServer server;
  const TempFile file("{}");
  v1::ImportResult& answer = server.imports.result;
  answer.Clear();
  answer.mutable_listed_tags()->set_new_count(1'200);
  answer.mutable_listed_tags()->set_unchanged_count(3);
  answer.mutable_listed_tags()->set_conflict_count(2);
  answer.mutable_listed_implications()->set_updated_count(1);
  answer.set_superseded_relation_count(1);
  Result result = Run(server, {"import", "d", file.path, "--apply-aliases"});
  CHECK(server.imports.requests[0].start().apply_aliases());
  CHECK(Contains(result.out, "\ntags          1,200 new, 3 unchanged, 2 told in two ways\nimplications  1 updated\n"));
  CHECK(Contains(result.out, "superseded    1 earlier alias\n"));
  for (const char* line : {"posts", "pools", "aliases  ", "duplicate tags", "/s"}) {
    INFO(line);
    CHECK_FALSE(Contains(result.out, line));
  }

  answer.set_new_post_count(7);
  answer.set_aliased_post_count(2);
  answer.set_superseded_relation_count(2);
  result = Run(server, {"import", "d", file.path});
  CHECK(Contains(result.out, "new posts       7\n"));
  CHECK(Contains(result.out, "aliased posts   2\n"));
  CHECK(Contains(result.out, "superseded      2 earlier aliases\n"));
}

TEST_CASE("sidecars go out in one message each, with what is known of their pictures") {
  FakeServer server;
  const TempFolder folder;
  folder.Add("1.png", "no picture");
  folder.Add("1.txt", "a, b");
  folder.Add("set/2.jpg", "x");
  folder.Add("set/2.json", std::string(300'000, ' '));
  folder.Add("set/3.jpg", "x");
  const Result result = Run(server, {"import", "d", folder.path(), "--max-rejected", "-1"});
  CHECK(result.exit_code == 0);
  CHECK(Contains(result.err, "reading as picture-folder: pictures with sidecars\n"));
  const auto& requests = server.imports.requests;
  REQUIRE(requests.size() == 6);
  CHECK(requests[0].start().format() == v1::SOURCE_FORMAT_PICTURE_FOLDER);
  CHECK(requests[1].file().name() == "1.txt");
  CHECK(requests[1].file().content() == "a, b");
  CHECK(requests[1].file().picture().name() == "1.png");
  CHECK(requests[1].file().picture().size_bytes() == 10);
  CHECK(requests[2].file().name() == "set/2.json");
  CHECK(requests[3].chunk().size() == 300'000 - requests[2].file().content().size());
  CHECK(requests[4].file().name() == "set/3.jpg");
  CHECK(requests[4].file().picture().name() == "set/3.jpg");
  CHECK(requests[5].end().file_count() == 3);
  CHECK(requests[5].end().byte_count() == 300'004);
}

TEST_CASE("two imports without a request id have different ones") {
  FakeServer server;
  const TempFile file("{}");
  Run(server, {"import", "d", file.path});
  Run(server, {"import", "d", file.path});
  std::vector<std::string> ids;
  for (const v1::ImportRequest& request : server.imports.requests) {
    if (request.has_start()) ids.push_back(request.start().request_id());
  }
  REQUIRE(ids.size() == 2);
  CHECK(ids[0].size() == 36);
  CHECK(ids[0] != ids[1]);
}

TEST_CASE("a rejected import exits with 5") {
  FakeServer server;
  server.imports.status =
      ServerError(grpc::StatusCode::INVALID_ARGUMENT, "RECORD_REJECTED", "posts.jsonl:3: id: missing");
  const TempFile file("{}");
  const Result result = Run(server, {"import", "d", file.path});
  CHECK(result.exit_code == 5);
  CHECK(Contains(result.err, "nothing was changed: posts.jsonl:3: id: missing"));
}

TEST_CASE("an interrupted import is cancelled, also while standard input gives nothing, and exits with 130") {
  FakeServer server;
  server.imports.wait_for_cancel = true;
  int ends[2];
  REQUIRE(pipe(ends) == 0);  // nobody writes: reading it waits
  const int saved = dup(STDIN_FILENO);
  dup2(ends[0], STDIN_FILENO);
  Interrupt interrupt;
  std::thread user([&] {
    MutexLock lock(server.imports.mutex);
    while (!server.imports.began) server.imports.changed.Wait(server.imports.mutex);
    interrupt.Trip();
  });
  const Result result =
      Run({"import", "d", "-", "--format", "danbooru-jsonl", "--address", server.address()}, interrupt);
  user.join();
  dup2(saved, STDIN_FILENO);
  for (const int fd : {saved, ends[0], ends[1]}) close(fd);
  CHECK(result.exit_code == 130);
  CHECK(Contains(result.err, "interrupted; nothing was changed"));
}

}  // namespace
}  // namespace millrace::cli
