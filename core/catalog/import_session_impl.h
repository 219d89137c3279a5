// What is behind ImportSession; for the catalog, which makes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/catalog/alias_rewriter.h"
#include "core/catalog/batch_writer.h"
#include "core/catalog/connections.h"
#include "core/catalog/dataset_rows.h"
#include "core/catalog/import_begin.h"
#include "core/catalog/import_session.h"
#include "core/catalog/live_imports.h"
#include "core/catalog/md5_index.h"
#include "core/catalog/staged_facts.h"
#include "core/catalog/staging_batch.h"
#include "core/catalog/tag_changes.h"
#include "core/catalog/tag_resolver.h"
#include "core/model/stats.h"

namespace millrace {

absl::Status SessionOverError();
// Of relations that nobody asked CheckRelations about.
absl::Status RefusedRelationError(const RefusedRelation& relation);

class ImportSession::Impl {
 public:
  // The import is recorded and live. `connections` and `live_imports` must outlive the session.
  static absl::StatusOr<std::unique_ptr<Impl>> Create(Connections& connections, LiveImports& live_imports,
                                                      const BegunRecord& begun, std::function<int64_t()> now_us);
  ~Impl();

  const std::string& import_id() const { return import_id_text_; }
  absl::StatusOr<Staged> Stage(const Post& post, absl::Span<const ImportedTag> tags, SourcePlace place);
  absl::Status StageTag(const TagFact& tag) {
    return StageFact([&] { return facts_.AddTag(tag); });
  }
  absl::Status StageTagRelation(const TagRelation& relation, SourcePlace place) {
    has_unchecked_relations_ = true;
    return StageFact([&] { return facts_.AddRelation(relation, place); });
  }
  absl::Status StagePool(const PoolFact& pool) {
    return StageFact([&] { return facts_.AddPool(pool); });
  }
  absl::Status StageArtist(const ArtistFact& artist) {
    return StageFact([&] { return facts_.AddArtist(artist); });
  }
  absl::Status CheckRelations(const std::function<absl::Status(const RefusedRelation&)>& refused);
  absl::StatusOr<AppliedAliases> ApplyAliases(const AliasOptions& options);
  absl::StatusOr<ImportOutcome> Commit(const ImportCounts& counts);
  void Abort(const absl::Status& error);

 private:
  Impl(Connections& connections, LiveImports& live_imports, const BegunRecord& begun, std::function<int64_t()> now_us,
       std::unique_ptr<Database> reader, Md5Collector md5s);

  absl::StatusOr<Staged> TryStage(const Post& post, absl::Span<const ImportedTag> tags, SourcePlace place);
  // The newest row of the post that is written: the dataset's, or one that this session staged. Behind the batches:
  // what these hold may be written or not.
  absl::StatusOr<std::optional<ExistingPost>> FindWritten(int64_t post_id);
  void CountPost(Rating rating, const std::string& file_ext, size_t tag_count, int64_t sign);
  std::optional<SourcePlace> FindInBatches(int64_t post_id) const;
  // Which tags of the staged posts give way, and to which.
  absl::StatusOr<TagReplacements> FindReplacements();
  // The id of the tag that takes a place; nothing when it may have none. `told_ids`: of names, what posts told.
  absl::StatusOr<std::optional<int64_t>> FindReplacementId(const std::string& name,
                                                           const absl::flat_hash_map<std::string, int64_t>& told_ids);
  absl::Status StageFact(const std::function<absl::Status()>& add);
  // Begins to write what is in the batch.
  absl::Status Flush();
  // Writes what is in the batch, and everything before it.
  absl::Status FlushAndWait();
  absl::StatusOr<ImportOutcome> TryCommit(const ImportCounts& counts);

  Connections& connections_;
  LiveImports& live_imports_;
  const DatasetRow dataset_;  // as it was at the beginning
  const int64_t import_id_;
  const std::string import_id_text_;
  const std::function<int64_t()> now_us_;
  const std::unique_ptr<Database> reader_;  // for look-ups and the md5s' temporary table

  bool is_over_ = false;
  StagingBatch batch_;        // that is filled
  BatchWriter batch_writer_;  // of those before
  Md5Collector md5s_;
  StagedFacts facts_;
  bool has_unchecked_relations_ = false;
  std::vector<TagRelation> superseded_relations_;  // of the dataset, with their new status
  TagResolver tag_resolver_;
  ResolvedTags resolved_tags_;  // of the post being staged
  TagChanges tag_changes_;
  bool has_numbered_tags_ = false;  // a record gave a tag's id
  Stats change_;                    // of the dataset's figures, tags aside; its id range is that of the posts staged
  int64_t replaced_post_count_ = 0;
  int64_t aliased_post_count_ = 0;
};

}  // namespace millrace
