#include "server/rpc/sample.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/digest.h"
#include "core/plan/permutation.h"
#include "server/rpc/answer_size.h"
#include "server/rpc/convert.h"
#include "server/rpc/query_scope.h"

namespace millrace {
namespace {

constexpr int32_t kSampleSizeMax = 1000;
constexpr char kKeyDomain[] = "millrace.v1.sample";

struct RowRange {
  int64_t first = 0;
  int64_t count = 0;
};

void HashUint64(uint64_t value, Sha256* hash) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(value >> (8 * i));
  hash->Update(bytes, sizeof(bytes));
}

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

absl::Status CheckRange(const std::string& field, const v1::Int64Range& range) {
  if (range.end() > range.start()) return absl::OkStatus();
  return FieldError(absl::StrCat(field, ".end"), absl::StrCat("must be greater than start, but ", range.end(),
                                                              " is not greater than ", range.start()));
}

// The rows that the request draws from; those beyond the snapshot hold no posts.
absl::StatusOr<RowRange> ResolveRange(const Snapshot& snapshot, const v1::SamplePostsRequest& request) {
  int64_t first = 0;
  int64_t end = snapshot.post_count();
  if (request.has_ids()) {
    MILLRACE_RETURN_IF_ERROR(CheckRange("ids", request.ids()));
    MILLRACE_ASSIGN_OR_RETURN(first, snapshot.LowerBoundRow(request.ids().start()));
    MILLRACE_ASSIGN_OR_RETURN(end, snapshot.LowerBoundRow(request.ids().end()));
  } else if (request.has_rows()) {
    MILLRACE_RETURN_IF_ERROR(CheckRange("rows", request.rows()));
    if (request.rows().start() < 0) return FieldError("rows.start", "must not be negative; rows count from 0");
    first = std::min(request.rows().start(), end);
    end = std::min(request.rows().end(), end);
  }
  return RowRange{first, end - first};
}

absl::Status SampleTooLarge(int32_t size, int64_t range_post_count) {
  return MakeError(Reason::kSampleTooLarge,
                   absl::StrCat("the range holds ", range_post_count, " posts, fewer than the ", size, " asked for"),
                   {{"range_post_count", absl::StrCat(range_post_count)}});
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> SampleRows(uint64_t seed, int64_t first_row, int64_t row_count, int64_t size) {
  Sha256 hash;
  hash.Update(kKeyDomain, sizeof(kKeyDomain) - 1);
  HashUint64(seed, &hash);
  HashUint64(static_cast<uint64_t>(first_row), &hash);
  HashUint64(static_cast<uint64_t>(row_count), &hash);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation permutation, Permutation::Create(row_count, hash.Finish()));
  std::vector<int64_t> rows(static_cast<size_t>(size));
  permutation.Fill(0, absl::MakeSpan(rows));
  for (int64_t& row : rows) row += first_row;
  return rows;
}

absl::Status SamplePosts(const ServiceDeps& deps, const v1::SamplePostsRequest& request,
                         v1::SamplePostsResponse* response) {
  if (request.size() < 1 || request.size() > kSampleSizeMax) {
    return FieldError("size", absl::StrCat(request.size(), " is not in 1 to ", kSampleSizeMax));
  }
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenQueryScope(deps, request));
  MILLRACE_ASSIGN_OR_RETURN(const RowRange range, ResolveRange(*snapshot, request));
  if (request.size() > range.count) return SampleTooLarge(request.size(), range.count);
  const uint64_t seed = request.has_seed() ? request.seed() : RandomSeed();
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<int64_t> rows,
                            SampleRows(seed, range.first, range.count, request.size()));
  SnapshotPostReader reader(*snapshot, *deps.location);
  const AnswerSize limit(deps, "size", "draw fewer posts at a time");
  size_t size_bytes = 0;
  for (const int64_t row : rows) {
    v1::Post* const message = response->add_posts();
    MILLRACE_RETURN_IF_ERROR(reader.Read(row, message));
    size_bytes += SizeInAnswer(*message);
    MILLRACE_RETURN_IF_ERROR(limit.Check(size_bytes));
  }
  response->set_seed(seed);
  response->set_snapshot(snapshot->digest());
  response->set_range_post_count(range.count);
  return limit.Check(response->ByteSizeLong());
}

}  // namespace millrace
