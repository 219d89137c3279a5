// millrace snapshot create, list, get, verify, delete.
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/scope.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

void PrintSnapshot(const v1::Snapshot& snapshot, const Terminal& terminal, std::ostream& out) {
  PrintPairs({{"snapshot", snapshot.digest()},
              {"dataset", snapshot.dataset()},
              {"created", HumanTime(snapshot.created_at())},
              {"posts", WithThousands(snapshot.post_count())},
              {"tags", WithThousands(snapshot.tag_count())},
              {"tag uses", WithThousands(snapshot.tag_use_count())},
              {"file size", HumanBytes(snapshot.file_size_bytes())},
              {"format version", std::to_string(snapshot.format_version())}},
             terminal, out);
}

CLI::Option* AddDigest(CLI::App& app, std::string& digest) {
  return app.add_option("digest", digest, "The snapshot's digest, or 8 or more of its first digits")
      ->required()
      ->type_name("DIGEST");
}

class CreateSnapshotCommand : public Command {
 public:
  explicit CreateSnapshotCommand(CLI::App* app) : Command(app) {
    app->add_option("dataset", dataset_, "The dataset to compile")->required()->type_name("NAME");
  }

  Outcome Run(Session& session) override {
    v1::CreateSnapshotRequest request;
    request.set_dataset(dataset_);
    v1::CreateSnapshotResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.snapshots(), &v1::SnapshotService::Stub::CreateSnapshot, request,
                                            &response, CallKind::kLong);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    PrintSnapshot(response.snapshot(), session.output.out_terminal, session.out());
    if (!response.created()) session.out() << "\nThe dataset had this snapshot already.\n";
    return {};
  }

 private:
  std::string dataset_;
};

class ListSnapshotsCommand : public Command {
 public:
  explicit ListSnapshotsCommand(CLI::App* app) : Command(app) {
    app->add_option("-d,--dataset,dataset", dataset_, "Only snapshots of this dataset")->type_name("NAME");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListSnapshotsRequest request;
    request.set_dataset(dataset_);
    const bool full = session.options.full;
    return PrintList<v1::SnapshotService::Stub, v1::ListSnapshotsRequest, v1::ListSnapshotsResponse, v1::Snapshot>(
        session, session.client.snapshots(), &v1::SnapshotService::Stub::ListSnapshots, request,
        &v1::ListSnapshotsResponse::snapshots, limit_,
        Table({{"snapshot"},
               {"dataset", Align::kLeft, true},
               {"created"},
               {"posts", Align::kRight},
               {"tags", Align::kRight},
               {"tag uses", Align::kRight},
               {"size", Align::kRight}},
              session.output.out_terminal),
        [full](const v1::Snapshot& snapshot) -> std::vector<std::string> {
          return {ShortDigest(snapshot.digest(), full),  snapshot.dataset(),
                  HumanTime(snapshot.created_at()),      WithThousands(snapshot.post_count()),
                  WithThousands(snapshot.tag_count()),   WithThousands(snapshot.tag_use_count()),
                  HumanBytes(snapshot.file_size_bytes())};
        },
        "No snapshots. Create one: millrace snapshot create DATASET");
  }

 private:
  std::string dataset_;
  Limit limit_;
};

class GetSnapshotCommand : public Command {
 public:
  explicit GetSnapshotCommand(CLI::App* app) : Command(app) { AddDigest(*app, digest_); }

  Outcome Run(Session& session) override {
    v1::GetSnapshotRequest request;
    request.set_digest(digest_);
    v1::GetSnapshotResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.snapshots(), &v1::SnapshotService::Stub::GetSnapshot, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else {
      PrintSnapshot(response.snapshot(), session.output.out_terminal, session.out());
    }
    return {};
  }

 private:
  std::string digest_;
};

class VerifySnapshotCommand : public Command {
 public:
  explicit VerifySnapshotCommand(CLI::App* app) : Command(app) { AddDigest(*app, digest_); }

  Outcome Run(Session& session) override {
    v1::VerifySnapshotRequest request;
    request.set_digest(digest_);
    v1::VerifySnapshotResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.snapshots(), &v1::SnapshotService::Stub::VerifySnapshot, request,
                                            &response, CallKind::kLong);
        !outcome.ok()) {
      return outcome;
    }
    const std::string name = absl::StrCat("snapshot ", ShortDigest(response.digest(), session.options.full));
    if (session.options.json) {
      PrintJson(response, session.out());
    } else if (response.intact()) {
      session.out() << name << " is intact: " << HumanBytes(response.byte_count()) << " read, every checksum and the "
                    << "digest agree\n";
    } else {
      for (const std::string& damage : response.damages()) session.out() << Printable(damage) << '\n';
    }
    if (response.intact()) return {};
    Outcome outcome;
    outcome.exit_code = ExitCode::kDataRejected;
    outcome.message = absl::StrCat(name, " is damaged in ", response.damages_size(), " places");
    outcome.hint = "Restore its file from a copy, or delete it and compile the dataset anew.";
    return outcome;
  }

 private:
  std::string digest_;
};

class DeleteSnapshotCommand : public Command {
 public:
  explicit DeleteSnapshotCommand(CLI::App* app) : Command(app) {
    AddDigest(*app, digest_);
    app->add_flag("--allow-missing", allow_missing_, "Succeed when there is none (needs the full digest)");
  }

  Outcome Run(Session& session) override {
    v1::DeleteSnapshotRequest request;
    request.set_digest(digest_);
    request.set_allow_missing(allow_missing_);
    v1::DeleteSnapshotResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.snapshots(), &v1::SnapshotService::Stub::DeleteSnapshot, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else {
      session.out() << "snapshot " << Printable(digest_) << " is gone\n";
    }
    return {};
  }

 private:
  std::string digest_;
  bool allow_missing_ = false;
};

}  // namespace

void AddSnapshotCommands(CLI::App& root, Commands& commands) {
  CLI::App* group = AddGroup(root, "snapshot", "Compile datasets into immutable snapshots, check and delete them");
  commands.push_back(std::make_unique<CreateSnapshotCommand>(
      group->add_subcommand("create", "Compile a dataset as it is now into a snapshot")));
  commands.push_back(
      std::make_unique<ListSnapshotsCommand>(group->add_subcommand("list", "List snapshots, newest first")));
  commands.push_back(std::make_unique<GetSnapshotCommand>(group->add_subcommand("get", "Show one snapshot")));
  commands.push_back(std::make_unique<VerifySnapshotCommand>(
      group->add_subcommand("verify", "Read a snapshot whole and compare every checksum; exit code 5 when damaged")));
  commands.push_back(std::make_unique<DeleteSnapshotCommand>(
      group->add_subcommand("delete", "Delete a snapshot that no plan refers to")));
}

}  // namespace millrace::cli
