// Question: how long does a query take on a snapshot of millions of posts, and opening and making its postings?
//
// Opens the snapshot file itself, without a server. Every count is compared with that of a walk over all posts that
// uses neither the postings nor the evaluator. Prints medians of 9 runs, warm.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/model/tag_query.h"
#include "core/query/evaluator.h"
#include "core/query/tag_names.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/postings.h"
#include "core/snapshot/postings_builder.h"
#include "core/snapshot/snapshot.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

double Milliseconds(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

template <typename T>
T Get(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

// Whether a post matches, from the post itself. Knows what the queries below use.
bool Holds(const QueryTerm& term, const Snapshot& snapshot, int64_t row, const Post& post) {
  if (term.kind != QueryTerm::Kind::kMetatag) {
    for (const uint32_t tag_index : Get(snapshot.TagIndexes(row))) {
      const TagView tag = Get(snapshot.TagAt(tag_index));
      if (term.pattern.has_value() ? term.pattern->Matches(tag.name) : tag.name == term.tag) return true;
    }
    return false;
  }
  const auto in = [&](std::optional<int64_t> value) { return value.has_value() && term.intervals[0].Contains(*value); };
  switch (term.metatag) {
    case Metatag::kRating:
      return (term.rating_mask >> static_cast<int>(post.rating) & 1) != 0;
    case Metatag::kScore:
      return in(post.score);
    case Metatag::kWidth:
      return in(post.width_px);
    case Metatag::kHeight:
      return in(post.height_px);
    case Metatag::kId:
      return in(post.id);
    case Metatag::kTagCount:
      return in(static_cast<int64_t>(Get(snapshot.TagIndexes(row)).size()));
    case Metatag::kMegapixels:
      return post.width_px.has_value() && post.height_px.has_value() && in(int64_t{*post.width_px} * *post.height_px);
    default:
      std::fprintf(stderr, "%s is not known here\n", term.word.c_str());
      std::exit(1);
  }
}

bool Holds(const Query& query, const QueryNode& node, const Snapshot& snapshot, int64_t row, const Post& post) {
  const auto holds = [&](const QueryNode& child) { return Holds(query, child, snapshot, row, post); };
  switch (node.kind) {
    case QueryNode::Kind::kTerm:
      return Holds(query.terms()[node.term], snapshot, row, post);
    case QueryNode::Kind::kNot:
      return !holds(node.children[0]);
    case QueryNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case QueryNode::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
  }
  return false;
}

void Measure(const std::string& label, const std::string& text, const Snapshot& snapshot, int64_t verify_rows) {
  const Query query = Get(Query::Parse(text));
  std::vector<double> bind_ms, run_ms;
  uint64_t count = 0;
  RowSet rows;
  for (int i = 0; i < 9; ++i) {
    Clock::time_point begin = Clock::now();
    const BoundQuery bound = Get(BoundQuery::Bind(query, snapshot, TagReading::kAsSaid));
    bind_ms.push_back(Milliseconds(begin));
    begin = Clock::now();
    rows = Get(SelectRows(bound, snapshot));
    count = rows.Count();
    run_ms.push_back(Milliseconds(begin));
  }
  // All rows up to the bound: the sum of both halves of the answer, present and absent.
  int64_t wrong_count = 0;
  Post post;
  for (int64_t row = 0; row < std::min(verify_rows, snapshot.post_count()); ++row) {
    Require(snapshot.ReadFields(row, &post));
    if (Holds(query, query.root(), snapshot, row, post) != rows.Contains(static_cast<uint32_t>(row))) ++wrong_count;
  }
  std::printf("| %s | %llu | %.3f | %.3f | %s |\n", label.c_str(), static_cast<unsigned long long>(count),
              Median(bind_ms), Median(run_ms), wrong_count == 0 ? "same" : "DIFFERENT");
  std::fflush(stdout);
  if (wrong_count != 0) std::exit(1);
}

// Names of tags near the given numbers of posts, most first.
std::vector<std::string> TagsOf(const Snapshot& snapshot) {
  TagQuery query;
  query.order = TagQuery::Order::kPostCount;
  query.limit = 1000;
  std::vector<std::string> names;
  for (const Tag& tag : Get(snapshot.ListTags(query)).tags) names.push_back(tag.name);
  return names;
}

int Main(int argc, char** argv) {
  std::string path, postings_folder;
  int64_t verify_rows = 200'000;
  CLI::App app("Times queries on a snapshot file");
  app.add_option("snapshot", path, "DIGEST.snapshot; its postings are made beside it")->required();
  app.add_option("--build", postings_folder, "also time making the postings, into this folder");
  app.add_option("--verify", verify_rows, "compare so many rows with a walk over the posts (default 200,000)");
  CLI11_PARSE(app, argc, argv);
  const std::string digest = std::filesystem::path(path).stem().string();
  if (!postings_folder.empty()) {
    const auto snapshot = Get(Snapshot::Open(path, digest));
    const Clock::time_point begin = Clock::now();
    Require(BuildPostings(*snapshot, postings_folder + "/timed.postings", {}));
    std::printf("postings of %lld posts, %lld tags, %lld tag uses: %.2f s, %.1f MB\n",
                static_cast<long long>(snapshot->post_count()), static_cast<long long>(snapshot->tag_count()),
                static_cast<long long>(snapshot->tag_use_count()), Milliseconds(begin) / 1000,
                static_cast<double>(std::filesystem::file_size(postings_folder + "/timed.postings")) / 1e6);
    std::filesystem::remove(postings_folder + "/timed.postings");
  }
  Require(Get(Snapshot::Open(path, digest))->GetPostings().status());
  Clock::time_point begin = Clock::now();
  const auto snapshot = Get(Snapshot::Open(path, digest));
  Require(snapshot->GetPostings().status());
  std::printf("open snapshot and postings: %.2f ms\n", Milliseconds(begin));

  const std::vector<std::string> tags = TagsOf(*snapshot);
  const auto t = [&](size_t place) { return tags[std::min(place, tags.size() - 1)]; };
  std::printf("| query | posts | look up (ms) | evaluate (ms) | walk over posts |\n| --- | --- | --- | --- | --- |\n");
  const auto measure = [&](const std::string& label, const std::string& text) {
    Measure(label, text, *snapshot, verify_rows);
  };
  measure("two common tags", absl::StrCat(t(0), " ", t(1)));
  measure("a common tag and a rare one", absl::StrCat(t(0), " ", t(999)));
  measure("one tag without another", absl::StrCat(t(0), " -", t(1)));
  measure("two of three tags", absl::StrCat("(", t(0), " or ", t(20), ") ", t(1)));
  measure("score:>100", "score:>100");
  measure("ten terms", absl::StrCat(t(0), " ", t(2), " -", t(5), " -", t(9), " -", t(30), " (", t(1), " or ", t(3),
                                    ") rating:g score:>0 width:>=512 mpixels:0.1.."));
  measure("ten terms, no tag first",
          "rating:g,s score:0..1000 width:512.. height:512.. -score:5 -width:700 -id:..1000 "
          "tagcount:5.. mpixels:0.2.. -height:600");
  const std::string common = t(0);
  measure("wildcard, beginning", absl::StrCat(common.substr(0, common.size() - 1), "*"));
  measure("wildcard, end", "*" + common.substr(common.size() / 2));
  measure("wildcard, middle and a tag", absl::StrCat("*", common.substr(1, 3), "* ", t(999)));
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
