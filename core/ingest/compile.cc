#include "core/ingest/compile.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/snapshot/format.h"
#include "core/snapshot/writer.h"

namespace millrace {
namespace {

// How many posts are written between two looks at the flag.
constexpr int64_t kPostsPerCheck = 1024;

absl::StatusOr<WrittenSnapshot> WriteSnapshot(Catalog& catalog, const std::string& folder, std::string_view dataset,
                                              const std::function<bool()>& cancelled) {
  std::unique_ptr<SnapshotWriter> writer;
  int64_t post_count = 0;
  Catalog::Scan scan;
  scan.tags = [&](std::vector<Tag> tags, int64_t) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(writer, SnapshotWriter::Create(folder, std::move(tags)));
    return absl::OkStatus();
  };
  scan.facts = [&](DatasetFacts facts) {
    writer->SetFacts(std::move(facts));
    return absl::OkStatus();
  };
  scan.post = [&](const Post& post) -> absl::Status {
    if (++post_count % kPostsPerCheck == 1 && cancelled && cancelled()) {
      return MakeError(Reason::kCancelled, "the compilation was cancelled; no snapshot was made");
    }
    return writer->Add(post);
  };
  MILLRACE_RETURN_IF_ERROR(catalog.ScanDataset(dataset, scan));
  return writer->Finish();
}

// A file that the catalog does not know would stay for ever. One that it knows, from before or from a compilation that
// ran at the same time, stays.
void RemoveIfUnknown(Catalog& catalog, SnapshotStore& store, const std::string& digest) {
  if (ReasonOf(catalog.GetSnapshot(digest).status()) == Reason::kSnapshotNotFound) {
    store.Delete(digest).IgnoreError();  // The first error is the one to tell; the file does no harm.
  }
}

// So that the first query need not wait for them. Without them it makes them itself, so an error here is none.
void MakePostings(SnapshotStore& store, const std::string& digest, const std::function<bool()>& cancelled) {
  const absl::StatusOr<std::shared_ptr<const Snapshot>> snapshot = store.Get(digest);
  if (snapshot.ok()) (*snapshot)->GetPostings(cancelled).IgnoreError();
}

}  // namespace

absl::StatusOr<CompiledSnapshot> CompileSnapshot(Catalog& catalog, SnapshotStore& store, std::string_view dataset,
                                                 const std::function<bool()>& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(const WrittenSnapshot written, WriteSnapshot(catalog, store.folder(), dataset, cancelled));
  SnapshotRecord record;
  record.digest = written.digest;
  record.dataset = dataset;
  record.created_at_us = absl::ToUnixMicros(absl::Now());
  record.post_count = written.post_count;
  record.tag_count = written.tag_count;
  record.tag_use_count = written.tag_use_count;
  record.file_size_bytes = written.file_size_bytes;
  record.format_version = static_cast<int32_t>(snapshot_file::kVersion);
  const absl::StatusOr<bool> is_new = catalog.AddSnapshot(record);
  if (!is_new.ok()) {
    RemoveIfUnknown(catalog, store, written.digest);
    return is_new.status();
  }
  MakePostings(store, written.digest, cancelled);
  // As the catalog has it: a known snapshot keeps its time, and the dataset that it was compiled from first.
  MILLRACE_ASSIGN_OR_RETURN(SnapshotRecord known, catalog.GetSnapshot(written.digest));
  return CompiledSnapshot{std::move(known), *is_new};
}

}  // namespace millrace
