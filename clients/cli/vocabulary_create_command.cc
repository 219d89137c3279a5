#include "clients/cli/vocabulary_create_command.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/arguments.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

// The server takes no larger one, and gRPC would say so in terms of messages.
constexpr size_t kCsvSizeBytesMax = 16 << 20;

CLI::Option* AddRepeated(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                         const std::string& description, const std::string& type_name) {
  return app.add_option(name, values, description)->type_name(type_name)->take_all()->expected(1);
}

// A whole file; "-" is standard input.
Outcome ReadFile(const std::string& path, std::string* content) {
  std::ifstream file;
  errno = 0;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  content->assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  if (!in.good() && !in.eof()) return FileError("read", path);
  return {};
}

// The names of files, one on each line; empty lines are skipped.
template <typename Names>
Outcome AddNamesOf(const std::vector<std::string>& files, Names* names) {
  for (const std::string& path : files) {
    std::string content;
    if (const Outcome outcome = ReadFile(path, &content); !outcome.ok()) return outcome;
    for (absl::string_view line : absl::StrSplit(content, '\n')) {
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (!line.empty()) names->Add(std::string(line));
    }
  }
  return {};
}

std::vector<std::string> CategoryNames() {
  std::vector<std::string> names;
  for (int number = v1::TagCategory_MIN; number <= v1::TagCategory_MAX; ++number) {
    if (number != v1::TAG_CATEGORY_UNSPECIFIED) names.push_back(CategoryText(static_cast<v1::TagCategory>(number)));
  }
  return names;
}

}  // namespace

void PrintVocabulary(const v1::Vocabulary& vocabulary, bool full, const Terminal& terminal, std::ostream& out) {
  PrintPairs(
      {{"vocabulary", absl::StrCat(vocabulary.name(), "@", vocabulary.version())},
       {"digest", vocabulary.digest()},
       {"labels", WithThousands(vocabulary.label_count())},
       {"made from",
        vocabulary.snapshot().empty() ? "a file" : absl::StrCat("snapshot ", ShortDigest(vocabulary.snapshot(), full))},
       {"created", HumanTime(vocabulary.created_at())}},
      terminal, out);
}

CreateVocabularyCommand::CreateVocabularyCommand(CLI::App* app) : Command(app) {
  app->add_option("name", name_, "Its name: a-z, 0-9, '.', '_' and '-', beginning with a letter")
      ->required()
      ->type_name("NAME");
  scope_.AddTo(*app, Scope::Style::kFlagsOnly);
  app->add_option("--top", top_, "Only the N tags of most posts; all when left out")->check(AtLeast(0));
  app->add_option("--min-count", min_post_count_, "Only tags of at least so many posts")->check(AtLeast(0));
  tags_.AddTo(*app, ", for the counts; give what the plan gives that the labels are for");
  AddRepeated(*app, "--category", categories_, "Only tags of this category, once for each", "CATEGORY")
      ->check(CLI::IsMember(CategoryNames()));
  AddRepeated(*app, "--include", include_, "Only tags of these names, once for each", "TAG");
  AddRepeated(*app, "--include-from", include_files_, "Only tags named in this file, one on each line", "FILE");
  AddRepeated(*app, "--exclude", exclude_, "No tag of this name, once for each", "TAG");
  AddRepeated(*app, "--exclude-from", exclude_files_, "No tag named in this file, one on each line", "FILE");
  const std::vector<CLI::Option*> options = app->get_options();
  CLI::Option* csv = app->add_option("--from-csv", csv_file_,
                                     "A CSV file instead: a header line that names at least `name`, then a line a "
                                     "label; - reads it from standard input")
                         ->type_name("FILE");
  for (CLI::Option* option : options) {
    if (option->nonpositional() && option != app->get_help_ptr()) csv->excludes(option);
  }
}

Outcome CreateVocabularyCommand::FillSelection(Session& session, v1::VocabularySelection* selection) {
  if (const Outcome outcome = scope_.Fill(session, *selection); !outcome.ok()) return outcome;
  selection->set_top(top_);
  selection->set_min_post_count(min_post_count_);
  selection->set_tags(tags_.value());
  for (const std::string& category : categories_) {
    selection->add_categories(ParseCategory(category).value_or(v1::TAG_CATEGORY_UNSPECIFIED));
  }
  for (const std::string& name : include_) selection->add_include(name);
  for (const std::string& name : exclude_) selection->add_exclude(name);
  if (const Outcome outcome = AddNamesOf(include_files_, selection->mutable_include()); !outcome.ok()) return outcome;
  if (!include_files_.empty() && selection->include_size() == 0) {
    // Without names the server would take all tags.
    return UsageError("--include-from: the files name no tag");
  }
  return AddNamesOf(exclude_files_, selection->mutable_exclude());
}

Outcome CreateVocabularyCommand::Run(Session& session) {
  v1::CreateVocabularyRequest request;
  request.set_name(name_);
  if (csv_file_.empty()) {
    if (const Outcome outcome = FillSelection(session, request.mutable_selection()); !outcome.ok()) return outcome;
  } else {
    if (const Outcome outcome = ReadFile(csv_file_, request.mutable_csv()); !outcome.ok()) return outcome;
    if (request.csv().size() > kCsvSizeBytesMax) {
      return LocalError(
          absl::StrCat(csv_file_, " has ", HumanBytes(static_cast<int64_t>(request.csv().size())),
                       "; a vocabulary's file has at most ", HumanBytes(static_cast<int64_t>(kCsvSizeBytesMax))),
          "Take fewer labels, or leave columns out: only `name` is needed.");
    }
  }
  v1::CreateVocabularyResponse response;
  Client& client = session.client;
  if (const Outcome outcome =
          client.Call(client.vocabularies(), &v1::VocabularyService::Stub::CreateVocabulary, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  const v1::Vocabulary& made = response.vocabulary();
  if (Outcome outcome = CheckTagReading(request.selection().tags(), response.tags(),
                                        absl::StrCat("made vocabulary ", made.name(), "@", made.version()));
      !outcome.ok()) {
    return outcome;
  }
  if (session.options.json) {
    PrintJson(response, session.out());
    return {};
  }
  PrintVocabulary(made, session.options.full, session.output.out_terminal, session.out());
  if (!response.created()) session.out() << "\nThe name's newest version had these labels already.\n";
  return {};
}

}  // namespace millrace::cli
