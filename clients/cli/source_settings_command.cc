#include "clients/cli/source_settings_command.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/arguments.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

// As ParseTimeout, and whole days: "7d".
std::optional<absl::Duration> ParseInterval(std::string_view text) {
  if (!text.ends_with('d')) return ParseTimeout(text);
  const std::optional<int64_t> days = ParseInt(text.substr(0, text.size() - 1));
  if (!days.has_value() || *days < 1 || *days > 10'000) return std::nullopt;
  return *days * absl::Hours(24);
}

const std::map<std::string, v1::BoardKind>& BoardKinds() {
  static const auto* const kinds = new std::map<std::string, v1::BoardKind>{{"danbooru", v1::BOARD_KIND_DANBOORU},
                                                                            {"e621", v1::BOARD_KIND_E621},
                                                                            {"moebooru", v1::BOARD_KIND_MOEBOORU},
                                                                            {"gelbooru", v1::BOARD_KIND_GELBOORU}};
  return *kinds;
}

std::string IntervalText(const v1::Source& source) {
  if (!source.has_interval()) return "only when asked for";
  return absl::StrCat("every ", HumanDuration(absl::Seconds(source.interval().seconds())));
}

}  // namespace

void PrintSource(const v1::Source& source, const Terminal& terminal, std::ostream& out) {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"source", source.name()},
      {"dataset", source.dataset()},
      {"board", absl::StrCat(BoardKindText(source.kind()), " at ", source.address())},
      {"query", source.query().empty() ? "all posts" : source.query()},
      {"page size", WithThousands(source.page_size())},
      {"refreshed", IntervalText(source)},
      {"snapshot after", source.snapshot_after_refresh() ? "yes" : "no"},
      {"mark missing", source.mark_missing() ? "yes" : "no"},
      {"with relations", source.with_relations() ? "yes" : "no"},
      {"follow changes", source.follow_changes() ? "yes" : "no"},
      {"login and key", source.has_credentials() ? "kept" : "none"},
      {"position", absl::StrCat("behind post ", source.position())}};
  if (source.failed_page_count() > 0) {
    pairs.emplace_back("failed pages", absl::StrCat(WithThousands(source.failed_page_count()), ", to be tried again"));
  }
  if (source.has_last_refresh_ended_at()) {
    pairs.emplace_back("last refresh", HumanTime(source.last_refresh_ended_at()));
  }
  PrintPairs(pairs, terminal, out);
}

void SourceFlags::AddTo(CLI::App& app) {
  app_ = &app;
  app.add_option("--query", query_, "Only posts that match, in the board's own language")->type_name("QUERY");
  app.add_option("--page-size", page_size_, "Posts a page; by default as many as the board gives")->check(AtLeast(1));
  app.add_option("--interval", interval_,
                 "Refresh by itself, this long behind the last refresh (30m, 1h, 7d); 0: do not")
      ->type_name("DURATION");
  app.add_flag("--snapshot,!--no-snapshot", snapshot_, "Compile a snapshot behind each refresh that changed something");
  app.add_flag("--mark-missing,!--no-mark-missing", mark_missing_,
               "Mark posts as deleted that a page should show and does not");
  app.add_flag("--with-relations,!--no-with-relations", with_relations_,
               "Refresh aliases and implications of tags, too (Danbooru and e621)");
  app.add_flag("--follow-changes,!--no-follow-changes", follow_changes_,
               "Fetch posts that the board changed, too (Danbooru, e621 and Gelbooru)");
  app.add_option("--login", login_, "The board's login (Gelbooru: user id)")->type_name("NAME");
  app.add_option("--api-key-file", key_file_,
                 "File with the board's key (Moebooru: password hash); - reads it from "
                 "standard input")
      ->type_name("PATH");
  app.add_option("--position", position_, "Go on behind this post id; 0 walks the whole board")->check(AtLeast(0));
}

Outcome SourceFlags::ReadInterval(int64_t* interval_seconds) const {
  *interval_seconds = 0;
  if (interval_ == "0" || interval_ == "0s") return {};
  const std::optional<absl::Duration> interval = ParseInterval(interval_);
  if (!interval.has_value()) {
    return UsageError(absl::StrCat("--interval ", interval_, ": not a duration"), "Say 30m, 1h or 7d; 0 for none.");
  }
  // Not to 0, which means none: what is too short, the server refuses.
  *interval_seconds = absl::ToInt64Seconds(absl::Ceil(*interval, absl::Seconds(1)));
  return {};
}

Outcome SourceFlags::ReadKey(std::string* key) const {
  std::ifstream file;
  std::istream* in = &std::cin;
  if (key_file_ != "-") {
    errno = 0;
    file.open(key_file_, std::ios::binary);
    if (!file) return FileError("read", key_file_);
    in = &file;
  }
  // A key is a line; what is far longer is another file.
  constexpr size_t kSizeBytesMax = 4096;
  std::string text(kSizeBytesMax, '\0');
  in->read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in->gcount()));
  *key = std::string(absl::StripAsciiWhitespace(text));
  if (key->empty()) return LocalError(absl::StrCat(key_file_, " holds no key"));
  return {};
}

template <typename Request>
Outcome SourceFlags::Fill(Request& request) const {
  if (IsNamed("--query")) request.set_query(query_);
  if (IsNamed("--page-size")) request.set_page_size(page_size_);
  if (IsNamed("--snapshot")) request.set_snapshot_after_refresh(snapshot_);
  if (IsNamed("--mark-missing")) request.set_mark_missing(mark_missing_);
  if (IsNamed("--with-relations")) request.set_with_relations(with_relations_);
  if (IsNamed("--follow-changes")) request.set_follow_changes(follow_changes_);
  if (IsNamed("--login")) request.set_login(login_);
  if (IsNamed("--position")) request.set_position(position_);
  if (IsNamed("--api-key-file")) {
    std::string key;
    if (Outcome outcome = ReadKey(&key); !outcome.ok()) return outcome;
    request.set_api_key(key);
  }
  if (IsNamed("--interval")) {
    int64_t seconds = 0;
    if (Outcome outcome = ReadInterval(&seconds); !outcome.ok()) return outcome;
    request.mutable_interval()->set_seconds(seconds);
  }
  return {};
}

CreateSourceCommand::CreateSourceCommand(CLI::App* app) : Command(app) {
  std::vector<std::string> kinds;
  for (const auto& entry : BoardKinds()) kinds.push_back(entry.first);
  app->add_option("name", name_, "The source's name")->required()->type_name("NAME");
  app->add_option("address", address_, "The board's root, such as https://board.example")->required()->type_name("URL");
  app->add_option("-d,--dataset", dataset_, "The dataset to refresh; by default of the source's name")
      ->type_name("NAME");
  app->add_option("--kind", kind_, "What software the board runs")->required()->check(CLI::IsMember(kinds));
  flags_.AddTo(*app);
}

Outcome CreateSourceCommand::Run(Session& session) {
  v1::CreateSourceRequest request;
  request.set_name(name_);
  request.set_dataset(dataset_.empty() ? name_ : dataset_);
  request.set_kind(BoardKinds().at(kind_));
  request.set_address(address_);
  if (Outcome outcome = flags_.Fill(request); !outcome.ok()) return outcome;
  v1::CreateSourceResponse response;
  Client& client = session.client;
  if (const Outcome outcome = client.Call(client.sources(), &v1::SourceService::Stub::CreateSource, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  if (session.options.json) {
    PrintJson(response, session.out());
    return {};
  }
  PrintSource(response.source(), session.output.out_terminal, session.out());
  if (!response.created()) session.err() << "The source was there already." << std::endl;
  return {};
}

UpdateSourceCommand::UpdateSourceCommand(CLI::App* app) : Command(app) {
  app->add_option("name", name_, "The source's name")->required()->type_name("NAME");
  app->add_option("--board-address", address_, "The board's root")->type_name("URL");
  flags_.AddTo(*app);
}

Outcome UpdateSourceCommand::Run(Session& session) {
  v1::UpdateSourceRequest request;
  request.set_name(name_);
  if (!address_.empty()) request.set_address(address_);
  if (Outcome outcome = flags_.Fill(request); !outcome.ok()) return outcome;
  v1::UpdateSourceResponse response;
  Client& client = session.client;
  if (const Outcome outcome = client.Call(client.sources(), &v1::SourceService::Stub::UpdateSource, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  if (session.options.json) {
    PrintJson(response, session.out());
  } else {
    PrintSource(response.source(), session.output.out_terminal, session.out());
  }
  return {};
}

}  // namespace millrace::cli
