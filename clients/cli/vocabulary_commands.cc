// millrace vocabulary list, show, export, delete; vocabulary create has a file of its own.
#include <algorithm>
#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/table.h"
#include "clients/cli/vocabulary_create_command.h"

namespace millrace::cli {
namespace {

CLI::Option* AddReference(CLI::App& app, std::string& reference) {
  return app
      .add_option("vocabulary", reference,
                  "NAME (its newest version), NAME@VERSION, or the digest or 8 or more of its first digits")
      ->required()
      ->type_name("VOCABULARY");
}

class ListVocabulariesCommand : public Command {
 public:
  explicit ListVocabulariesCommand(CLI::App* app) : Command(app) {
    app->add_option("name", name_, "Only versions of this name")->type_name("NAME");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListVocabulariesRequest request;
    request.set_name(name_);
    const bool full = session.options.full;
    return PrintList<v1::VocabularyService::Stub, v1::ListVocabulariesRequest, v1::ListVocabulariesResponse,
                     v1::Vocabulary>(
        session, session.client.vocabularies(), &v1::VocabularyService::Stub::ListVocabularies, request,
        &v1::ListVocabulariesResponse::vocabularies, limit_,
        Table({{"vocabulary", Align::kLeft, true}, {"digest"}, {"labels", Align::kRight}, {"snapshot"}, {"created"}},
              session.output.out_terminal),
        [full](const v1::Vocabulary& vocabulary) -> std::vector<std::string> {
          return {absl::StrCat(vocabulary.name(), "@", vocabulary.version()), ShortDigest(vocabulary.digest(), full),
                  WithThousands(vocabulary.label_count()),
                  vocabulary.snapshot().empty() ? "-" : ShortDigest(vocabulary.snapshot(), full),
                  HumanTime(vocabulary.created_at())};
        },
        "No vocabularies. Create one: millrace vocabulary create NAME --top 1000");
  }

 private:
  std::string name_;
  Limit limit_;
};

class ShowVocabularyCommand : public Command {
 public:
  explicit ShowVocabularyCommand(CLI::App* app) : Command(app) {
    AddReference(*app, reference_);
    app->add_option("--limit", limit_, "Show the first N labels; 0 shows all")
        ->check(AtLeast(0))
        ->capture_default_str();
  }

  Outcome Run(Session& session) override {
    v1::GetVocabularyRequest request;
    request.set_vocabulary(reference_);
    v1::GetVocabularyResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.vocabularies(), &v1::VocabularyService::Stub::GetVocabulary, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    PrintVocabulary(response.vocabulary(), session.options.full, session.output.out_terminal, session.out());
    session.out() << '\n';
    return PrintEntries(session, response.vocabulary());
  }

 private:
  Outcome PrintEntries(Session& session, const v1::Vocabulary& vocabulary) {
    constexpr int64_t kPageSizeMax = 10'000;
    v1::ListVocabularyEntriesRequest request;
    request.set_vocabulary(absl::StrCat(vocabulary.name(), "@", vocabulary.version()));
    const int64_t wanted_count = limit_ == 0 ? vocabulary.label_count() : std::min(limit_, vocabulary.label_count());
    Table table({{"label", Align::kRight}, {"tag", Align::kLeft, true}, {"category"}, {"posts", Align::kRight}},
                session.output.out_terminal);
    Client& client = session.client;
    int64_t label = 0;
    while (label < wanted_count) {
      request.set_page_size(static_cast<int32_t>(std::min(wanted_count - label, kPageSizeMax)));
      v1::ListVocabularyEntriesResponse response;
      if (const Outcome outcome = client.Call(client.vocabularies(),
                                              &v1::VocabularyService::Stub::ListVocabularyEntries, request, &response);
          !outcome.ok()) {
        return outcome;
      }
      for (const v1::VocabularyEntry& entry : response.entries()) {
        table.AddRow(
            {std::to_string(label++), entry.name(), CategoryText(entry.category()), WithThousands(entry.post_count())});
      }
      table.Print(session.out());
      if (response.next_page_token().empty()) break;
      request.set_page_token(response.next_page_token());
    }
    session.out().flush();
    if (label < vocabulary.label_count()) session.err() << "There are more; --limit 0 shows all." << std::endl;
    return {};
  }

  std::string reference_;
  int64_t limit_ = 20;
};

class ExportVocabularyCommand : public Command {
 public:
  explicit ExportVocabularyCommand(CLI::App* app) : Command(app) {
    AddReference(*app, reference_);
    app->add_option("-o,--output", file_, "Write to this file instead of standard output")->type_name("FILE");
  }

  Outcome Run(Session& session) override {
    v1::ExportVocabularyRequest request;
    request.set_vocabulary(reference_);
    v1::ExportVocabularyResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.vocabularies(), &v1::VocabularyService::Stub::ExportVocabulary, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (file_.empty() || file_ == "-") {
      session.out() << response.csv();
      return {};
    }
    errno = 0;
    std::ofstream file(file_, std::ios::binary);
    file << response.csv();
    file.close();
    if (!file.good()) return FileError("write", file_);
    session.err() << "wrote " << HumanBytes(static_cast<int64_t>(response.csv().size())) << " to " << Printable(file_)
                  << std::endl;
    return {};
  }

 private:
  std::string reference_;
  std::string file_;
};

class DeleteVocabularyCommand : public Command {
 public:
  explicit DeleteVocabularyCommand(CLI::App* app) : Command(app) {
    AddReference(*app, reference_);
    app->add_flag("--allow-missing", allow_missing_, "Succeed when there is none");
  }

  Outcome Run(Session& session) override {
    v1::DeleteVocabularyRequest request;
    request.set_vocabulary(reference_);
    request.set_allow_missing(allow_missing_);
    v1::DeleteVocabularyResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.vocabularies(), &v1::VocabularyService::Stub::DeleteVocabulary, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else if (reference_.find('@') == std::string::npos) {
      session.out() << "the version that " << Printable(reference_) << " meant is gone\n";
    } else {
      session.out() << "vocabulary " << Printable(reference_) << " is gone\n";
    }
    return {};
  }

 private:
  std::string reference_;
  bool allow_missing_ = false;
};

}  // namespace

void AddVocabularyCommands(CLI::App& root, Commands& commands) {
  CLI::App* group = AddGroup(root, "vocabulary", "Choose which tags are labels, look at such lists, export them");
  commands.push_back(std::make_unique<CreateVocabularyCommand>(
      group->add_subcommand("create", "Make a vocabulary from a snapshot's tags or from a CSV file")));
  commands.push_back(std::make_unique<ListVocabulariesCommand>(
      group->add_subcommand("list", "List vocabularies by name, newest version first")));
  commands.push_back(std::make_unique<ShowVocabularyCommand>(
      group->add_subcommand("show", "Show a vocabulary and its first labels")->alias("get")));
  commands.push_back(std::make_unique<ExportVocabularyCommand>(
      group->add_subcommand("export", "Print a vocabulary as CSV, as taggers use it")));
  commands.push_back(std::make_unique<DeleteVocabularyCommand>(
      group->add_subcommand("delete", "Delete one version; its number is not given again")));
}

}  // namespace millrace::cli
