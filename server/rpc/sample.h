// CatalogService.SamplePosts: distinct posts, uniformly, at a cost that depends on how many are drawn only.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "millrace/v1/catalog_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// The rows of a sample from [first_row, first_row + row_count): the first `size` elements of the permutation that
// (seed, range) chooses. Requires 1 <= size <= row_count.
absl::StatusOr<std::vector<int64_t>> SampleRows(uint64_t seed, int64_t first_row, int64_t row_count, int64_t size);

absl::Status SamplePosts(const ServiceDeps& deps, const v1::SamplePostsRequest& request,
                         v1::SamplePostsResponse* response);

}  // namespace millrace
