#include "clients/cli/scope.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"

namespace millrace::cli {

void Scope::AddTo(CLI::App& app, Style style) {
  const char* names = style == Style::kPositional ? "-d,--dataset,dataset" : "-d,--dataset";
  CLI::Option* dataset = app.add_option(names, dataset_, "The dataset; may be left out when there is only one");
  app.add_option("-s,--snapshot", snapshot_, "A snapshot instead: its digest, or 8 or more of its first digits")
      ->type_name("DIGEST")
      ->excludes(dataset);
  dataset->type_name("NAME");
}

std::string Scope::Text(bool full) const {
  return snapshot_.empty() ? absl::StrCat("dataset ", dataset_)
                           : absl::StrCat("snapshot ", ShortDigest(snapshot_, full));
}

Outcome Scope::Resolve(Session& session) {
  if (!dataset_.empty() || !snapshot_.empty()) return {};
  v1::ListDatasetsRequest request;
  v1::ListDatasetsResponse response;
  Client& client = session.client;
  if (const Outcome outcome =
          client.Call(client.catalog(), &v1::CatalogService::Stub::ListDatasets, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  if (response.datasets_size() == 1) {
    dataset_ = response.datasets(0).name();
    return {};
  }
  if (response.datasets_size() == 0) {
    Outcome outcome;
    outcome.exit_code = ExitCode::kNotFound;
    outcome.message = absl::StrCat(client.address(), " has no datasets yet");
    outcome.hint = "Bring one in: millrace import DATASET PATH...";
    return outcome;
  }
  std::vector<std::string> names;
  for (const v1::Dataset& dataset : response.datasets()) names.push_back(dataset.name());
  return UsageError(absl::StrCat("which dataset? There are several: ", absl::StrJoin(names, ", ")),
                    "Name one with --dataset, or a snapshot with --snapshot.");
}

}  // namespace millrace::cli
