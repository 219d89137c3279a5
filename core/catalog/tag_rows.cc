#include "core/catalog/tag_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace millrace {
namespace {

// Statements select tag_id, name, category, post_count.
Tag TagOf(Statement& statement) {
  Tag tag;
  tag.id = statement.Int64(0);
  tag.name = std::string(statement.Text(1));
  tag.category = TagCategoryOf(statement.Int64(2));
  tag.post_count = statement.Int64(3);
  return tag;
}

absl::StatusOr<std::vector<Tag>> ReadTags(Statement& statement) {
  std::vector<Tag> tags;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return tags;
    tags.push_back(TagOf(statement));
  }
}

// The order in which namesakes are given.
bool HasMorePosts(const Tag& a, const Tag& b) {
  return a.post_count != b.post_count ? a.post_count > b.post_count : a.id < b.id;
}

// Fills one page from one or more runs of rows that are in the listing's order.
class PageFiller {
 public:
  PageFiller(const TagQuery& query, int64_t scan_max) : query_(query), scan_left_(scan_max) {}

  // Takes rows until the page is complete, or the run is over.
  absl::Status TakeFrom(Statement& statement) {
    while (!is_complete_) {
      MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
      if (!has_row) return absl::OkStatus();
      if (IsBehindLast(statement)) {
        is_complete_ = true;
        return absl::OkStatus();
      }
      if (static_cast<int64_t>(page_.tags.size()) == query_.limit || scan_left_ == 0) {
        // There is at least one more tag to look at, so the cursor that was set with the last one stands.
        page_.next = seen_;
        is_complete_ = true;
        return absl::OkStatus();
      }
      --scan_left_;
      Look(statement);
    }
    return absl::OkStatus();
  }

  TagPage Finish() { return std::move(page_); }

 private:
  bool HasPrefix(Statement& statement) const {
    return statement.Text(1).substr(0, query_.prefix.size()) == query_.prefix;
  }

  // Whether neither this row nor any behind it can belong to the listing.
  bool IsBehindLast(Statement& statement) const {
    return query_.order == TagQuery::Order::kName ? !HasPrefix(statement) : statement.Int64(3) < query_.min_post_count;
  }

  void Look(Statement& statement) {
    seen_ = TagCursor{};
    seen_->id = statement.Int64(0);
    if (query_.order == TagQuery::Order::kName) {
      seen_->name = std::string(statement.Text(1));
    } else {
      seen_->post_count = statement.Int64(3);
    }
    if (query_.category.has_value() && static_cast<int64_t>(*query_.category) != statement.Int64(2)) return;
    if (statement.Int64(3) < query_.min_post_count || !HasPrefix(statement)) return;
    page_.tags.push_back(TagOf(statement));
  }

  const TagQuery& query_;
  int64_t scan_left_;
  bool is_complete_ = false;
  std::optional<TagCursor> seen_;
  TagPage page_;
};

absl::Status FillByName(Database& database, int64_t dataset_id, const TagQuery& query, PageFiller* filler) {
  // The prefix is an end as well as a start: the filler stops at the first name without it.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(query.after.has_value()
                                 ? "SELECT tag_id, name, category, post_count FROM tags INDEXED BY tags_by_name "
                                   "WHERE dataset_id = ?1 AND (name, tag_id) > (?2, ?3) ORDER BY name, tag_id"
                                 : "SELECT tag_id, name, category, post_count FROM tags INDEXED BY tags_by_name "
                                   "WHERE dataset_id = ?1 AND name >= ?2 ORDER BY name, tag_id"));
  statement.Bind(1, dataset_id);
  if (query.after.has_value()) {
    statement.Bind(2, query.after->name);
    statement.Bind(3, query.after->id);
  } else {
    statement.Bind(2, query.prefix);
  }
  return filler->TakeFrom(statement);
}

absl::Status FillByCount(Database& database, int64_t dataset_id, const TagQuery& query, PageFiller* filler) {
  int64_t below = INT64_MAX;
  if (query.after.has_value()) {
    // First the rest of the tags that have as many posts as the cursor's: half of all tags have just one, so
    // going through them from the start for every page would cost the square of their number.
    MILLRACE_ASSIGN_OR_RETURN(
        Statement rest,
        database.PrepareCached("SELECT tag_id, name, category, post_count FROM tags INDEXED BY tags_by_count "
                               "WHERE dataset_id = ?1 AND post_count = ?2 AND tag_id > ?3 ORDER BY tag_id"));
    rest.Bind(1, dataset_id);
    rest.Bind(2, query.after->post_count);
    rest.Bind(3, query.after->id);
    MILLRACE_RETURN_IF_ERROR(filler->TakeFrom(rest));
    below = query.after->post_count;
  }
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT tag_id, name, category, post_count FROM tags INDEXED BY tags_by_count "
                             "WHERE dataset_id = ?1 AND post_count < ?2 ORDER BY post_count DESC, tag_id"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, below);
  return filler->TakeFrom(statement);
}

}  // namespace

TagCategory TagCategoryOf(int64_t stored) {
  // The category indexes arrays of counts; a damaged one must not lead outside of them.
  return stored > 0 && stored < kTagCategoryCount ? static_cast<TagCategory>(stored) : TagCategory::kUnspecified;
}

absl::StatusOr<std::optional<Tag>> ReadTag(Database& database, int64_t dataset_id, int64_t tag_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(
          "SELECT tag_id, name, category, post_count FROM tags WHERE dataset_id = ?1 AND tag_id = ?2"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, tag_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return TagOf(statement);
}

absl::StatusOr<std::vector<Tag>> ReadTagsByName(Database& database, int64_t dataset_id, std::string_view name,
                                                int64_t limit) {
  // Without an order: left to itself, SQLite would take the index by count for its sake, and read every tag of the
  // dataset; and it would make a table of its own to sort what is nearly always one tag.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT tag_id, name, category, post_count FROM tags INDEXED BY tags_by_name "
                             "WHERE dataset_id = ?1 AND name = ?2"));
  statement.Bind(1, dataset_id);
  statement.BindBorrowed(2, name);
  std::vector<Tag> first;  // of those read so far, in the order asked for
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return first;
    Tag tag = TagOf(statement);
    const auto behind = std::upper_bound(first.begin(), first.end(), tag, HasMorePosts);
    first.insert(behind, std::move(tag));
    if (static_cast<int64_t>(first.size()) > limit) first.pop_back();
  }
}

absl::StatusOr<bool> HasTags(Database& database, int64_t dataset_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached("SELECT EXISTS (SELECT 1 FROM tags WHERE dataset_id = ?1)"));
  statement.Bind(1, dataset_id);
  MILLRACE_RETURN_IF_ERROR(statement.Step().status());
  return statement.Int64(0) != 0;
}

absl::StatusOr<std::vector<Tag>> ReadAllTags(Database& database, int64_t dataset_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(
          "SELECT tag_id, name, category, post_count FROM tags WHERE dataset_id = ?1 ORDER BY tag_id"));
  statement.Bind(1, dataset_id);
  return ReadTags(statement);
}

absl::StatusOr<TagPage> ReadTagPage(Database& database, int64_t dataset_id, const TagQuery& query, int64_t scan_max) {
  PageFiller filler(query, scan_max);
  const auto fill = query.order == TagQuery::Order::kName ? FillByName : FillByCount;
  MILLRACE_RETURN_IF_ERROR(fill(database, dataset_id, query, &filler));
  return filler.Finish();
}

}  // namespace millrace
