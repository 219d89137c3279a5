#include "clients/cli/import_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/format.h"
#include "clients/cli/table.h"

namespace millrace::cli {

ProgressView ImportProgressView(const v1::ImportProgress& progress, std::optional<int64_t> total_byte_count,
                                absl::Duration elapsed) {
  ProgressView view;
  std::string bytes = HumanBytes(progress.byte_count());
  std::optional<absl::Duration> left;
  switch (progress.stage()) {
    case v1::IMPORT_STAGE_COMMITTING:
      view.label = "committing";
      break;
    case v1::IMPORT_STAGE_COMPILING:
      view.label = "compiling the snapshot";
      break;
    default:
      view.label = "importing";
      if (!total_byte_count.has_value() || *total_byte_count == 0) break;
      absl::StrAppend(&bytes, " of ", HumanBytes(*total_byte_count));
      view.fraction = static_cast<double>(progress.byte_count()) / static_cast<double>(*total_byte_count);
      left = EstimateRemaining(*view.fraction, elapsed);
  }
  if (progress.post_count() > 0 || progress.fact_count() == 0) {
    view.facts = {absl::StrCat(WithThousands(progress.post_count()), " posts"), HumanRate(progress.posts_per_second())};
  }
  if (progress.fact_count() > 0) {
    view.facts.push_back(absl::StrCat(WithThousands(progress.fact_count()), " of lists"));
  }
  view.facts.push_back(bytes);
  if (progress.rejected_count() > 0) {
    view.facts.push_back(absl::StrCat(WithThousands(progress.rejected_count()), " rejected"));
  }
  if (left.has_value()) view.facts.push_back(absl::StrCat(HumanDuration(*left), " left"));
  return view;
}

void PrintSkipped(const InputFiles& input, std::ostream& err) {
  constexpr size_t kShownMax = 3, kDataShownMax = 20;
  const auto more = [](size_t count) { return absl::StrCat(WithThousands(static_cast<int64_t>(count)), " more"); };
  for (size_t i = 0; i < std::min(input.skipped_data.size(), kDataShownMax); ++i) {
    err << "skipped " << Printable(input.skipped_data[i].path) << ": " << input.skipped_data[i].reason << std::endl;
  }
  if (input.skipped_data.size() > kDataShownMax) {
    err << "skipped " << more(input.skipped_data.size() - kDataShownMax) << " that begin like data" << std::endl;
  }
  const std::vector<std::string>& paths = input.skipped;
  if (paths.empty()) return;
  std::string shown;
  for (size_t i = 0; i < std::min(paths.size(), kShownMax); ++i) {
    absl::StrAppend(&shown, i == 0 ? "" : ", ", Printable(paths[i]));
  }
  if (paths.size() > kShownMax) absl::StrAppend(&shown, " and ", more(paths.size() - kShownMax));
  err << "skipped " << shown << ": not data of the format" << std::endl;
}

std::string RejectedText(const v1::RejectedRecord& rejected) {
  std::string text = rejected.file();
  if (rejected.line() > 0) absl::StrAppend(&text, ":", rejected.line());
  if (!rejected.field().empty()) absl::StrAppend(&text, ": ", rejected.field());
  absl::StrAppend(&text, ": ", rejected.reason());
  if (rejected.has_post_id()) absl::StrAppend(&text, " (post ", rejected.post_id(), ")");
  return Printable(text);
}

namespace {

int64_t SumOf(const v1::ListedCounts& counts) {
  return counts.new_count() + counts.updated_count() + counts.unchanged_count();
}

// "12 new, 1,000 unchanged, 2 told in two ways"
std::string ListedText(const v1::ListedCounts& counts) {
  std::string text;
  for (const auto& [count, word] :
       {std::pair(counts.new_count(), "new"), std::pair(counts.updated_count(), "updated"),
        std::pair(counts.unchanged_count(), "unchanged"), std::pair(counts.conflict_count(), "told in two ways")}) {
    if (count > 0) absl::StrAppend(&text, text.empty() ? "" : ", ", WithThousands(count), " ", word);
  }
  return text;
}

}  // namespace

int64_t ListedCount(const v1::ImportResult& result) {
  return SumOf(result.listed_tags()) + SumOf(result.listed_aliases()) + SumOf(result.listed_implications()) +
         SumOf(result.listed_pools()) + SumOf(result.listed_artists());
}

void PrintImportResult(const v1::ImportResult& result, const std::string& request_id, absl::Duration elapsed, bool full,
                       const Terminal& terminal, std::ostream& out) {
  const int64_t post_count = result.new_post_count() + result.replaced_post_count();
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"dataset", result.dataset()},
      {"format", SourceFormatText(result.format())},
  };
  const bool has_posts = post_count > 0 || ListedCount(result) == 0;
  if (has_posts) {
    pairs.emplace_back("new posts", WithThousands(result.new_post_count()));
    pairs.emplace_back("replaced posts", WithThousands(result.replaced_post_count()));
  }
  if (result.aliased_post_count() > 0) {
    pairs.emplace_back("aliased posts", WithThousands(result.aliased_post_count()));
  }
  const auto add_listed = [&](const char* name, const v1::ListedCounts& counts) {
    if (SumOf(counts) > 0) pairs.emplace_back(name, ListedText(counts));
  };
  add_listed("tags", result.listed_tags());
  add_listed("aliases", result.listed_aliases());
  add_listed("implications", result.listed_implications());
  add_listed("pools", result.listed_pools());
  add_listed("artists", result.listed_artists());
  if (result.superseded_relation_count() > 0) {
    pairs.emplace_back("superseded",
                       absl::StrCat(WithThousands(result.superseded_relation_count()),
                                    result.superseded_relation_count() == 1 ? " earlier alias" : " earlier aliases"));
  }
  pairs.emplace_back("rejected", WithThousands(result.rejected_count()));
  if (has_posts) pairs.emplace_back("duplicate tags", WithThousands(result.duplicate_tag_count()));
  pairs.emplace_back("changed tags", WithThousands(result.changed_tag_count()));
  pairs.emplace_back("received", HumanBytes(result.byte_count()));
  if (!result.already_imported()) {
    const double rate = static_cast<double>(post_count) / absl::ToDoubleSeconds(elapsed);
    pairs.emplace_back(
        "time", has_posts ? absl::StrCat(HumanDuration(elapsed), ", ", HumanRate(rate)) : HumanDuration(elapsed));
  }
  pairs.emplace_back("committed", HumanTime(result.committed_at()));
  if (result.has_snapshot()) pairs.emplace_back("snapshot", ShortDigest(result.snapshot(), full));
  pairs.emplace_back("import id", result.import_id());
  pairs.emplace_back("request id", request_id);
  PrintPairs(pairs, terminal, out);
  if (result.already_imported()) {
    out << "\nThis request id was imported before: nothing was done, this is its first result.\n";
  }
}

}  // namespace millrace::cli
