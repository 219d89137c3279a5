// An import in the making. Its posts are staged in small transactions, invisible to every reader, and become
// visible all at once by one transaction whose cost grows with the tags, not with the posts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/listed_counts.h"
#include "core/model/post.h"
#include "core/model/tag_relation.h"

namespace millrace {

struct ImportSpec {
  std::string dataset;     // created when new
  std::string request_id;  // the same one imports once
  int32_t format = 0;      // opaque here; 0: not named. A repeated request must name the same, or none
};

// What a committed import did. The fields are those of millrace.v1.ImportResult.
struct ImportOutcome {
  std::string import_id;
  std::string dataset;
  int32_t format = 0;  // as ImportCounts told it
  int64_t new_post_count = 0;
  int64_t replaced_post_count = 0;
  int64_t rejected_count = 0;
  int64_t duplicate_tag_count = 0;
  int64_t changed_tag_count = 0;
  int64_t aliased_post_count = 0;
  int64_t byte_count = 0;
  FactCounts facts;
  std::string snapshot;  // empty: none (yet)
  int64_t committed_at_us = 0;
};

enum class ImportState { kRunning = 1, kCommitted = 2, kFailed = 3 };

struct ImportRecord {
  ImportState state = ImportState::kRunning;
  int32_t format = 0;  // as outcome.format once it is committed; before, as the spec named it
  std::string request_id;
  int64_t started_at_us = 0;
  ImportOutcome outcome;  // import_id and dataset always; the rest when committed
  absl::Status error;     // when failed
};

// A tag as a record of the dump names it. The name is borrowed for the call.
struct ImportedTag {
  int64_t id = 0;  // 0: the source knows it by its name only
  std::string_view name;
  TagCategory category = TagCategory::kUnspecified;
};

// Where in the dump a record stands: the number of the file (0-based) and the line or row in it (1-based).
struct SourcePlace {
  int32_t file_index = 0;
  int64_t line = 0;
};

struct Staged {
  enum class Kind { kNew, kReplaced, kDuplicate };
  Kind kind = Kind::kNew;
  SourcePlace first_place;          // kDuplicate: the record of this import that has the id
  int64_t duplicate_tag_count = 0;  // of tags known by name: how many uses the record repeated
};

// How ApplyAliases goes about it.
struct AliasOptions {
  // A post's extra_json with the names that gave way (ascending, each once) put in.
  std::function<absl::StatusOr<std::string>(const std::string& extra_json, absl::Span<const std::string_view> said)>
      keep_said;
  // Asked now and then; an error ends it.
  std::function<absl::Status()> check_cancelled;
};

// What became of the staged posts.
struct AppliedAliases {
  int64_t post_count = 0;           // in which a tag gave way
  int64_t duplicate_tag_count = 0;  // tags that took the place of several, or that the post had besides
};

// An alias or implication that may not stand, and why: the reason goes on after the field's name.
struct RefusedRelation {
  TagRelation relation;
  SourcePlace place;
  std::string field;
  std::string reason;
};

// What the caller counted and found out, for the record.
struct ImportCounts {
  int64_t rejected_count = 0;
  int64_t duplicate_tag_count = 0;
  int64_t byte_count = 0;
  int32_t format = 0;  // what the spec's 0 turned out to be; 0: as the spec says
  // The source whose refresh it is: the commit notes that its tags changed, too (SourceStore::HasUncompiledTags). 0:
  // none.
  int64_t refreshed_source_id = 0;
};

class Catalog;

// Used by one thread at a time; it writes on one of its own. Memory grows with the tags, not with the posts. A session
// that is destroyed without Commit is aborted: what it staged is removed, and the dataset is as before.
class ImportSession {
 public:
  ~ImportSession();
  ImportSession(const ImportSession&) = delete;
  ImportSession& operator=(const ImportSession&) = delete;

  const std::string& import_id() const;

  // Stages a post and its tags. Either post.tag_ids are the ids of `tags`, ascending, each once; or post.tag_ids is
  // empty, tags come in any order and may repeat, and those without an id get one by name (see tag_resolver.h). A tag
  // without a category keeps the one that is known. A kDuplicate (the post's id was staged before by this session)
  // changes nothing. Errors (kDiskFull, kIoError) end the session; they may be those of writing posts staged before.
  absl::StatusOr<Staged> Stage(const Post& post, absl::Span<const ImportedTag> tags, SourcePlace place);

  // Stage what a board tells apart from posts: it becomes visible with the posts. Of what is told twice the last
  // stands, as far as it tells anything: what a list leaves out erases nothing that one before it told. A tag's id
  // serves posts that name it from then on; one that posts have used before keeps its id. kFileInvalid when all that
  // together is too large for memory; errors end the session.
  absl::Status StageTag(const TagFact& tag);
  absl::Status StageTagRelation(const TagRelation& relation, SourcePlace place);
  absl::Status StagePool(const PoolFact& pool);
  absl::Status StageArtist(const ArtistFact& artist);

  // Checks the relations staged so far against each other and those of the dataset, takes back the ones that may not
  // stand (relation_check.h) and calls `refused` for each, in the order of the dump, until it returns an error. An
  // alias of the dataset that contradicts one staged becomes "superseded".
  absl::Status CheckRelations(const std::function<absl::Status(const RefusedRelation&)>& refused);

  // In the posts staged so far, puts what tags are aliases of in their place: by the aliases that will be active once
  // the session is committed, the dataset's and those staged, in whatever order they and the posts came. Where records
  // give tags' ids, only tags whose id is known (to the dataset, a list, or a post staged) take a place. Call it last
  // before Commit, behind CheckRelations. What no tag gives way in costs next to nothing; where one does, the tags of
  // all rows staged are read once more. kRecordRejected as Commit. After an error only Abort.
  absl::StatusOr<AppliedAliases> ApplyAliases(const AliasOptions& options);

  // Makes everything staged visible, durably. The session is over, whatever the result. Before the transaction
  // that does it the md5s are indexed, and after it replaced posts are removed: both take time that grows with
  // the posts, in short transactions that keep nobody waiting. kRecordRejected when relations that CheckRelations was
  // not asked about may not stand.
  absl::StatusOr<ImportOutcome> Commit(const ImportCounts& counts);

  // Removes what was staged and records why. The session is over.
  void Abort(const absl::Status& error);

 private:
  friend class Catalog;
  class Impl;
  explicit ImportSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Either a session, or the outcome of the import that had the same request_id.
using BegunImport = std::variant<std::unique_ptr<ImportSession>, ImportOutcome>;

}  // namespace millrace
