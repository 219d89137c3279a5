// millrace vocabulary create.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clients/cli/command.h"
#include "clients/cli/scope.h"
#include "clients/cli/tag_reading_flag.h"

namespace millrace::cli {

class CreateVocabularyCommand : public Command {
 public:
  explicit CreateVocabularyCommand(CLI::App* app);

  Outcome Run(Session& session) override;

 private:
  Outcome FillSelection(Session& session, v1::VocabularySelection* selection);

  std::string name_;
  Scope scope_;
  TagReadingFlag tags_;
  std::string csv_file_;
  int64_t top_ = 0;
  int64_t min_post_count_ = 0;
  std::vector<std::string> categories_;
  std::vector<std::string> include_;
  std::vector<std::string> include_files_;
  std::vector<std::string> exclude_;
  std::vector<std::string> exclude_files_;
};

// "name@version", digest and the rest, a line each.
void PrintVocabulary(const v1::Vocabulary& vocabulary, bool full, const Terminal& terminal, std::ostream& out);

}  // namespace millrace::cli
