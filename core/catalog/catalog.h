// The store of record: datasets with their posts and tags, imports, and the records of snapshots and plans.
// One SQLite file; only one process opens it (the data folder is locked by whoever owns this object).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/model/post.h"
#include "core/model/stats.h"
#include "core/model/tag_query.h"
#include "core/model/tag_relation.h"

namespace millrace {

class SourceStore;

struct CatalogOptions {
  std::string path;                     // "DATA/catalog.sqlite3"; created when missing
  int64_t cache_size_bytes = 64 << 20;  // of the writing connection's page cache
  std::function<int64_t()> now_us;      // microseconds since 1970; the system clock when empty
  // An import ends with kDiskFull when less than this is left on the disk: what it staged can then be removed,
  // and small writes go on. Removing takes up to twice the write-ahead log's 64 MiB.
  int64_t disk_headroom_bytes = 0;
};

struct DatasetInfo {
  std::string name;
  int64_t post_count = 0;
  std::string newest_snapshot;  // empty: none
  int64_t created_at_us = 0;
};

struct SnapshotRecord {
  std::string digest;
  std::string dataset;
  int64_t created_at_us = 0;
  int64_t post_count = 0;
  int64_t tag_count = 0;
  int64_t tag_use_count = 0;
  int64_t file_size_bytes = 0;
  int32_t format_version = 0;
};

struct PlanRecord {
  std::string id;
  std::string snapshot;
  std::string canonical_form;  // opaque here
  int64_t created_at_us = 0;
  std::string outcome;  // what became of it, opaque here; empty for plans of before there was one
};

// A version of a named vocabulary.
struct VocabularyRecord {
  std::string name;
  int64_t version = 0;  // from 1
  std::string digest;
  int64_t label_count = 0;
  std::string snapshot;  // that it was made from; empty: a file
  int64_t created_at_us = 0;
};

struct StoredVocabulary {
  VocabularyRecord record;
  std::string entries;  // opaque here
};

struct AddedVocabulary {
  VocabularyRecord record;
  bool created = false;
};

// Where a listing of vocabularies goes on: behind the name's version.
struct VocabularyCursor {
  std::string name;
  int64_t version = 0;
};

// Where a listing of relations goes on: behind this one.
struct TagRelationCursor {
  int64_t kind = 0;  // of TagRelationKind
  std::string antecedent;
  std::string consequent;
};

// Where a listing of artists goes on: behind the name and id.
struct ArtistCursor {
  std::string name;
  int64_t id = 0;
};

// Where a listing that runs from new to old goes on: behind (created_at_us, key).
struct TimeCursor {
  int64_t created_at_us = 0;
  std::string key;  // digest, plan id or import id
};

// Thread-safe. Reads run on connections of their own, side by side with each other and with a write; writes
// are short and take turns. Every call may wait for the disk: do not call from a thread that must not.
class Catalog {
 public:
  // Opens the file, migrates its schema (all versions or none) and marks imports that a crash ended as failed.
  // kSchemaTooNew when a newer program wrote it; kCatalogDamaged when it is not a catalog or not sound.
  static absl::StatusOr<std::unique_ptr<Catalog>> Open(const CatalogOptions& options);
  ~Catalog();

  // Removes what crashed imports left behind: invisible rows, seconds for each million. All else goes on meanwhile.
  // An import into a dataset with leftovers removes those first by itself, whether or not this is running.
  // kCancelled, between short transactions, when `cancelled` says so.
  absl::Status Sweep(const std::function<bool()>& cancelled);

  // Datasets, by name; `after` is the name to go on behind, empty for the start.
  absl::StatusOr<std::vector<DatasetInfo>> ListDatasets(std::string_view after, int64_t limit);
  absl::StatusOr<DatasetInfo> GetDataset(std::string_view dataset);
  absl::StatusOr<Stats> GetStats(std::string_view dataset);

  // All of these: kDatasetNotFound when there is no such dataset.
  absl::StatusOr<std::optional<Tag>> FindTag(std::string_view dataset, int64_t tag_id);
  // Tags of that exact name, most posts first, then smallest id; at most `limit`.
  absl::StatusOr<std::vector<Tag>> FindTagsByName(std::string_view dataset, std::string_view name, int64_t limit);
  absl::StatusOr<TagPage> ListTags(std::string_view dataset, const TagQuery& query);
  // The tags with these ids, in the same order. A tag that is not there (an import may have removed it since the
  // caller read its id from a post) comes back with its id alone: no name, no posts.
  absl::StatusOr<std::vector<Tag>> GetTags(std::string_view dataset, absl::Span<const int64_t> tag_ids);
  absl::StatusOr<std::optional<Post>> FindPost(std::string_view dataset, int64_t post_id);
  absl::StatusOr<std::optional<Post>> FindPostByMd5(std::string_view dataset, const Md5& md5);
  // Posts with id > after_id, ascending, at most `limit`; fewer, but one, when these hold more than 4 MiB.
  absl::StatusOr<std::vector<Post>> ListPosts(std::string_view dataset, int64_t after_id, int64_t limit);

  // What lists told of the dataset: aliases and implications by kind, antecedent and consequent; pools by id; artists
  // by name. At most `limit`; fewer, too, when these hold much (listed_bytes.h).
  absl::StatusOr<std::vector<TagRelation>> ListTagRelations(std::string_view dataset,
                                                            const std::optional<TagRelationCursor>& after,
                                                            int64_t limit);
  absl::StatusOr<std::vector<PoolFact>> ListPools(std::string_view dataset, int64_t after_id, int64_t limit);
  absl::StatusOr<std::vector<ArtistFact>> ListArtists(std::string_view dataset,
                                                      const std::optional<ArtistCursor>& after, int64_t limit);
  // Of tags, whether posts use them or not; with names that begin with `prefix` and come behind `after`, by name.
  absl::StatusOr<std::vector<TagFact>> ListTagFacts(std::string_view dataset, std::string_view prefix,
                                                    std::string_view after, int64_t limit);
  absl::StatusOr<std::optional<TagFact>> FindTagFact(std::string_view dataset, std::string_view name);

  // Reads a dataset as it is at one moment: first `tags` with all tags in use (ascending id, post_count set),
  // then `post` for every post (ascending id). Memory does not grow with the posts. Stops at the first error.
  struct Scan {
    std::function<absl::Status(std::vector<Tag> tags, int64_t post_count)> tags;
    std::function<absl::Status(const Post& post)> post;
    // Between the two, when set.
    std::function<absl::Status(DatasetFacts facts)> facts;
  };
  absl::Status ScanDataset(std::string_view dataset, const Scan& scan);

  // Begins an import: see import_session.h. Sessions must end before the catalog does.
  absl::StatusOr<BegunImport> BeginImport(const ImportSpec& spec);
  // Newest first. `dataset` empty: of all. Also of a dataset that has only failed imports so far, which nothing
  // else shows. kPageTokenInvalid when `after` names no import.
  absl::StatusOr<std::vector<ImportRecord>> ListImports(std::string_view dataset, std::optional<TimeCursor> after,
                                                        int64_t limit);
  absl::StatusOr<std::optional<ImportRecord>> FindNewestCommittedImport(std::string_view dataset);
  // Notes which snapshot an import ended with, for the answer to a repeated request_id.
  absl::Status SetImportSnapshot(std::string_view import_id, std::string_view digest);

  // Adds the record and makes it the dataset's newest; true when the digest was not known before. A known
  // digest keeps its created_at_us.
  absl::StatusOr<bool> AddSnapshot(const SnapshotRecord& record);
  // A full digest or a unique prefix of at least 8 digits. kSnapshotNotFound, kPrefixAmbiguous, kFieldInvalid.
  absl::StatusOr<SnapshotRecord> GetSnapshot(std::string_view digest_or_prefix);
  absl::StatusOr<std::vector<SnapshotRecord>> ListSnapshots(std::string_view dataset, std::optional<TimeCursor> after,
                                                            int64_t limit);
  // kSnapshotInUse, with the first plans' ids in the message, while plans refer to it.
  absl::Status DeleteSnapshot(std::string_view digest);

  // True when the plan was not known before. kSnapshotNotFound when its snapshot is not recorded.
  absl::StatusOr<bool> AddPlan(const PlanRecord& record);
  // A full id or a unique prefix of at least 8 digits. kPlanNotFound, kPrefixAmbiguous, kFieldInvalid.
  absl::StatusOr<PlanRecord> GetPlan(std::string_view id_or_prefix);
  absl::StatusOr<std::vector<PlanRecord>> ListPlans(std::string_view snapshot, std::optional<TimeCursor> after,
                                                    int64_t limit);
  absl::Status DeletePlan(std::string_view id);

  // Adds the record as the next version of its name, a number that was never given before; record.version is not
  // looked at. When the name's newest version has the record's digest, that version is returned instead.
  // kFieldInvalid for a name that CheckVocabularyName refuses.
  absl::StatusOr<AddedVocabulary> AddVocabulary(const VocabularyRecord& record, std::string_view entries);
  // NAME (the newest version), NAME@VERSION, or a digest or a unique prefix of at least 8 digits (of the versions that
  // have it the newest). kVocabularyNotFound, kPrefixAmbiguous, kFieldInvalid (field "vocabulary").
  absl::StatusOr<VocabularyRecord> GetVocabulary(std::string_view reference);
  absl::StatusOr<StoredVocabulary> GetVocabularyEntries(std::string_view reference);
  // By name, newest version first. `name` empty: of all.
  absl::StatusOr<std::vector<VocabularyRecord>> ListVocabularies(std::string_view name,
                                                                 const std::optional<VocabularyCursor>& after,
                                                                 int64_t limit);
  // Deletes one version and returns its record. Errors as GetVocabulary; kFieldInvalid also when several versions
  // have the digest given.
  absl::StatusOr<VocabularyRecord> DeleteVocabulary(std::string_view reference);

  // Boards to refresh datasets from; lives as long as the catalog.
  SourceStore& sources();

 private:
  friend class ImportSession;
  class Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
