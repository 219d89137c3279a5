// The posts of a danbooru2023 file, with their tags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/danbooru2023_schema.h"
#include "core/ingest/reader.h"
#include "core/ingest/record.h"
#include "core/ingest/sqlite_tags.h"

namespace millrace {

// Not thread-safe.
class Danbooru2023Posts {
 public:
  // All are borrowed.
  Danbooru2023Posts(Database* database, const Danbooru2023Schema* schema, RecordSink* sink);

  // Hands every tag and every post to the sink, or rejects it. Kinds of fault of the file are kFileInvalid, without its
  // name.
  absl::Status ReadAll();

 private:
  // What a column of Post is.
  struct Column {
    enum class Kind { kField, kFlag, kRating, kCreatedAt, kExtra };
    std::string name;
    Kind kind = Kind::kExtra;
    PostField field = PostField::kId;  // kField, kFlag
  };
  static Column ToColumn(const std::string& name);

  absl::Status ReadPosts();
  absl::Status ReadPost(Statement& row);
  // What is wrong with the value of `column`, which stands at `index` of the row.
  std::optional<std::string> SetColumn(const Column& column, Statement& row, int index);
  // Goes on in LocalPost until behind the rows of the post, and keeps those as the member "local_posts".
  absl::Status ReadLocalPosts(RejectedRecord* rejected);
  absl::Status StepLocalPosts();
  // Appends the row as an object; what is wrong with it, otherwise.
  std::optional<std::string> AppendLocalPost(std::string* json);

  Database* const database_;
  const Danbooru2023Schema* const schema_;
  RecordSink* const sink_;
  std::vector<Column> columns_;
  const SqliteTagTables tag_tables_;
  SqliteTags post_tags_;
  std::optional<Statement> local_posts_;
  bool has_local_post_ = false;  // local_posts_ stands at a row
  Post post_;
  TagCollector tags_;
  JsonMembers extra_;
};

}  // namespace millrace
