// The query language against hostile text: nothing crashes, a refusal is kQueryInvalid, a query's canonical form is a
// fixed point and means the same, and every tree node's text selects what the node does.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/query/bound_query.h"
#include "core/query/evaluator.h"
#include "core/query/query.h"
#include "core/query/row_order.h"
#include "core/snapshot/writer.h"

namespace millrace {
namespace {

void Require(bool holds, const char* what, std::string_view text) {
  if (holds) return;
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

// A few posts with something in every column that queries read.
std::unique_ptr<Snapshot> MakeSnapshot() {
  std::string folder = (std::filesystem::temp_directory_path() / "millrace-fuzz.XXXXXX").string();
  Require(mkdtemp(folder.data()) != nullptr, "no folder", folder);
  const char* const kNames[] = {"a", "b", "blue_sky", "blue_sea", "fate_(series)", ":d", "-x", "md5:a", "a*b", "\\m/"};
  std::vector<Tag> tags;
  for (const char* const name : kNames) {
    tags.push_back({static_cast<int64_t>(tags.size()) + 1, name, static_cast<TagCategory>(tags.size()), 0});
  }
  const auto writer = SnapshotWriter::Create(folder, tags);
  for (int64_t id = 1; id <= 40; ++id) {
    Post post;
    post.id = id;
    post.md5.emplace()[0] = static_cast<uint8_t>(id);
    post.rating = static_cast<Rating>(id % kRatingCount);
    post.score = static_cast<int32_t>(id % 7) - 3;
    post.width_px = static_cast<int32_t>(100 * id);
    if (id % 3 != 0) post.height_px = 1000;
    post.file_ext = id % 2 == 0 ? "jpg" : "png";
    post.file_size_bytes = id << 15;
    if (id % 4 != 0) post.source = "https://example.org/" + std::to_string(id);
    if (id > 10) post.parent_id = id / 2;
    post.created_at_us = id * 86'400'000'000;
    post.flags.Set(PostFlag::kDeleted, id % 5 == 0);
    if (id % 6 == 0) post.pools = {{id, "series"}};
    for (int64_t tag = 1; tag <= 10; ++tag) {
      if (id % (tag + 1) == 0 || tag == id) post.tag_ids.push_back(tag);
    }
    Require((*writer)->Add(post).ok(), "no post", folder);
  }
  const auto written = (*writer)->Finish();
  auto snapshot = Snapshot::Open(written->path, written->digest);
  Require(snapshot.ok() && (*snapshot)->GetPostings().ok(), "no snapshot", folder);
  std::filesystem::remove_all(folder);  // what is mapped stays
  return *std::move(snapshot);
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const std::unique_ptr<Snapshot> snapshot = MakeSnapshot();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SearchTerms search;
  const auto query = Query::ParseSearch(text, &search);
  if (!query.ok()) {
    Require(ReasonOf(query.status()) == Reason::kQueryInvalid, "refused for another reason", text);
    return 0;
  }
  RowOrder::Of(search).IgnoreError();
  const auto canonical = Query::Parse(query->text());
  Require(canonical.ok() && canonical->text() == query->text(), "the canonical form is no fixed point", text);
  const auto bound = BoundQuery::Bind(*query, *snapshot, TagReading::kAsSaid);
  if (!bound.ok()) {
    Require(ReasonOf(bound.status()) == Reason::kQueryInvalid, "not bound for another reason", text);
    return 0;
  }
  const RowSet rows = *SelectRows(*bound, *snapshot);
  const auto means_the_same = [&](const std::string& other) {
    const auto parsed = Query::Parse(other);
    if (!parsed.ok()) return other.size() > kQuerySizeBytesMax;
    const auto other_bound = BoundQuery::Bind(*parsed, *snapshot, TagReading::kAsSaid);
    return other_bound.ok() && SelectRows(*other_bound, *snapshot)->ToVector() == rows.ToVector();
  };
  Require(means_the_same(query->text()), "the canonical form means something else", text);
  if (query->terms().empty()) return 0;
  // Patterns with a ')' may have no place in a group.
  const bool has_odd_pattern = std::any_of(query->terms().begin(), query->terms().end(), [](const QueryTerm& term) {
    return term.kind == QueryTerm::Kind::kTagPattern && term.word.find(')') != std::string::npos;
  });
  if (!has_odd_pattern) {
    Require(means_the_same(query->TextOf(query->root())), "the tree's text means something else", text);
  }
  for (int64_t row = 0; row < 3; ++row) {
    Require(*Matches(*bound, *snapshot, row) == rows.Contains(static_cast<uint32_t>(row)), "one row differs", text);
  }
  return 0;
}
