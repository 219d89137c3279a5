// What `batch` and `stream` have in common: whose slice of which split, and what of its posts.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "millrace/v1/loader_service.pb.h"

namespace millrace::cli {

class BatchOptions {
 public:
  // Adds the flags, bound to this, so it must not move afterwards.
  void AddTo(CLI::App& app);

  // Whether columns were asked for, not rows.
  bool columns() const { return columns_; }

  // Fills the fields that GetBatchRequest and StreamBatchesRequest share.
  template <typename Request>
  void Fill(Request& request) const {
    request.set_plan_id(plan_id_);
    request.set_split(split_);
    request.set_rank(rank_);
    request.set_world_size(world_size_);
    if (columns_ || !fields_.empty()) {
      *request.mutable_projection() = MakeProjection();
    } else {
      request.set_view(ids_only_ ? v1::BATCH_VIEW_IDENTITIES : v1::BATCH_VIEW_POSTS);
    }
  }

 private:
  v1::Projection MakeProjection() const;

  std::string plan_id_;
  std::string split_;
  int32_t rank_ = 0;
  int32_t world_size_ = 1;
  bool ids_only_ = false;
  bool columns_ = false;
  std::string fields_;
  std::string vocabulary_;
  std::string label_encoding_ = "csr";
  bool rating_one_hot_ = false;
};

}  // namespace millrace::cli
