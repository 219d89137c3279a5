// millrace plan create.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/command.h"
#include "clients/cli/scope.h"
#include "clients/cli/tag_reading_flag.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace::cli {

// From flags, or from a file with the whole specification.
class CreatePlanCommand : public Command {
 public:
  explicit CreatePlanCommand(CLI::App* app);

  Outcome Run(Session& session) override;

 private:
  void AddSplitFlags();
  void AddDrawFlags();

  Outcome FillFromFlags(v1::PlanSpec* spec) const;
  Outcome FillSplits(v1::PlanSpec* spec) const;
  void FillStrategy(v1::PlanSpec* spec) const;
  Outcome FillWeights(v1::PlanSpec* spec) const;
  Outcome FillMix(v1::PlanSpec* spec) const;
  Outcome FillFromFile(v1::PlanSpec* spec) const;

  Scope scope_;
  std::string spec_file_;
  std::optional<int64_t> batch_size_;
  std::optional<uint64_t> seed_;
  std::string query_;
  std::string strategy_;
  std::string unit_;
  std::optional<int64_t> modulus_;
  std::string stratify_;
  std::string coverage_;
  std::string batch_rows_;
  std::vector<std::string> splits_;
  std::vector<std::string> weights_;
  std::optional<int64_t> weight_otherwise_;
  bool weights_by_tag_frequency_ = false;
  std::string weight_category_;
  std::optional<int32_t> weight_power_;
  std::optional<int32_t> weight_cap_;
  bool replacement_ = false;
  std::vector<std::string> mix_;
  std::optional<int64_t> epoch_samples_;
  std::string last_ = "keep";
  TagReadingFlag tags_;
};

}  // namespace millrace::cli
