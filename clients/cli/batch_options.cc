#include "clients/cli/batch_options.h"

#include "absl/strings/str_split.h"
#include "clients/cli/arguments.h"

namespace millrace::cli {

void BatchOptions::AddTo(CLI::App& app) {
  app.add_option("plan", plan_id_, "The plan's id, or 8 or more of its first digits")->required()->type_name("PLAN");
  app.add_option("split", split_, "The split's name")->required()->type_name("SPLIT");
  app.add_option("--rank", rank_, "The rank to take the slice of")->capture_default_str();
  app.add_option("--world-size", world_size_, "The number of ranks")->check(AtLeast(1))->capture_default_str();
  CLI::Option* ids_only =
      app.add_flag("--ids-only", ids_only_, "Ask only for ids and rows, not for the posts themselves");
  app.add_option("--fields", fields_, "Only these fields of posts: tags,score,source; ids and rows are there always")
      ->type_name("NAME,...")
      ->excludes(ids_only);
  CLI::Option* columns =
      app.add_flag("--columns", columns_, "Ask for columns, as trainers do, instead of posts")->excludes(ids_only);
  CLI::Option* labels = app.add_option("--labels", vocabulary_, "Add the labels by this vocabulary")
                            ->type_name("VOCABULARY")
                            ->needs(columns);
  app.add_option("--label-encoding", label_encoding_, "How labels are written")
      ->check(CLI::IsMember({"csr", "dense", "bits"}))
      ->capture_default_str()
      ->needs(labels);
  app.add_flag("--rating-one-hot", rating_one_hot_, "Add the ratings as one-hot vectors")->needs(columns);
}

v1::Projection BatchOptions::MakeProjection() const {
  v1::Projection projection;
  projection.set_encoding(columns_ ? v1::BATCH_ENCODING_COLUMNS : v1::BATCH_ENCODING_ROWS);
  // The server tells which names there are.
  if (!fields_.empty()) {
    for (const auto& name : absl::StrSplit(fields_, ',')) projection.add_fields(std::string(name));
  }
  if (!vocabulary_.empty()) {
    projection.mutable_labels()->set_vocabulary(vocabulary_);
    projection.mutable_labels()->set_encoding(label_encoding_ == "dense"  ? v1::LABEL_ENCODING_DENSE
                                              : label_encoding_ == "bits" ? v1::LABEL_ENCODING_BITS
                                                                          : v1::LABEL_ENCODING_CSR);
  }
  projection.set_rating_one_hot(rating_one_hot_);
  return projection;
}

}  // namespace millrace::cli
