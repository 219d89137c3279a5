// millrace source create and update: the settings that both take.
#pragma once

#include <cstdint>
#include <string>

#include "clients/cli/command.h"

namespace millrace::cli {

// Flags that say how a source is refreshed. Must not move: the flags are bound to its members.
class SourceFlags {
 public:
  void AddTo(CLI::App& app);

  // Fills CreateSourceRequest or UpdateSourceRequest with what was named. A usage or local error.
  template <typename Request>
  Outcome Fill(Request& request) const;

 private:
  Outcome ReadInterval(int64_t* interval_seconds) const;
  Outcome ReadKey(std::string* key) const;
  bool IsNamed(const char* flag) const { return app_->count(flag) > 0; }

  CLI::App* app_ = nullptr;
  std::string query_;
  int32_t page_size_ = 0;
  std::string interval_;
  bool snapshot_ = false;
  bool mark_missing_ = false;
  bool with_relations_ = false;
  bool follow_changes_ = false;
  std::string login_;
  std::string key_file_;
  int64_t position_ = 0;
};

class CreateSourceCommand : public Command {
 public:
  explicit CreateSourceCommand(CLI::App* app);
  Outcome Run(Session& session) override;

 private:
  std::string name_;
  std::string dataset_;
  std::string kind_;
  std::string address_;
  SourceFlags flags_;
};

class UpdateSourceCommand : public Command {
 public:
  explicit UpdateSourceCommand(CLI::App* app);
  Outcome Run(Session& session) override;

 private:
  std::string name_;
  std::string address_;
  SourceFlags flags_;
};

// A source, a line a setting.
void PrintSource(const v1::Source& source, const Terminal& terminal, std::ostream& out);

}  // namespace millrace::cli
