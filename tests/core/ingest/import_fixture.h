// A catalog and a snapshot store in folders of their own, and imports into them.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/ingest/pipeline.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {

struct ImportedFile {
  std::string name;
  std::string bytes;
  Compression compression = Compression::kUnspecified;
};

struct ImportLimits {
  SourceFormat format = SourceFormat::kDanbooruJsonl;
  int64_t max_rejected_count = 0;
  bool apply_aliases = false;
};

struct Imported {
  absl::Status status;  // of the first step that failed
  ImportOutcome outcome;
  PipelineProgress progress;
  std::vector<RejectedRecord> rejected;
};

inline std::string OpenClipart() { return ReadWholeFile(std::string(MILLRACE_TEST_DATA) + "/openclipart.jsonl"); }

class ImportFixture {
 public:
  ImportFixture() {
    CatalogOptions options;
    options.path = folder_.path() + "/catalog.sqlite3";
    auto catalog = Catalog::Open(options);
    INFO(catalog.status().ToString());
    REQUIRE(catalog.ok());
    catalog_ = *std::move(catalog);
  }

  Catalog& catalog() { return *catalog_; }
  const std::string& folder() const { return folder_.path(); }
  bool SpoolIsEmpty() const { return spool_.EntryCount() == 0; }

  // Begins an import into dataset `d`.
  std::unique_ptr<ImportSession> Begin(const std::string& dataset = "d") {
    auto begun = catalog_->BeginImport({dataset, "request-" + std::to_string(++request_count_), 1});
    INFO(begun.status().ToString());
    REQUIRE(begun.ok());
    return std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  }

  // Feeds the files in pieces of a size that is no power of two, and commits when all went well.
  Imported Import(const std::vector<ImportedFile>& files, const ImportLimits& limits = {},
                  const std::string& dataset = "d") {
    constexpr size_t kPieceBytes = 10007;
    Imported imported;
    const std::unique_ptr<ImportSession> session = Begin(dataset);
    PipelineOptions options;
    options.format = limits.format;
    options.max_rejected_count = limits.max_rejected_count;
    options.apply_aliases = limits.apply_aliases;
    options.spool_folder = spool_.path();
    options.on_rejected = [&](const RejectedRecord& rejected) { imported.rejected.push_back(rejected); };
    auto pipeline = ImportPipeline::Create(session.get(), options);
    REQUIRE(pipeline.ok());
    for (const ImportedFile& file : files) {
      if (imported.status.ok()) imported.status = (*pipeline)->BeginFile(file.name, file.compression);
      for (size_t i = 0; i < file.bytes.size() && imported.status.ok(); i += kPieceBytes) {
        imported.status = (*pipeline)->Feed(std::string_view(file.bytes).substr(i, kPieceBytes));
      }
    }
    if (imported.status.ok()) imported.status = (*pipeline)->Finish();
    imported.progress = (*pipeline)->progress();
    if (!imported.status.ok()) return session->Abort(imported.status), imported;
    auto outcome = session->Commit(
        {imported.progress.rejected_count, imported.progress.duplicate_tag_count, imported.progress.byte_count});
    imported.status = outcome.status();
    if (outcome.ok()) imported.outcome = *outcome;
    return imported;
  }

 private:
  TemporaryFolder folder_, spool_;
  int request_count_ = 0;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace millrace
