#include "core/ingest/relation_kind.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace millrace {

std::optional<TagRelationKind> TellRelationKind(std::string_view file_name) {
  while (!file_name.empty()) {
    const size_t slash = file_name.find_last_of("/\\");
    const std::string_view part = slash == std::string_view::npos ? file_name : file_name.substr(slash + 1);
    const std::string name = absl::AsciiStrToLower(absl::string_view(part.data(), part.size()));
    const bool is_alias = absl::StrContains(name, "alias"), is_implication = absl::StrContains(name, "implication");
    if (is_alias != is_implication) return is_alias ? TagRelationKind::kAlias : TagRelationKind::kImplication;
    if (is_alias || slash == std::string_view::npos) return std::nullopt;
    file_name = file_name.substr(0, slash);
  }
  return std::nullopt;
}

}  // namespace millrace
