// What `batch` and `stream` have in common: whose slice of which split.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "millrace/v1/loader_service.pb.h"

namespace millrace::cli {

struct BatchOptions {
  std::string plan_id;
  std::string split;
  int32_t rank = 0;
  int32_t world_size = 1;
  bool ids_only = false;

  void AddTo(CLI::App& app) {
    app.add_option("plan", plan_id, "The plan's id, or 8 or more of its first digits")->required()->type_name("PLAN");
    app.add_option("split", split, "The split's name")->required()->type_name("SPLIT");
    app.add_option("--rank", rank, "The rank to take the slice of")->capture_default_str();
    app.add_option("--world-size", world_size, "The number of ranks")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--ids-only", ids_only, "Ask only for ids and rows, not for the posts themselves");
  }

  // Fills the fields that GetBatchRequest and StreamBatchesRequest share.
  template <typename Request>
  void Fill(Request& request) const {
    request.set_plan_id(plan_id);
    request.set_split(split);
    request.set_rank(rank);
    request.set_world_size(world_size);
    request.set_view(ids_only ? v1::BATCH_VIEW_IDENTITIES : v1::BATCH_VIEW_POSTS);
  }
};

}  // namespace millrace::cli
