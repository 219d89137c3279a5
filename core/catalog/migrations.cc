#include "core/catalog/migrations.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/sources_schema.h"

namespace millrace {
namespace {

// Version 1.
//
// An import's id serves as the generation of what it brings: imports of one dataset run one at a time and ids
// only grow, so a dataset shows, of each post, the row with the greatest import_id that is at most its
// committed_import_id. Rows above that are being staged; rows hidden by a newer one wait to be swept.
//
// posts keeps SQLite's row number as its key, so that rows are appended whatever the order of the post ids;
// the tags of a post are one packed value, because a row for each use of a tag takes four times the room and
// eleven times the time. post_md5s leads to post ids, not to rows: it is a hint that the current row has to
// confirm, so it need not change together with the posts (see md5_index.h).
constexpr char kVersion1[] = R"sql(
CREATE TABLE datasets (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  committed_import_id INTEGER,   -- NULL: nothing was committed yet, the dataset is not to be seen
  created_at_us INTEGER,
  post_count INTEGER NOT NULL DEFAULT 0,
  tag_use_count INTEGER NOT NULL DEFAULT 0,
  min_post_id INTEGER,
  max_post_id INTEGER
) STRICT;

-- The other figures of Stats: `kind` is StatKind, `key` the rating, category or file type.
CREATE TABLE dataset_counts (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  kind INTEGER NOT NULL,
  key TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  request_id TEXT NOT NULL,
  format INTEGER NOT NULL,
  state INTEGER NOT NULL,          -- ImportState
  started_at_us INTEGER NOT NULL,
  first_row INTEGER NOT NULL,      -- no row of posts below belongs to this import
  has_md5s INTEGER NOT NULL DEFAULT 0,  -- 1: it has begun to write to post_md5s
  is_swept INTEGER NOT NULL DEFAULT 0,  -- 1: nothing is left to remove on its account
  committed_at_us INTEGER,
  new_post_count INTEGER NOT NULL DEFAULT 0,
  replaced_post_count INTEGER NOT NULL DEFAULT 0,
  rejected_count INTEGER NOT NULL DEFAULT 0,
  duplicate_tag_count INTEGER NOT NULL DEFAULT 0,
  changed_tag_count INTEGER NOT NULL DEFAULT 0,
  byte_count INTEGER NOT NULL DEFAULT 0,
  snapshot TEXT,
  error_reason INTEGER,
  error_message TEXT,
  error_field TEXT,
  error_metadata BLOB
) STRICT;
CREATE INDEX imports_by_request ON imports (request_id);
CREATE INDEX imports_by_time ON imports (started_at_us, id);
CREATE INDEX imports_by_dataset ON imports (dataset_id, started_at_us, id);
CREATE INDEX imports_unswept ON imports (id) WHERE is_swept = 0;
CREATE UNIQUE INDEX imports_committed_once ON imports (request_id) WHERE state = 2;

CREATE TABLE tags (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  tag_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  category INTEGER NOT NULL,
  post_count INTEGER NOT NULL,     -- at least 1
  PRIMARY KEY (dataset_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (dataset_id, name, tag_id);
CREATE INDEX tags_by_count ON tags (dataset_id, post_count DESC, tag_id);

CREATE TABLE posts (
  row INTEGER PRIMARY KEY,
  dataset_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  import_id INTEGER NOT NULL,
  file_index INTEGER NOT NULL,
  line INTEGER NOT NULL,
  md5 BLOB,
  rating INTEGER NOT NULL,
  file_ext TEXT NOT NULL,
  tag_ids BLOB NOT NULL,
  flags_known INTEGER NOT NULL,
  flags_value INTEGER NOT NULL,
  width_px INTEGER,
  height_px INTEGER,
  file_size_bytes INTEGER,
  source TEXT NOT NULL,
  pixiv_id INTEGER,
  parent_id INTEGER,
  uploader_id INTEGER,
  approver_id INTEGER,
  score INTEGER,
  up_score INTEGER,
  down_score INTEGER,
  created_at_us INTEGER,
  updated_at_us INTEGER,
  last_commented_at_us INTEGER,
  last_noted_at_us INTEGER,
  pools BLOB NOT NULL,
  favorite_user_ids BLOB NOT NULL,
  extra_json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX posts_by_id ON posts (dataset_id, post_id, import_id DESC);

CREATE TABLE post_md5s (
  dataset_id INTEGER NOT NULL,
  md5 BLOB NOT NULL,
  post_id INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, md5, post_id)
) STRICT, WITHOUT ROWID;

-- Rows that an import hides once it is committed.
CREATE TABLE superseded_posts (
  import_id INTEGER NOT NULL,
  row INTEGER NOT NULL,
  PRIMARY KEY (import_id, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  digest TEXT PRIMARY KEY,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  created_at_us INTEGER NOT NULL,
  post_count INTEGER NOT NULL,
  tag_count INTEGER NOT NULL,
  tag_use_count INTEGER NOT NULL,
  file_size_bytes INTEGER NOT NULL,
  format_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshots_by_time ON snapshots (created_at_us, digest);

-- Which datasets had a snapshot's content, the newest with the greatest sequence: two datasets, or one dataset
-- at two times, may have the same content and so the same snapshot.
CREATE TABLE dataset_snapshots (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  digest TEXT NOT NULL REFERENCES snapshots (digest) ON DELETE CASCADE,
  UNIQUE (dataset_id, digest)
) STRICT;
CREATE INDEX dataset_snapshots_newest ON dataset_snapshots (dataset_id, sequence);
CREATE INDEX dataset_snapshots_by_digest ON dataset_snapshots (digest);

CREATE TABLE plans (
  id TEXT PRIMARY KEY,
  snapshot TEXT NOT NULL REFERENCES snapshots (digest) ON DELETE RESTRICT,
  created_at_us INTEGER NOT NULL,
  canonical_form BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX plans_by_time ON plans (created_at_us, id);
CREATE INDEX plans_by_snapshot ON plans (snapshot, created_at_us, id);
)sql";

// Version 2: what became of a plan (how many posts each split got, notes) is found out once, as a plan over a query
// reads the snapshot for that. NULL for plans of before, which are all opened from their record alone.
constexpr char kVersion2[] = R"sql(
ALTER TABLE plans ADD COLUMN outcome BLOB;
)sql";

// Version 3: vocabularies, whose entries are opaque here. Their names outlive their versions, so that no version is
// given twice. The snapshot that one was made from is told and not referred to: a vocabulary stands by itself.
constexpr char kVersion3[] = R"sql(
CREATE TABLE vocabulary_names (
  name TEXT PRIMARY KEY,
  last_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE vocabularies (
  row INTEGER PRIMARY KEY,
  name TEXT NOT NULL REFERENCES vocabulary_names (name),
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  label_count INTEGER NOT NULL,
  snapshot TEXT NOT NULL,          -- empty: a file
  created_at_us INTEGER NOT NULL,
  entries BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX vocabularies_by_name ON vocabularies (name, version DESC);
CREATE INDEX vocabularies_by_digest ON vocabularies (digest, row);
)sql";

// Version 4: what boards tell apart from posts, and two more numbers of posts. tag_facts is keyed by name, as boards
// give a name to one tag; its tag_id is what the list says, while the id that posts use is in tags: a tag that posts
// brought by name before the list came keeps its id. pool_posts leads from posts to the pools that list them.
constexpr char kVersion4[] = R"sql(
ALTER TABLE posts ADD COLUMN favorite_count INTEGER;
ALTER TABLE posts ADD COLUMN duration_us INTEGER;

CREATE TABLE tag_facts (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  name TEXT NOT NULL,
  tag_id INTEGER NOT NULL,         -- 0: the source gave none
  category INTEGER NOT NULL,
  is_deprecated INTEGER NOT NULL,
  source_post_count INTEGER,
  PRIMARY KEY (dataset_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_facts_deprecated ON tag_facts (dataset_id, name) WHERE is_deprecated = 1;

CREATE TABLE tag_relations (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  kind INTEGER NOT NULL,           -- TagRelationKind
  antecedent TEXT NOT NULL,
  consequent TEXT NOT NULL,
  status TEXT NOT NULL,
  extra_json TEXT NOT NULL,
  PRIMARY KEY (dataset_id, kind, antecedent, consequent)
) STRICT, WITHOUT ROWID;

CREATE TABLE pools (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  pool_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  is_deleted INTEGER NOT NULL,
  post_ids BLOB NOT NULL,
  extra_json TEXT NOT NULL,
  PRIMARY KEY (dataset_id, pool_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pool_posts (
  dataset_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  pool_id INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, post_id, pool_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE artists (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  artist_id INTEGER NOT NULL,      -- 0: the source gave none
  name TEXT NOT NULL,
  other_names BLOB NOT NULL,
  extra_json TEXT NOT NULL,
  PRIMARY KEY (dataset_id, artist_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX artists_by_name ON artists (dataset_id, name, artist_id);
)sql";

// Version 8: what a list says of a tag that there is no column for. Beside the rest of the tag rather than apart: lists
// are written in the order of names, so that a wider row costs pages and no search. SQLite adds the column by noting
// it, whatever the tables hold.
constexpr char kVersion8[] = R"sql(
ALTER TABLE tag_facts ADD COLUMN extra_json TEXT NOT NULL DEFAULT '';
)sql";

// Version 9: what an import's lists brought (import_listed.h) has a column of its own. Until then it stood where a
// failed import has the details of its error, which a committed one has none of.
constexpr char kVersion9[] = R"sql(
ALTER TABLE imports ADD COLUMN listed_counts BLOB;  -- NULL: no lists
UPDATE imports SET listed_counts = nullif(error_metadata, x''), error_metadata = NULL WHERE state = 2;
)sql";

// Step i leads from version i to version i + 1. A step that was released never changes.
constexpr const char* kSteps[] = {kVersion1,         kVersion2,      kVersion3, kVersion4, kSourcesSchema,
                                  kTagLookupsSchema, kChangesSchema, kVersion8, kVersion9};

// Between 4, 8 and 16 KiB staging and scanning differ by less than the noise (catalog_bench_test.cc); larger pages
// halve the overflow of posts with long texts, smaller ones make small writes cheaper. The middle.
constexpr char kPageSize[] = "PRAGMA page_size=8192";

// What SQLite's own header says about the file, before anything is written to it.
absl::Status CheckIsOurs(Database& database, std::string_view path) {
  MILLRACE_ASSIGN_OR_RETURN(const int64_t application_id, database.QueryInt64("PRAGMA application_id"));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt64("PRAGMA user_version"));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t object_count, database.QueryInt64("SELECT count(*) FROM sqlite_schema"));
  const bool is_new = application_id == 0 && version == 0 && object_count == 0;
  if (!is_new && application_id != kCatalogApplicationId) {
    return MakeError(
        Reason::kCatalogDamaged,
        absl::StrCat(std::string(path), " is a SQLite database of another program. Name another data folder."));
  }
  if (version > CatalogSchemaVersion()) {
    return MakeError(Reason::kSchemaTooNew,
                     absl::StrCat(std::string(path), " has schema version ", version,
                                  ", this program knows versions up to ", CatalogSchemaVersion(),
                                  ". Start the newer version of Millrace that wrote it, or name another data folder."));
  }
  return absl::OkStatus();
}

}  // namespace

int64_t CatalogSchemaVersion() { return static_cast<int64_t>(std::size(kSteps)); }

absl::Status MigrateCatalog(Database& database, std::string_view path) {
  MILLRACE_RETURN_IF_ERROR(CheckIsOurs(database, path));
  MILLRACE_RETURN_IF_ERROR(database.Execute(kPageSize));
  MILLRACE_RETURN_IF_ERROR(database.Execute("PRAGMA journal_mode=WAL"));
  MILLRACE_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(database));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt64("PRAGMA user_version"));
  if (version == CatalogSchemaVersion()) return absl::OkStatus();
  for (size_t step = static_cast<size_t>(version); step < std::size(kSteps); ++step) {
    MILLRACE_RETURN_IF_ERROR(database.Execute(kSteps[step]));
  }
  MILLRACE_RETURN_IF_ERROR(database.Execute(
      absl::StrCat("PRAGMA application_id=", kCatalogApplicationId, "; PRAGMA user_version=", CatalogSchemaVersion())));
  return transaction.Commit();
}

}  // namespace millrace
